/// What was taken out of the kernel. The answer of `POST /v1/down`.
public struct DownMessage: Codable, Sendable, Hashable {
    /// The revision that was in force; absent if none was.
    public var revision: UInt32?
    /// The interfaces that are no longer protected.
    public var interfaces: [String]

    public init(revision: UInt32?, interfaces: [String]) {
        self.revision = revision
        self.interfaces = interfaces
    }
}
