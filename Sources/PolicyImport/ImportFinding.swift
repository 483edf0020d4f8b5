/// What became of a part of the source that is no rule of the policy.
public struct ImportFinding: Hashable, Sendable, Codable {
    /// What an importer has to say.
    public enum Kind: String, Hashable, Sendable, Codable {
        /// A policy cannot say it: packets may be judged otherwise than before.
        case notExpressed = "not expressed"
        /// A policy says it in another way, or something was assumed.
        case note
    }

    /// What it is.
    public var kind: Kind
    /// The file.
    public var file: String
    /// The line, from 1; 0 for the file as a whole.
    public var line: Int
    /// What stands there, cut if it is long.
    public var text: String
    /// What becomes of it, and why.
    public var reason: String

    init(_ kind: Kind, file: String, line: Int = 0, text: String = "", _ reason: String) {
        self.kind = kind
        self.file = file
        self.line = line
        self.text = Self.line(text, limit: 160)
        self.reason = Self.line(reason, limit: 400)
    }

    init(_ kind: Kind, _ origin: Origin, _ reason: String) {
        self.init(kind, file: origin.file, line: origin.line, text: origin.text, reason)
    }

    /// The text on one line, without what terminals and YAML do not take.
    static func line(_ text: String, limit: Int) -> String {
        let scalars = text.unicodeScalars
        let shown = scalars.prefix(limit).map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned, .privateUse: "?"
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(shown)) + (scalars.dropFirst(limit).isEmpty ? "" : "…")
    }
}

extension ImportFinding: CustomStringConvertible {
    /// As compilers write it: `rules.v4:12: not expressed: -A INPUT …: reason`.
    public var description: String {
        let place = line > 0 ? "\(file):\(line)" : file
        return [place, kind.rawValue, text, reason].filter { !$0.isEmpty }.joined(separator: ": ")
    }
}

/// Why a source cannot be read at all.
public struct ImportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file.
    public var file: String
    /// The line, from 1; 0 for the file as a whole.
    public var line: Int
    /// What is wrong and what was expected, in one sentence.
    public var message: String

    init(file: String, line: Int = 0, _ message: String) {
        self.file = file
        self.line = line
        self.message = ImportFinding.line(message, limit: 400)
    }

    /// `rules.v4:12: error: expected …`
    public var description: String {
        line > 0 ? "\(file):\(line): error: \(message)" : "\(file): error: \(message)"
    }
}
