/// Why there is no report on an object.
public enum InspectionError: Error, Sendable, Hashable {
    /// It is no object that can be opened, and why.
    case refused(String)
    /// The process that looked at it ended by a signal, of the given number: the file is corrupted or made to do harm.
    case crashed(object: String, signal: Int32)
    /// The process that looked at it had not done so after so many seconds.
    case timedOut(object: String, seconds: Int)
    /// The process could not be started or did not answer as agreed, and why.
    case failed(String)
}

extension InspectionError: CustomStringConvertible {
    public var description: String { description(doing: "open", gerund: "looking at it") }

    /// The sentence of a process that was to do something else with the object.
    func description(doing verb: String, gerund: String) -> String {
        switch self {
        case .refused(let words), .failed(let words): words
        case .crashed(let object, let signal):
            "cannot \(verb) object \(object): \(gerund) ended a process by signal \(signal): the file is corrupted, or made to do harm"
        case .timedOut(let object, let seconds):
            "cannot \(verb) object \(object): \(gerund) took more than \(seconds) s: the file is corrupted, or made to do harm"
        }
    }
}
