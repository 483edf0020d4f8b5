// What programs and their user space share: one definition for both.

/// The key of a table of flows: a struct without gaps.
public struct FlowKey: BitwiseCopyable, Sendable, Hashable {
    public var address: UInt32
    public var port: UInt16
    public var kind: UInt8
    private var filler: UInt8 = 0

    @inline(__always)
    public init(kind: UInt8, address: UInt32, port: UInt16) { (self.kind, self.address, self.port) = (kind, address, port) }

    /// Of a program's arguments.
    @inline(__always)
    public init(_ n: Numbers) {
        self.init(
            kind: UInt8(truncatingIfNeeded: n.a), address: UInt32(truncatingIfNeeded: n.b), port: UInt16(truncatingIfNeeded: n.a &>> 8))
    }
}

/// Where something comes from and goes to.
public struct Ends<End: BitwiseCopyable>: BitwiseCopyable {
    public var source: End
    public var destination: End
}

/// A generic key: the types it is made for say how it lies in memory.
public struct Endpoints<Address: BitwiseCopyable, Port: BitwiseCopyable>: BitwiseCopyable {
    public var address: Address
    public var ports: Ends<Port>

    @inline(__always)
    public init(_ address: Address, _ source: Port, _ destination: Port) {
        self.address = address
        ports = Ends(source: source, destination: destination)
    }
}

public struct Flow: BitwiseCopyable, Sendable, Equatable {
    public var packets: UInt64
    public var bytes: UInt64

    @inline(__always)
    public init(packets: UInt64, bytes: UInt64) { (self.packets, self.bytes) = (packets, bytes) }
}

/// An event with a gap, which must not tell of what was there before.
public struct Event: BitwiseCopyable, Sendable, Equatable {
    public var number: UInt64
    public var kind: UInt8
    public var size: UInt16

    @inline(__always)
    public init(number: UInt64, kind: UInt8, size: UInt16) { (self.number, self.kind, self.size) = (number, kind, size) }
}
