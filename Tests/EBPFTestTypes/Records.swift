public import EBPF

public struct NumberKey: BitwiseCopyable, Sendable {
    public var kind: UInt32
    public var number: UInt32

    public init(kind: UInt32, number: UInt32) {
        self.kind = kind
        self.number = number
    }
}

/// A value with padding behind it.
public struct PaddedValue: BitwiseCopyable, Equatable, Sendable {
    public var packets: UInt64
    public var bytes: UInt32
    public var kind: UInt8

    public init(packets: UInt64, bytes: UInt32, kind: UInt8) {
        self.packets = packets
        self.bytes = bytes
        self.kind = kind
    }
}

/// A record of a ring.
public struct Sighting: BitwiseCopyable, Sendable {
    public var number: UInt16
    public var length: UInt32
    public var port: BigEndian<UInt16>

    public init(number: UInt16, length: UInt32, port: BigEndian<UInt16>) {
        self.number = number
        self.length = length
        self.port = port
    }
}

/// What a traced call was.
public struct Call: BitwiseCopyable, Sendable {
    public var process: UInt32
    public var user: UInt32
    public var at: UInt64
    public var argument: UInt64
    public var kind: UInt32
    public var name: FixedString<16>
    public var path: FixedString<32>

    public init(kind: UInt32) {
        process = 0
        user = 0
        at = 0
        argument = 0
        self.kind = kind
        name = .empty
        path = .empty
    }

    /// Everything but texts.
    @inline(__always)
    public mutating func fill(kind: UInt32, argument: UInt64) {
        self.kind = kind
        self.argument = argument
        process = CurrentTask.process
        user = CurrentTask.user
        at = Clock.monotonic
    }
}
