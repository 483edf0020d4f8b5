internal import BPF
internal import CLibBPF
private import Glibc

/// Waits until every packet that was being judged when it is called has been judged.
///
/// Programs run within RCU read sections, and `membarrier` with `MEMBARRIER_CMD_GLOBAL` waits for one grace period of RCU
/// (kernel/sched/membarrier.c calls `synchronize_rcu`). Kernels with `nohz_full` refuse it.
enum GracePeriod {
    static func wait() throws(DatapathError) {
        do throws(BPFError) {
            try waitForPackets()
        } catch {
            throw DatapathError("cannot wait for packets in flight", error)
        }
    }

    /// Has whoever finds the switch set after this find the tables as they were written before it.
    ///
    /// The entry program reads the switch, and the program behind it the tables: between the two lies a branch, and no address comes from
    /// what was read. Processors of the x86 family do not let a load overtake another. On arm64 it may, beyond a branch as well, so that
    /// old words of a table could be found by the new switch. After a grace period every processor has passed a barrier, and cannot.
    static func order() throws(BPFError) {
        #if !(arch(x86_64) || arch(i386))
            try waitForPackets()
        #endif
    }

    private static func waitForPackets() throws(BPFError) {
        guard swiftbpf_membarrier_global() < 0 else { return }
        throw BPFError(.wait, "packets in flight by membarrier", errno: errno)
    }
}
