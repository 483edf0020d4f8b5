import CLibBPF
import Glibc

extension BPFError {
    /// "Operation not permitted (EPERM)" for 1.
    static func words(for number: CInt) -> String {
        let text = unsafe String(cString: strerror(number))
        guard let name = unsafe swiftbpf_errno_name(number) else { return text }
        return unsafe "\(text) (\(String(cString: name)))"
    }

    /// What usually helps when this step fails with this number.
    static func remedy(step: Step, errno number: CInt, verifierLog: String) -> String? {
        switch (number, step) {
        case (EPERM, .load) where !verifierLog.isEmpty: nil  // the verifier refused, and says why
        case (EPERM, .load), (EPERM, .create), (EPERM, .testRun):
            "run as root or with CAP_BPF and CAP_NET_ADMIN; in a container bpf() may be blocked by seccomp"
        case (EPERM, .pin): "the folder must be on a bpf filesystem (mount -t bpf bpf /sys/fs/bpf), and writable"
        case (EPERM, _), (EACCES, .openPin), (EACCES, .pin): "run as root or with CAP_BPF, CAP_NET_ADMIN and, for tracing, CAP_PERFMON"
        case (EACCES, .attach): "tracing needs CAP_PERFMON, and CAP_SYS_ADMIN where kernel.perf_event_paranoid is above 2"
        case (ENOENT, .openPin): "nothing is pinned there; is the bpf filesystem mounted and the object loaded?"
        case (ENOENT, .attach): "the kernel has no such target, or was built without the kind of probe"
        case (EEXIST, .pin): "something is pinned there already: open it, or remove the file"
        case (EINVAL, .pin), (ENOTTY, .pin): "the folder must be on a bpf filesystem (mount -t bpf bpf /sys/fs/bpf)"
        case (E2BIG, .update), (ENOSPC, .update): "the map is full: raise its maxEntries before loading"
        case (ENOMEM, .load), (ENOMEM, .create): "the kernel has no memory for it; on kernels before 5.11 raise RLIMIT_MEMLOCK"
        case (ESTALE, .attach): "the chain of programs changed meanwhile; query it and try again"
        default: nil
        }
    }

    /// The remedy where nothing of the wanted name is there: the names that are.
    static func available(_ names: [String]) -> String {
        names.isEmpty ? "there is none" : "there is \(names.joined(separator: ", "))"
    }
}
