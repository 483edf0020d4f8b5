/// How the daemon writes its log.
enum LogFormat: String, Sendable, CaseIterable {
    /// One aligned line an entry for people: time, level, message, `key=value`.
    case text
    /// One JSON object a line for programs.
    case json
}
