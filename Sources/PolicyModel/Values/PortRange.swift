/// Ports from `lower` to `upper`, both of them included, in host order.
public struct PortRange: Hashable, Sendable {
    /// The first port.
    public let lower: UInt16
    /// The last port, which is in the range.
    public let upper: UInt16

    /// Makes a range; nil if `upper` is below `lower`.
    public init?(_ lower: UInt16, _ upper: UInt16) {
        guard lower <= upper else { return nil }
        self.lower = lower
        self.upper = upper
    }

    /// Makes a range of the ports of a closed range.
    public init(_ ports: ClosedRange<UInt16>) {
        lower = ports.lowerBound
        upper = ports.upperBound
    }

    /// Makes the range that is one port.
    public init(_ port: UInt16) {
        lower = port
        upper = port
    }

    /// Every port, 0 among them.
    public static let all = PortRange(0...65535)

    /// Whether the port is in the range.
    public func contains(_ port: UInt16) -> Bool {
        lower <= port && port <= upper
    }

    /// Whether every port of `other` is in the range.
    public func contains(_ other: PortRange) -> Bool {
        lower <= other.lower && other.upper <= upper
    }
}

extension PortRange: CustomStringConvertible {
    /// `443`, or `8000-8100`.
    public var description: String {
        lower == upper ? "\(lower)" : "\(lower)-\(upper)"
    }
}
