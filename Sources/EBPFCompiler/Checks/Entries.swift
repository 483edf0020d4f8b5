/// Programs as the loader knows them: by section, with one argument and one number as the result.
struct Entries: ProgramCheck {
    func diagnostics(of program: CheckedProgram) -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        for entry in program.programs {
            let (place, title) = (program.places.place(of: entry), program.places.title(of: entry))
            let mistakes = [
                Self.mistake(inSectionOf: entry, title), Self.mistake(inArgumentsOf: entry, title, in: program.module),
                Self.mistake(inResultOf: entry, title, in: program.module),
                Contexts.mistake(inContextOf: entry, title, in: program.module),
            ]
            diagnostics += mistakes.compactMap { $0 }.map { Diagnostic(place, $0.message, $0.remedy) }
        }
        let isLicensed = program.module.variables.contains { LibraryType(of: $0) == .license }
        if let first = program.programs.first, !isLicensed {
            let message = "the programs have no license, without which the kernel keeps most of its functions from them"
            let remedy = "write 'let license = License.gpl' that is not private"
            diagnostics.append(Diagnostic(program.places.place(of: first), message, remedy))
        }
        return diagnostics
    }

    private static func mistake(inSectionOf entry: IRFunction, _ title: String) -> Refusal? {
        guard let section = entry.section, !Sections.isKnown(section) else { return nil }
        let near = Sections.nearest(to: section).map { "; the nearest is '\($0)'" } ?? ""
        return Refusal("the section '\(section)' of program '\(title)' is of no kind of program\(near)", "use a section that libbpf knows")
    }

    private static func mistake(inArgumentsOf entry: IRFunction, _ title: String, in module: IRModule) -> Refusal? {
        let count = entry.parameters.count
        // What carries the error is an argument of its own.
        if count > 1, module.node(entry.debugNode)?.reference("thrownTypes") != nil {
            let message = "the program '\(title)' throws, but the kernel catches nothing"
            return Refusal(message, "catch what it calls throws, and return a result")
        }
        if count != 1 {
            let taken = count == 0 ? "no argument" : "\(count) arguments"
            return Refusal("the program '\(title)' takes \(taken), but the kernel hands it one", "take its context, such as 'XDPContext'")
        }
        if Signatures.isWord(entry.parameters.first?.first) { return nil }
        return Refusal("the argument of program '\(title)' is not a context", "take one of the contexts of EBPF")
    }

    private static func mistake(inResultOf entry: IRFunction, _ title: String, in module: IRModule) -> Refusal? {
        let remedy = "return what its kind of program asks for, or Int32"
        // What is small fits into a register, several values or none as well.
        let type = module.node(module.node(entry.debugNode)?.reference("type")).flatMap { module.node($0.reference("types")) }
        let isNumber = type?.elements.first?.first.map { Self.isNumber($0, in: module) } ?? true
        guard entry.result.count == 1, let result = entry.result.first, Signatures.isWord(result), isNumber || isNarrow(result) else {
            return Refusal("the result of program '\(title)' is not one number", remedy)
        }
        // The kernel reads the whole register, of which a narrower number fills only its part.
        if !isNarrow(result) { return nil }
        return Refusal("the result of program '\(title)' is not a number of 32 or 64 bits", remedy)
    }

    private static func isNarrow(_ result: IRToken) -> Bool { !["i32", "i64"].contains(result.text) }

    /// Int32, UInt32, Int64, UInt64, Int and UInt.
    private static let numbers: Set<String> = ["$es5Int32VD", "$es6UInt32VD", "$es5Int64VD", "$es6UInt64VD", "$eSiD", "$eSuD"]

    /// Whether a type is a number of 32 or 64 bits, or a structure of nothing but such a number.
    private static func isNumber(_ token: IRToken, in module: IRModule) -> Bool {
        guard let type = module.node(token) else { return false }
        if let number = type.string("identifier"), numbers.contains(number) { return true }
        if type.kind == "DIDerivedType" { return type.reference("baseType").map { isNumber($0, in: module) } ?? false }
        guard type.fields["tag"]?.first?.text == "DW_TAG_structure_type",
            let members = module.node(type.reference("elements"))?.elements, members.count == 1, let member = members[0].first
        else { return false }
        return isNumber(member, in: module)
    }
}

/// The sections that libbpf knows kinds of programs by.
enum Sections {
    static func isKnown(_ section: String) -> Bool {
        let section = section.hasPrefix("?") ? String(section.dropFirst()) : section
        if exact.contains(section) { return true }
        return extensible.contains { section == $0 || section.hasPrefix($0 + "/") }
    }

    /// The known one that differs in fewest letters, if they are few.
    static func nearest(to section: String) -> String? {
        let near = exact.union(extensible).map { ($0, distance(Array($0.utf8), Array(section.utf8))) }.min { ($0.1, $0.0) < ($1.1, $1.0) }
        return near.flatMap { $0.1 <= 2 ? $0.0 : nil }
    }

    /// How many letters have to be put in, taken out or replaced.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        // Rows of the table of distances between the beginnings of both.
        var before: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var least = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                // Neighbours that changed places are one mistake.
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, before[j - 1] + 1) }
                row.append(least)
            }
            (before, last) = (last, row)
        }
        return last[b.count]
    }

    /// Those that say where the program goes behind a stroke.
    /// https://docs.kernel.org/bpf/libbpf/program_types.html
    private static let extensible: Set<String> = [
        "kprobe", "uprobe", "uprobe.s", "kretprobe", "uretprobe", "uretprobe.s", "kprobe.multi", "kretprobe.multi", "kprobe.session",
        "uprobe.multi", "uretprobe.multi", "uprobe.session", "uprobe.multi.s", "uretprobe.multi.s", "uprobe.session.s", "ksyscall",
        "kretsyscall", "usdt", "usdt.s", "tracepoint", "tp", "raw_tracepoint", "raw_tp", "raw_tracepoint.w", "raw_tp.w", "tp_btf", "fentry",
        "fmod_ret", "fexit", "fentry.s", "fmod_ret.s", "fexit.s", "freplace", "lsm", "lsm.s", "lsm_cgroup", "iter", "iter.s", "struct_ops",
        "struct_ops.s",
    ]

    /// Those that are whole as they are.
    private static let exact: Set<String> = [
        "socket", "sk_reuseport", "sk_reuseport/migrate", "tc", "tc/ingress", "tc/egress", "tcx/ingress", "tcx/egress", "classifier",
        "action", "netkit/primary", "netkit/peer", "syscall", "xdp.frags/devmap", "xdp/devmap", "xdp.frags/cpumap", "xdp/cpumap",
        "xdp.frags", "xdp", "perf_event", "lwt_in", "lwt_out", "lwt_xmit", "lwt_seg6local", "sockops", "sk_skb/stream_parser",
        "sk_skb/stream_verdict", "sk_skb/verdict", "sk_skb", "sk_msg", "lirc_mode2", "flow_dissector", "cgroup_skb/ingress",
        "cgroup_skb/egress", "cgroup/skb", "cgroup/sock_create", "cgroup/sock_release", "cgroup/sock", "cgroup/post_bind4",
        "cgroup/post_bind6", "cgroup/bind4", "cgroup/bind6", "cgroup/connect4", "cgroup/connect6", "cgroup/connect_unix",
        "cgroup/sendmsg4", "cgroup/sendmsg6", "cgroup/sendmsg_unix", "cgroup/recvmsg4", "cgroup/recvmsg6", "cgroup/recvmsg_unix",
        "cgroup/getpeername4", "cgroup/getpeername6", "cgroup/getpeername_unix", "cgroup/getsockname4", "cgroup/getsockname6",
        "cgroup/getsockname_unix", "cgroup/sysctl", "cgroup/getsockopt", "cgroup/setsockopt", "cgroup/dev", "sk_lookup", "netfilter",
    ]
}
