import CLibBPF
import Glibc

/// Loads a small program of a kind.
///
/// libbpf 1.1 has such trials too, but takes programs of kinds that want types of the kernel for unavailable, and every helper for
/// available on kernels whose verifier chose other words since.
struct ProgramTrial {
    /// An instruction, as the kernel has it.
    enum Instruction {
        /// Returns what is in register 0.
        case exit
        /// Sets register 0 to zero.
        case zero
        case call(HelperFunction)

        fileprivate var bits: UInt64 {
            switch self {
            case .exit: 0x95
            case .zero: 0xb7
            case .call(let helper): 0x85 | UInt64(helper.rawValue) << 32
            }
        }
    }

    private let type: ProgramType
    private var attachType: UInt32 = 0
    private var attachID: UInt32 = 0
    private var flags: UInt32 = 0

    /// Nothing for kinds that cannot stand alone.
    init?(_ type: ProgramType) {
        self.type = type
        switch type.rawValue {
        case BPF_PROG_TYPE_CGROUP_SOCK_ADDR.rawValue: attachType = BPF_CGROUP_INET4_CONNECT.rawValue
        case BPF_PROG_TYPE_CGROUP_SOCKOPT.rawValue: attachType = BPF_CGROUP_GETSOCKOPT.rawValue
        case BPF_PROG_TYPE_SK_LOOKUP.rawValue: attachType = BPF_SK_LOOKUP.rawValue
        // Netfilter, younger than the headers.
        case 32: attachType = 45
        // Only programs that may sleep are system calls.
        case BPF_PROG_TYPE_SYSCALL.rawValue: flags = BPF_F_SLEEPABLE
        case BPF_PROG_TYPE_TRACING.rawValue:
            guard let id = TrialTypes.id(of: "btf_trace_sched_switch", .alias) else { return nil }
            (attachType, attachID) = (BPF_TRACE_RAW_TP.rawValue, id)
        case BPF_PROG_TYPE_LSM.rawValue:
            // A hook that is hardly ever called, as the trial may be attached to it.
            guard let id = TrialTypes.id(of: "bpf_lsm_quota_on", .function) else { return nil }
            (attachType, attachID) = (BPF_LSM_MAC.rawValue, id)
        case BPF_PROG_TYPE_UNSPEC.rawValue, BPF_PROG_TYPE_EXT.rawValue, BPF_PROG_TYPE_STRUCT_OPS.rawValue: return nil
        default: break
        }
    }

    /// A program at a kernel function; nothing if the kernel's types have no such function.
    init?(entryOf function: String, _ attachType: bpf_attach_type) {
        guard let id = TrialTypes.id(of: function, .function) else { return nil }
        type = .tracing
        (self.attachType, attachID) = (attachType.rawValue, id)
    }

    /// Whether the kind can be loaded.
    var availability: Features.Availability {
        let (number, log) = load([.zero, .exit])
        return number == 0 ? .available : Self.refused(number, log)
    }

    /// Whether the kind can be loaded and attached: kernels take programs to which they can give no place.
    ///
    /// - Parameter attach: Attaches the program of a descriptor for a moment; zero or an error number.
    func availability(attaching attach: (CInt) -> CInt) -> Features.Availability {
        var attached: CInt = 0
        let (number, log) = load([.zero, .exit]) { attached = attach($0) }
        if number != 0 { return Self.refused(number, log) }
        if attached != 0 { return Trials.refused(attached, "it loads, and cannot be attached: \(BPFError.words(for: attached))") }
        return .available
    }

    /// Attaches to what the program was loaded for: a function or a hook.
    static func attachBound(_ program: CInt) -> CInt {
        let link = bpf_raw_tracepoint_open(nil, program)
        if link >= 0 { close(link) }
        return max(0, -link)
    }

    private static func refused(_ number: CInt, _ log: String) -> Features.Availability {
        Trials.refused(number, log.split(separator: "\n").first.map(String.init) ?? "")
    }

    /// Whether programs of the kind may call a helper.
    func availability(of helper: HelperFunction) -> Features.Availability {
        let (number, log) = load([.call(helper), .zero, .exit])
        if number == 0 { return .available }
        // Words of the verifier's about helpers it does not know, or not for this kind: of Linux before 6.13 and since. Whatever else it
        // says, it has let the call pass and misses its arguments.
        for words in ["invalid func ", "unknown func ", "cannot use helper "] where log.contains(words) {
            return .unavailable(log.split(separator: "\n").first { $0.contains(words) }.map(String.init) ?? log)
        }
        return log.isEmpty ? Trials.refused(number, "") : .available
    }

    /// Loads the instructions and lets go of them at once.
    ///
    /// - Parameter use: Gets the descriptor of the program in between.
    /// - Returns: Zero or an error number, and the verifier's log.
    func load(_ instructions: [Instruction], _ use: (CInt) -> Void = { _ in }) -> (errno: CInt, log: String) {
        var options = unsafe bpf_prog_load_opts()
        unsafe options.sz = swiftbpf_size_of_bpf_prog_load_opts()
        unsafe options.expected_attach_type = bpf_attach_type(attachType)
        unsafe options.attach_btf_id = attachID
        unsafe options.prog_flags = flags
        unsafe options.log_level = 1
        let bits = instructions.map(\.bits)
        return unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 << 10) { log in
            unsafe log.initialize(repeating: 0)
            unsafe options.log_buf = log.baseAddress
            unsafe options.log_size = UInt32(log.count)
            let (result, _) = LibbpfMessages.capturing {
                unsafe bits.withUnsafeBytes { bits in
                    unsafe bpf_prog_load(
                        bpf_prog_type(type.rawValue), "trial", "GPL", bits.baseAddress?.assumingMemoryBound(to: bpf_insn.self),
                        instructions.count, &options)
                }
            }
            if result >= 0 {
                use(result)
                close(result)
                return (0, "")
            }
            let text = unsafe log.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }
            return (-result, String(decoding: text, as: UTF8.self))
        }
    }
}

/// The numbers of the kernel's own types that trials name.
private enum TrialTypes {
    private struct Name: Hashable {
        let name: String
        let kind: BTFKind
    }

    private static let names: [(String, BTFKind)] = [
        ("btf_trace_sched_switch", .alias), ("bpf_lsm_quota_on", .function), ("bpf_fentry_test1", .function),
        ("security_quota_on", .function),
    ]

    /// Read once for all, as it takes some milliseconds and megabytes.
    private static let ids: [Name: UInt32] = {
        let (btf, _) = unsafe LibbpfMessages.capturing { unsafe btf__load_vmlinux_btf() }
        guard let btf = unsafe btf else { return [:] }
        defer { unsafe btf__free(btf) }
        var found: [Name: UInt32] = [:]
        for (name, kind) in names {
            let id = unsafe btf__find_by_name_kind(btf, name, UInt32(kind.rawValue))
            if id > 0 { found[Name(name: name, kind: kind)] = UInt32(id) }
        }
        return found
    }()

    static func id(of name: String, _ kind: BTFKind) -> UInt32? { ids[Name(name: name, kind: kind)] }
}
