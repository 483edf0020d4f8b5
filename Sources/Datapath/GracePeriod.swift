internal import CLibBPF
private import Glibc

/// Waits until every packet that was being judged when it is called has been judged.
///
/// Programs run within RCU read sections, and `membarrier` with `MEMBARRIER_CMD_GLOBAL` waits for one grace period of RCU
/// (kernel/sched/membarrier.c calls `synchronize_rcu`). Kernels with `nohz_full` refuse it.
enum GracePeriod {
    static func wait() throws(DatapathError) {
        let result = swiftbpf_membarrier_global()
        guard result < 0 else { return }
        throw DatapathError("cannot wait for packets in flight: membarrier: \(unsafe String(cString: strerror(errno)))")
    }
}
