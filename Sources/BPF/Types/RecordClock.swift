import CLibBPF
import Glibc

/// What the kernel's clocks and the time of day have to do with each other: what is added to a record's time to say when it was.
public struct RecordClock: Sendable, Hashable {
    /// Nanoseconds from CLOCK_BOOTTIME (`bpf_ktime_get_boot_ns`) to nanoseconds since 1970.
    public var bootOffset: Int64
    /// Nanoseconds from CLOCK_MONOTONIC (`bpf_ktime_get_ns`) to nanoseconds since 1970.
    public var monotonicOffset: Int64

    /// Clocks of the given distances.
    public init(bootOffset: Int64, monotonicOffset: Int64) {
        self.bootOffset = bootOffset
        self.monotonicOffset = monotonicOffset
    }

    /// The clocks as they are now. The time of day may be set at any moment, so ask once for each batch of records.
    public static var now: RecordClock {
        let real = nanoseconds(CLOCK_REALTIME)
        return RecordClock(bootOffset: real - nanoseconds(CLOCK_BOOTTIME), monotonicOffset: real - nanoseconds(CLOCK_MONOTONIC))
    }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
