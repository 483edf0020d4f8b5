internal import BPF
internal import CDatapath
private import Glibc
internal import PolicyModel

/// The key of a connection, as the kernel's tables have it.
protocol FlowKey {
    static var family: IPAddress.Family { get }
    var remoteAddress: IPAddress { get }
    var localAddress: IPAddress { get }
    var remote_port: UInt16 { get }
    var local_port: UInt16 { get }
    var `protocol`: UInt8 { get }
}

extension pd_flow4: FlowKey {
    static var family: IPAddress.Family { .v4 }
    var remoteAddress: IPAddress { Self.address(remote) }
    var localAddress: IPAddress { Self.address(local) }

    private static func address(_ bytes: (UInt8, UInt8, UInt8, UInt8)) -> IPAddress {
        IPAddress(v4: UInt32(bytes.0) << 24 | UInt32(bytes.1) << 16 | UInt32(bytes.2) << 8 | UInt32(bytes.3))
    }
}

extension pd_flow6: FlowKey {
    static var family: IPAddress.Family { .v6 }
    var remoteAddress: IPAddress { EventDecoder.address(remote, UInt8(PD_IPV6.rawValue)) }
    var localAddress: IPAddress { EventDecoder.address(local, UInt8(PD_IPV6.rawValue)) }
}

/// The clock of connections, which begins again at 0 every 835 days.
enum Ticks {
    static let nanoseconds = UInt64(1) << UInt64(PD_TICK_SHIFT)

    /// What programs read as the time now.
    static var now: UInt32 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return UInt32(truncatingIfNeeded: (UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)) >> UInt64(PD_TICK_SHIFT))
    }

    static func seconds(_ ticks: UInt32) -> Double { Double(UInt64(ticks) * nanoseconds) / 1e9 }
}

extension pd_connection {
    /// How much longer it lives if nothing comes, in ticks; nil if its time is over.
    func remaining(at now: UInt32, _ protocol: UInt8, _ timeouts: pd_timeouts) -> UInt32? {
        var timeouts = timeouts
        let life = unsafe pd_life(&timeouts, flags, `protocol`)
        // Packets may come between the reading of the clock and that of the entry.
        let idle = Int32(bitPattern: now &- last_seen)
        return idle <= Int32(bitPattern: life) ? life - UInt32(max(0, idle)) : nil
    }
}

extension Map where Key: FlowKey & BitwiseCopyable, Value == pd_connection {
    /// Takes out the connections whose time is over.
    func sweep(at now: UInt32, _ timeouts: pd_timeouts) throws(BPFError) -> (left: Int, removed: Int) {
        var left = 0
        var removed = 0
        try forEachBatch { (keys, values) throws(BPFError) in
            for index in keys.indices {
                let key = keys[index]
                guard values[index].remaining(at: now, key.protocol, timeouts) == nil else {
                    left += 1
                    continue
                }
                guard let taken = try takeValue(forKey: key) else { continue }
                if taken.remaining(at: Ticks.now, key.protocol, timeouts) == nil {
                    removed += 1
                } else {
                    // A new one under the same key began since the batch was read.
                    try? set(taken, forKey: key, mode: .insert)
                    left += 1
                }
            }
        }
        return (left, removed)
    }

    /// Puts the connections into another table, those that were heard of since a time or all; returns how many that were.
    ///
    /// Of more than the other one holds, those heard of last are taken.
    /// - Parameter mode: `.insert` leaves those as they are that the other one has already.
    func copy(to other: borrowing Map, since: UInt32? = nil, mode: UpdateMode = .any) throws(BPFError) -> Int {
        var found: [(key: Key, value: pd_connection)] = []
        try forEachBatch { keys, values in
            for index in keys.indices {
                let value = values[index]
                if let since, Int32(bitPattern: value.last_seen &- since) < 0 { continue }
                found.append((keys[index], value))
            }
        }
        if found.count > other.maxEntries {
            let now = Ticks.now
            found.sort { now &- $0.value.last_seen > now &- $1.value.last_seen }
            found.removeFirst(found.count - other.maxEntries)
        }
        var count = 0
        if mode == .any {
            try other.set(found.map(\.value), forKeys: found.map(\.key))
            return found.count
        }
        for (key, value) in found {
            do {
                try other.set(value, forKey: key, mode: mode)
                count += 1
            } catch {
                guard error.errno == EEXIST else { throw error }
            }
        }
        return count
    }

    /// Walks the connections that are not over.
    func forEachFlow(_ timeouts: pd_timeouts, _ body: (Flow) -> Void) throws(BPFError) {
        let now = Ticks.now
        try forEachBatch { keys, values in
            for index in keys.indices {
                let (key, value) = (keys[index], values[index])
                if let remaining = value.remaining(at: now, key.protocol, timeouts) {
                    body(Flow(key, value, at: now, remaining: remaining))
                }
            }
        }
    }
}
