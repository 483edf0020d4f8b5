import EBPF

// Numbers with names.

struct Flags: OptionSet {
    let rawValue: UInt8
    static let read = Flags(rawValue: 1)
    static let write = Flags(rawValue: 2)
    static let append: Flags = [.write, Flags(rawValue: 4)]
    static var all: Flags { [.read, .write, .append] }
}

public func optionSet(_ n: Numbers) -> UInt64 {
    var flags = Flags(rawValue: UInt8(truncatingIfNeeded: n.a))
    if flags.contains(.append) { flags.remove(.write) }
    if !flags.isDisjoint(with: .all) { flags.insert(.read) }
    flags.formUnion(n.b & 1 == 1 ? [] : .append)
    return UInt64(flags.rawValue) &+ (flags == .all ? 1000 : 0) &+ (flags.isSuperset(of: .write) ? 2000 : 0)
}

struct Port: RawRepresentable, Equatable, ExpressibleByIntegerLiteral {
    var rawValue: UInt16
    init(rawValue: UInt16) { self.rawValue = rawValue }
    init(integerLiteral value: UInt16) { rawValue = value }
    static let https: Port = 443
}

public func rawRepresentable(_ n: Numbers) -> UInt64 {
    let port = Port(rawValue: UInt16(truncatingIfNeeded: n.a))
    return switch port {
    case .https: 1
    case 80, 8080: 2
    default: UInt64(port.rawValue)
    }
}

public func bigEndian(_ n: Numbers) -> UInt64 {
    var port = BigEndian<UInt16>(bits: UInt16(truncatingIfNeeded: n.a))
    if port == 443 { port = 80 }
    let length = BigEndian<UInt32>(UInt32(truncatingIfNeeded: n.b))
    return UInt64(port.value) &+ UInt64(length.bits) &+ (port < 1024 ? 1 : 0)
}

public func littleEndian(_ n: Numbers) -> UInt64 {
    let value = LittleEndian<UInt64>(n.a)
    return value.bits ^ BigEndian<UInt64>(bits: n.b).value
}

/// Members of a set of small numbers, as one word of bits.
public func bitSet(_ n: Numbers) -> UInt64 {
    struct Members {
        var bits: UInt64 = 0
        mutating func insert(_ member: UInt64) -> Bool {
            let bit = 1 as UInt64 &<< (member & 63)
            defer { bits |= bit }
            return bits & bit == 0
        }
    }
    var members = Members()
    var fresh: UInt64 = 0
    for number in Four(numbers: n) where members.insert(number) { fresh &+= 1 }
    return fresh &+ UInt64(members.bits.nonzeroBitCount) &* 10
}
