import CLibBPF

/// What the kernel says about a link.
public struct LinkInfo: Sendable, Hashable {
    /// A kind of link, as the kernel numbers them.
    public struct Kind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let rawTracepoint = Kind(rawValue: 1)
        public static let tracing = Kind(rawValue: 2)
        public static let cgroup = Kind(rawValue: 3)
        public static let iterator = Kind(rawValue: 4)
        public static let networkNamespace = Kind(rawValue: 5)
        public static let xdp = Kind(rawValue: 6)
        /// Kprobes, uprobes and tracepoints.
        public static let perfEvent = Kind(rawValue: 7)
        public static let kprobeMulti = Kind(rawValue: 8)
        public static let netfilter = Kind(rawValue: 10)
        public static let tcx = Kind(rawValue: 11)

        public var description: String {
            let names = [
                1: "raw_tracepoint", 2: "tracing", 3: "cgroup", 4: "iter", 5: "netns", 6: "xdp", 7: "perf_event", 8: "kprobe_multi",
                9: "struct_ops", 10: "netfilter", 11: "tcx", 12: "uprobe_multi", 13: "netkit",
            ]
            return names[Int(rawValue)] ?? "link kind \(rawValue)"
        }
    }

    /// The kernel's number for the link, unique while it lives.
    public let id: UInt32
    /// Its kind.
    public let kind: Kind
    /// The number of the program it runs.
    public let programID: UInt32
    /// The interface of a link at tcx or XDP; 0 once the interface has gone. Nothing for other kinds.
    public let interface: Int32?
    /// The direction of a tcx link.
    public let direction: TrafficDirection?

    init(descriptor: CInt, subject: String) throws(BPFError) {
        var info = swiftbpf_tcx_link_info()
        try kernelInfo(of: descriptor, into: &info, subject: subject)
        id = info.id
        kind = Kind(rawValue: info.type)
        programID = info.prog_id
        let isTCX = kind == .tcx
        // The interface comes first in what the kernel says of either kind.
        interface = isTCX || kind == .xdp ? Int32(bitPattern: info.ifindex) : nil
        direction = isTCX ? (info.attach_type == UInt32(SWIFTBPF_TCX_INGRESS) ? .ingress : .egress) : nil
    }
}
