// What kernel programs really compute.

@inline(__always)
private func fnv(_ hash: inout UInt64, _ value: UInt64) {
    for place in 0..<8 { hash = (hash ^ (value &>> UInt64(place * 8)) & 0xff) &* 0x100_0000_01b3 }
}

public func fnvHash(_ n: Numbers) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    fnv(&hash, n.a)
    fnv(&hash, n.b)
    return hash
}

public func crc(_ n: Numbers) -> UInt64 {
    var crc: UInt32 = .max
    for place in 0..<8 {
        crc ^= UInt32(truncatingIfNeeded: n.a &>> UInt64(place * 8)) & 0xff
        for _ in 0..<8 { crc = crc &>> 1 ^ (0xedb8_8320 & (0 &- (crc & 1))) }
    }
    return UInt64(~crc)
}

public func internetChecksum(_ n: Numbers) -> UInt64 {
    var sum: UInt32 = 0
    for number in Four(numbers: n) {
        for place in stride(from: 0, to: 64, by: 16) { sum &+= UInt32(truncatingIfNeeded: number &>> UInt64(place)) & 0xffff }
    }
    sum = sum & 0xffff + sum &>> 16
    sum = sum & 0xffff + sum &>> 16
    return UInt64(~UInt16(truncatingIfNeeded: sum))
}

extension Four: Sequence {
    struct Iterator: IteratorProtocol {
        var numbers: Numbers
        var place = 0
        mutating func next() -> UInt64? {
            defer { place &+= 1 }
            switch place {
            case 0: return numbers.a
            case 1: return numbers.b
            case 2: return numbers.c
            case 3: return numbers.d
            default: return nil
            }
        }
    }
    func makeIterator() -> Iterator { Iterator(numbers: numbers) }
}

public func sipRound(_ n: Numbers) -> UInt64 {
    var v = (n.a, n.b, n.c, n.d)
    func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 { value &<< count | value &>> (64 &- count) }
    for _ in 0..<4 {
        v.0 &+= v.1
        v.1 = rotate(v.1, 13) ^ v.0
        v.0 = rotate(v.0, 32)
        v.2 &+= v.3
        v.3 = rotate(v.3, 16) ^ v.2
        v.0 &+= v.3
        v.3 = rotate(v.3, 21) ^ v.0
        v.2 &+= v.1
        v.1 = rotate(v.1, 17) ^ v.2
        v.2 = rotate(v.2, 32)
    }
    return v.0 ^ v.1 ^ v.2 ^ v.3
}

/// The logarithm of a value, as histograms of latencies have it.
public func histogramSlot(_ n: Numbers) -> UInt64 { n.a == 0 ? 0 : UInt64(64 - n.a.leadingZeroBitCount) }

/// What of a bucket of tokens is left.
public func tokenBucket(_ n: Numbers) -> UInt64 {
    struct Bucket {
        var tokens: UInt64
        var time: UInt64
        mutating func take(_ count: UInt64, now: UInt64) -> Bool {
            let refill = now > time ? (now &- time) / 1000 : 0
            tokens = Swift.min(tokens &+ refill, 5000)
            time = now
            guard tokens >= count else { return false }
            tokens &-= count
            return true
        }
    }
    var bucket = Bucket(tokens: n.a & 0xfff, time: n.b)
    let first = bucket.take(n.d & 0xff, now: n.c)
    let second = bucket.take(3000, now: n.c &+ 5)
    return bucket.tokens &* 4 &+ (first ? 1 : 0) &+ (second ? 2 : 0)
}
