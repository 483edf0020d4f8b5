import HTTPTypes

/// Which of the events of a stream a request asks for: kept ones, live ones or both.
struct EventSpan {
    private var last: Int?
    private var follow: Bool?

    /// How many kept ones come first, at most.
    var kept: Int { last ?? 0 }
    /// Whether live ones follow: unless it is said, where no kept ones are asked for.
    var isLive: Bool { follow ?? (last == nil) }

    /// Takes a parameter of the query; false if it is another's.
    ///
    /// - Throws: ``Refusal`` if it has no sound value.
    mutating func set(_ name: String, _ value: String) throws -> Bool {
        switch name {
        case "last":
            guard let count = Int(value), count >= 0 else { throw Refusal(.badRequest, "last: '\(value)' is not a number of events") }
            last = count
        case "follow":
            guard let flag = Bool(value) else { throw Refusal(.badRequest, "follow: '\(value)' is neither true nor false") }
            follow = flag
        default: return false
        }
        return true
    }
}
