internal import CLibBPF
internal import Glibc

/// What a process gives up before it looks at a file that may have been made to do harm.
enum Confinement {
    /// What the process still has to do.
    enum Work {
        /// To read the file.
        case reading
        /// To have the kernel load what it holds as well.
        case loading
    }

    /// In bytes of address space. Objects have 64 MiB at most, libbpf keeps some copies of parts, and a log takes 16 MiB.
    private static let memory: rlim_t = 1 << 30

    /// The capabilities that loading may need, of those the process has: types of modules are found by SYS_ADMIN alone, and addresses in
    /// kallsyms are shown by SYSLOG. Files are not to be written, and the limits below not to be raised.
    private static let loadingCapabilities: UInt64 = [
        CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_ADMIN, CAP_SYSLOG, CAP_DAC_READ_SEARCH,
    ].reduce(0) { $0 | 1 << UInt64($1) }

    /// Gives up privileges, files and unbounded memory and time, as far as that is possible: without privileges there is less to give up.
    ///
    /// To be called by a process of one thread.
    ///
    /// - Throws: `refused` if root cannot become nobody: the process is not to look at anything then.
    static func confine(for work: Work) throws(InspectionError) {
        limit(RLIMIT_CORE, 0)
        limit(RLIMIT_FSIZE, 0)
        // In seconds. The verifier's time counts; the one that asked waits for less, or for as long.
        // At the larger limit the kernel kills; at the smaller one it says why.
        let seconds: rlim_t = work == .loading ? 60 : 30
        limit(RLIMIT_CPU, seconds, upTo: seconds + 1)
        limit(RLIMIT_AS, memory)
        // To load an object takes one for each of its maps and programs.
        limit(RLIMIT_NOFILE, work == .loading ? 4_096 : 32)
        let kept = work == .loading ? loadingCapabilities : 0
        guard geteuid() == 0 else {
            swiftbpf_no_new_privileges()
            swiftbpf_reduce_capabilities(kept)
            return
        }
        // 65534 is nobody.
        guard swiftbpf_no_new_privileges() == 0, swiftbpf_keep_capabilities() == 0, setgroups(0, nil) == 0, setgid(65534) == 0,
            setuid(65534) == 0, swiftbpf_reduce_capabilities(kept) == 0
        else { throw .refused("cannot give up root: CAP_SETUID and CAP_SETGID are wanted") }
    }

    private static func limit(_ resource: __rlimit_resource, _ value: rlim_t, upTo largest: rlim_t? = nil) {
        var limit = rlimit(rlim_cur: value, rlim_max: largest ?? value)
        unsafe setrlimit(CInt(resource.rawValue), &limit)
    }
}
