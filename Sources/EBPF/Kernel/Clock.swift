internal import CEBPF

/// Times in nanoseconds.
public enum Clock {
    /// Since start, without times of suspension: `CLOCK_MONOTONIC`.
    ///
    /// The helper is `bpf_ktime_get_ns`.
    @inline(__always)
    public static var monotonic: UInt64 { ebpf_ktime_get_ns() }

    /// Since start, times of suspension included: `CLOCK_BOOTTIME`. Requires Linux 5.8.
    ///
    /// The helper is `bpf_ktime_get_boot_ns`.
    @inline(__always)
    public static var sinceBoot: UInt64 { ebpf_ktime_get_boot_ns() }

    /// ``monotonic`` as of the last timer tick, some milliseconds old and cheaper. Requires Linux 5.11.
    ///
    /// The helper is `bpf_ktime_get_coarse_ns`.
    @inline(__always)
    public static var coarse: UInt64 { ebpf_ktime_get_coarse_ns() }

    /// International atomic time, `CLOCK_TAI`. Requires Linux 6.1.
    ///
    /// The helper is `bpf_ktime_get_tai_ns`.
    @inline(__always)
    public static var atomicTime: UInt64 { ebpf_ktime_get_tai_ns() }
}

/// The processor that the program runs on.
public enum Processor {
    /// Its number.
    ///
    /// The helper is `bpf_get_smp_processor_id`.
    @inline(__always)
    public static var current: UInt32 { ebpf_get_smp_processor_id() }

    /// The number of its memory node.
    ///
    /// The helper is `bpf_get_numa_node_id`.
    @inline(__always)
    public static var node: Int { ebpf_get_numa_node_id() }
}

/// A number by chance, for sampling; not for secrets.
///
/// The helper is `bpf_get_prandom_u32`.
@inline(__always)
public func randomNumber() -> UInt32 { ebpf_get_prandom_u32() }

/// Prints a line to `/sys/kernel/tracing/trace_pipe`, for finding faults: all programs write to the same pipe.
///
///     tracePrint("port %d of %d", UInt64(port), UInt64(process))
///
/// - Parameter format: As for the kernel's own `printk`, with at most three numbers.
/// The helper is `bpf_trace_printk`.
@inline(__always)
public func tracePrint(_ format: StaticString, _ first: UInt64 = 0, _ second: UInt64 = 0, _ third: UInt64 = 0) {
    // With the NUL that a literal ends with.
    let size = UInt32(truncatingIfNeeded: format.utf8CodeUnitCount &+ 1)
    _ = unsafe ebpf_trace_printk(UnsafeRawPointer(format.utf8Start).assumingMemoryBound(to: CChar.self), size, first, second, third)
}
