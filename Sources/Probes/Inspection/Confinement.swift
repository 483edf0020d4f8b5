internal import CLibBPF
internal import Glibc

/// What a process gives up before it looks at a file that may have been made to do harm.
enum Confinement {
    /// In seconds; the one that asked waits for so long at most.
    private static let processorTime: rlim_t = 30
    /// In bytes of address space. Objects have 64 MiB at most, libbpf keeps some copies of parts, and a log takes 16 MiB.
    private static let memory: rlim_t = 1 << 30

    /// Gives up privileges, files and unbounded memory and time, as far as that is possible: without privileges there is less to give up.
    static func confine(keepingPrivileges: Bool) {
        limit(RLIMIT_CORE, 0)
        limit(RLIMIT_FSIZE, 0)
        limit(RLIMIT_CPU, processorTime)
        limit(RLIMIT_AS, memory)
        // To load an object takes one for each of its maps and programs.
        limit(RLIMIT_NOFILE, keepingPrivileges ? 4_096 : 32)
        swiftbpf_no_new_privileges()
        if keepingPrivileges { return }
        if geteuid() == 0 {
            // Nobody.
            setgroups(0, nil)
            setgid(65534)
            setuid(65534)
        }
        swiftbpf_drop_capabilities()
    }

    private static func limit(_ resource: __rlimit_resource, _ value: rlim_t) {
        var limit = rlimit(rlim_cur: value, rlim_max: value)
        unsafe setrlimit(CInt(resource.rawValue), &limit)
    }
}
