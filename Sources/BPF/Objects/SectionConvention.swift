import CLibBPF

/// What kind of program a section's name means where libbpf does not know the name.
///
/// libbpf 1.0 and later know a section only by its exact name, `xdp` or `kprobe/…`. Objects written for libbpf before 1.0, for iproute2 or
/// for other loaders have `xdp_prog1`, `classifier/ingress` or `socket1`; those written for newer libbpf `tcx/ingress` or `netfilter`.
struct SectionConvention: Hashable {
    /// The kind of program.
    var type: ProgramType
    /// What it is going to be attached to, of `enum bpf_attach_type`; 0 if the kind has no such thing or it does not matter.
    var attachType: UInt32

    private init(_ type: ProgramType, _ attachType: UInt32) {
        self.type = type
        self.attachType = attachType
    }

    /// The convention for a section's name; nothing if there is none.
    init?(section: String) {
        if let known = Self.younger[section] {
            self = known
            return
        }
        for (prefix, known) in Self.youngerPrefixes where section.hasPrefix(prefix) {
            self = known
            return
        }
        guard let found = Self.known(beginningOf: section) else { return nil }
        self = found
    }

    /// Sections of libbpf after 1.1, with the numbers of kernels after its headers, and those of iproute2.
    private static let younger: [String: SectionConvention] = {
        let addresses = ProgramType(rawValue: BPF_PROG_TYPE_CGROUP_SOCK_ADDR.rawValue)
        let sockets = ProgramType(rawValue: BPF_PROG_TYPE_SK_SKB.rawValue)
        return [
            "tc/ingress": SectionConvention(.schedCls, 0), "tc/egress": SectionConvention(.schedCls, 0),
            "ingress": SectionConvention(.schedCls, 0), "egress": SectionConvention(.schedCls, 0),
            "tcx/ingress": SectionConvention(.schedCls, 46), "tcx/egress": SectionConvention(.schedCls, 47),
            "netkit/primary": SectionConvention(.schedCls, 54), "netkit/peer": SectionConvention(.schedCls, 55),
            "netfilter": SectionConvention(.netfilter, 45), "sk_skb/verdict": SectionConvention(sockets, 38),
            "cgroup/connect_unix": SectionConvention(addresses, 49), "cgroup/sendmsg_unix": SectionConvention(addresses, 50),
            "cgroup/recvmsg_unix": SectionConvention(addresses, 51), "cgroup/getpeername_unix": SectionConvention(addresses, 52),
            "cgroup/getsockname_unix": SectionConvention(addresses, 53),
        ]
    }()

    /// As `younger`, and something follows.
    private static let youngerPrefixes: [(String, SectionConvention)] = [
        ("uprobe.multi/", SectionConvention(.kprobe, 48)), ("uretprobe.multi/", SectionConvention(.kprobe, 48)),
        ("kprobe.session/", SectionConvention(.kprobe, 56)), ("uprobe.session/", SectionConvention(.kprobe, 58)),
        ("netfilter/", SectionConvention(.netfilter, 45)),
        ("tcx/ingress/", SectionConvention(.schedCls, 46)), ("tcx/egress/", SectionConvention(.schedCls, 47)),
    ]

    /// The longest name libbpf knows with which a section's name begins, where what follows is no more of the word: `xdp_prog1`, `socket1`,
    /// `cgroup_skb/ingress/web`, but not `tcp_retransmit` for `tc`.
    private static func known(beginningOf section: String) -> SectionConvention? {
        let bytes = Array(section.utf8)
        for length in stride(from: bytes.count - 1, to: 1, by: -1) {
            let (last, next) = (bytes[length - 1], bytes[length])
            guard isWord(last), !isLetter(next) else { continue }
            var type = bpf_prog_type(0)
            var attachType = bpf_attach_type(0)
            let name = String(decoding: bytes[..<length], as: UTF8.self)
            // What libbpf prints about names it does not know is nobody's business.
            let (result, _) = LibbpfMessages.capturing { unsafe libbpf_prog_type_by_name(name, &type, &attachType) }
            guard result >= 0 else { continue }
            let found = SectionConvention(ProgramType(rawValue: type.rawValue), attachType.rawValue)
            // The rest of the name would have to be a function of the kernel, and is not by this convention.
            return needsTarget.contains(found.type) ? nil : found
        }
        return nil
    }

    private static let needsTarget: Set<ProgramType> = [
        .tracing, .lsm, ProgramType(rawValue: BPF_PROG_TYPE_EXT.rawValue), ProgramType(rawValue: BPF_PROG_TYPE_STRUCT_OPS.rawValue),
    ]

    private static func isWord(_ byte: UInt8) -> Bool { isLetter(byte) || (0x30...0x39).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) || (0x41...0x5a).contains(byte) }
}
