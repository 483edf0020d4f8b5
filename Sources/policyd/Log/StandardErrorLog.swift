import FoundationEssentials
import Glibc
import Logging
import PolicyAPI
import Synchronization

/// What all log handlers of the process share: the level and the format, both of which a reload may change.
final class LogSettings: Sendable {
    struct Values: Sendable {
        var level: Logger.Level
        var format: LogFormat
    }

    private let values: Mutex<Values>

    init(level: Logger.Level, format: LogFormat) {
        values = Mutex(Values(level: level, format: format))
    }

    var level: Logger.Level {
        get { values.withLock { $0.level } }
        set { values.withLock { $0.level = newValue } }
    }

    var format: LogFormat {
        get { values.withLock { $0.format } }
        set { values.withLock { $0.format = newValue } }
    }
}

/// Writes log entries to standard error, each with one `write`, so that lines of several threads do not mix.
struct StandardErrorLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let settings: LogSettings
    private let underJournal: Bool

    /// - Parameter underJournal: true if standard error is the journal, which knows the time and reads the level from a prefix.
    init(label: String, settings: LogSettings, underJournal: Bool) {
        self.label = label
        self.settings = settings
        self.underJournal = underJournal
    }

    /// One level for the whole process: a reload changes it everywhere.
    var logLevel: Logger.Level {
        get { settings.level }
        set { settings.level = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var values = metadata
        if let provided = metadataProvider?.get() { values.merge(provided) { $1 } }
        if let own = event.metadata { values.merge(own) { $1 } }
        let pairs = values.map { (key: $0.key, value: $0.value.description) }.sorted { $0.key < $1.key }
        let line: String
        switch settings.format {
        case .text:
            line = LogLine.text(
                time: underJournal ? nil : .now, level: event.level, message: event.message.description, metadata: pairs)
        case .json:
            line = LogLine.json(time: .now, level: event.level, label: label, message: event.message.description, metadata: pairs)
        }
        var bytes = Array(line.utf8)
        bytes.append(UInt8(ascii: "\n"))
        writeAll(bytes, to: STDERR_FILENO)
    }
}

/// The text of log entries.
enum LogLine {
    private static let messageWidth = 36

    /// An aligned line. Without a time it carries the journal's level prefix instead.
    static func text(time: Timestamp?, level: Logger.Level, message: String, metadata: [(key: String, value: String)]) -> String {
        var line: String
        if let time {
            // Milliseconds are enough for people.
            line = time.description.prefix(23) + "Z " + padded(level.rawValue, to: 8) + " "
        } else {
            line = "<\(level.syslogPriority)>"
        }
        line += metadata.isEmpty ? message : padded(message, to: messageWidth)
        for (key, value) in metadata {
            line += " \(key)=\(quoted(value))"
        }
        return line.contains("\n") ? line.replacing("\n", with: "\\n") : line
    }

    /// One JSON object: `time`, `level`, `logger`, `message`, and the metadata under its own keys in `fields`.
    static func json(
        time: Timestamp, level: Logger.Level, label: String, message: String, metadata: [(key: String, value: String)]
    ) -> String {
        struct Entry: Encodable {
            var time: Timestamp
            var level: String
            var logger: String
            var message: String
            var fields: [String: String]
        }
        let entry = Entry(
            time: time, level: level.rawValue, logger: label, message: message,
            fields: Dictionary(metadata.map { ($0.key, $0.value) }) { $1 })
        return (try? JSON.text(entry)) ?? #"{"level":"error","message":"a log entry could not be encoded"}"#
    }

    private static func padded(_ text: String, to width: Int) -> String {
        let missing = width - text.count
        return missing > 0 ? text + String(repeating: " ", count: missing) : text
    }

    private static func quoted(_ value: String) -> String {
        let plain =
            !value.isEmpty && value.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x7f && $0 != UInt8(ascii: "=") }
        guard !plain else { return value }
        return "\"" + value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
    }
}

extension Logger.Level {
    /// The number of syslog(3) for the journal's `<N>` prefix.
    fileprivate var syslogPriority: Int {
        switch self {
        case .critical: 2
        case .error: 3
        case .warning: 4
        case .notice: 5
        case .info: 6
        case .debug, .trace: 7
        }
    }
}
