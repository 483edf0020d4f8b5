internal import BPF
internal import CDatapath
private import Glibc
internal import PolicyModel

/// What the kernel's clocks and the time of day have to do with each other.
enum WallClock {
    /// Nanoseconds from CLOCK_BOOTTIME, which programs can read, to the time of day, which is set and which they cannot.
    ///
    /// The two are not read at one instant: the time of day is read between two readings of the other, and of a few such tries the
    /// one counts that took the shortest.
    static var offset: Int64 {
        var best = (width: Int64.max, offset: Int64(0))
        for _ in 0..<3 {
            let before = nanoseconds(CLOCK_BOOTTIME)
            let now = nanoseconds(CLOCK_REALTIME)
            let width = nanoseconds(CLOCK_BOOTTIME) - before
            if width < best.width { best = (width, now - before - width / 2) }
        }
        return best.offset
    }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension TableMaps {
    /// Has the rules' times of expiry be read by a clock that is so many nanoseconds ahead of CLOCK_BOOTTIME. One store: packets that
    /// are judged meanwhile see the old offset or the new one.
    func setWallOffset(_ nanoseconds: Int64) {
        guard let place = MemoryLayout<pd_header>.offset(of: \.wall_offset) else { return }
        header.storeRelease(UInt64(bitPattern: nanoseconds), atByteOffset: place)
    }

    /// Has the program under test-run, for which time stands still, judge as of an instant.
    func setTime(_ time: Instant) {
        setWallOffset(min(max(time.seconds, 0), .max / 1_000_000_000) * 1_000_000_000)
    }
}
