/// A revision that is withdrawn unless it is confirmed in time.
public struct ConfirmationMessage: Codable, Sendable, Hashable {
    /// The revision that waits.
    public var revision: UInt32
    /// The revision whose documents and entries come into force again; absent if nothing was in force before.
    public var back: UInt32?
    /// When it is withdrawn.
    public var until: Timestamp

    public init(revision: UInt32, back: UInt32?, until: Timestamp) {
        self.revision = revision
        self.back = back
        self.until = until
    }
}

/// What was confirmed. The answer of `POST /v1/confirm`.
public struct ConfirmedMessage: Codable, Sendable, Hashable {
    /// The revision that waited; it stays.
    public var revision: UInt32

    public init(revision: UInt32) {
        self.revision = revision
    }
}
