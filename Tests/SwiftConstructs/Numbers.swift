public import EBPF

/// What each construct is given: four numbers that the compiler knows nothing about.
public struct Numbers: BitwiseCopyable, Sendable {
    public var a: UInt64
    public var b: UInt64
    public var c: UInt64
    public var d: UInt64

    @inline(__always)
    public init(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) { (self.a, self.b, self.c, self.d) = (a, b, c, d) }
}

/// Runs a construct on the numbers a frame begins with, and writes the answer behind them.
@inline(__always)
public func answer(_ frame: XDPContext, _ construct: (Numbers) -> UInt64) -> XDPAction {
    guard let numbers = frame.read(Numbers.self, at: 0) else { return .aborted }
    guard frame.write(construct(numbers), at: 32) else { return .aborted }
    return .pass
}
