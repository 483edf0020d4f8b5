/// What went wrong between a client and the daemon.
public enum ClientError: Error, Sendable, Hashable {
    /// No daemon answers at the socket, or it went away.
    case unreachable(String)
    /// The user may not open the socket, or the daemon refused the user.
    case notPermitted(String)
    /// The daemon refused the request; nothing has changed.
    case refused(Failure)
    /// The daemon's answer makes no sense, as when the two are of different versions.
    case notUnderstood(String)
}

extension ClientError: CustomStringConvertible {
    /// One sentence for people.
    public var description: String {
        switch self {
        case .unreachable(let words), .notPermitted(let words), .notUnderstood(let words): words
        case .refused(let failure): failure.error
        }
    }
}
