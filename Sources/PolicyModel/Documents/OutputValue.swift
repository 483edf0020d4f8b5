/// A tree of values to print as YAML or JSON, with its keys in the order given.
public enum OutputValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case text(String)
    case list([OutputValue])
    case fields([OutputField])

    /// A mapping of these keys and values.
    public static func mapping(_ fields: [(String, OutputValue)]) -> OutputValue {
        .fields(fields.map { OutputField(key: $0.0, value: $0.1) })
    }

    private var isScalar: Bool {
        switch self {
        case .null, .bool, .integer, .text: true
        case .list, .fields: false
        }
    }
}

/// A key and its value.
public struct OutputField: Hashable, Sendable {
    public var key: String
    public var value: OutputValue

    public init(key: String, value: OutputValue) {
        self.key = key
        self.value = value
    }
}

extension OutputValue {
    /// The value as JSON; on one line, or with `isPretty` over several.
    public func json(isPretty: Bool = false) -> String {
        var text = ""
        writeJSON(to: &text, indent: isPretty ? 0 : nil)
        return text
    }

    private func writeJSON(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += "\(value)"
        case .text(let value): text += Self.quoted(value)
        case .list(let elements):
            // Lists of plain values stay on one line: ports, addresses.
            let inner = elements.allSatisfy(\.isScalar) ? nil : indent.map { $0 + 2 }
            Self.writeAll(elements, "[", "]", to: &text, indent: inner) { $0.writeJSON(to: &$1, indent: inner) }
        case .fields(let fields):
            let inner = indent.map { $0 + 2 }
            Self.writeAll(fields, "{", "}", to: &text, indent: inner) { field, text in
                text += Self.quoted(field.key) + (inner == nil ? ":" : ": ")
                field.value.writeJSON(to: &text, indent: inner)
            }
        }
    }

    private static func writeAll<Element>(
        _ elements: [Element], _ opening: String, _ closing: String, to text: inout String, indent: Int?,
        _ write: (Element, inout String) -> Void
    ) {
        guard !elements.isEmpty else {
            text += opening + closing
            return
        }
        func lineBreak(_ indent: Int) -> String { "\n" + String(repeating: " ", count: indent) }
        text += opening
        for (index, element) in elements.enumerated() {
            if index > 0 { text += "," }
            if let indent { text += lineBreak(indent) }
            write(element, &text)
        }
        if let indent { text += lineBreak(indent - 2) }
        text += closing
    }

    /// The text in double quotes, as JSON and YAML both read it.
    private static func quoted(_ value: String) -> String {
        var text = "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}":
                let hex = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}

extension OutputValue {
    /// The value as YAML, with a line break at its end.
    public func yaml() -> String {
        var text = ""
        writeYAML(to: &text, indent: 0)
        return text.hasSuffix("\n") ? text : text + "\n"
    }

    /// Writes the value where a line begins, or behind what stands on it.
    private func writeYAML(to text: inout String, indent: Int) {
        let margin = String(repeating: " ", count: indent)
        switch self {
        case .fields(let fields) where !fields.isEmpty:
            for (index, field) in fields.enumerated() {
                if index > 0 { text += margin }
                text += Self.plain(field.key) + ":"
                field.value.writeYAMLValue(to: &text, indent: indent)
            }
        case .list(let elements) where !elements.isEmpty:
            for (index, element) in elements.enumerated() {
                if index > 0 { text += margin }
                text += "- "
                element.writeYAML(to: &text, indent: indent + 2)
            }
        default:
            text += flow + "\n"
        }
    }

    private func writeYAMLValue(to text: inout String, indent: Int) {
        switch self {
        case .fields(let fields) where !fields.isEmpty:
            text += "\n" + String(repeating: " ", count: indent + 2)
            writeYAML(to: &text, indent: indent + 2)
        case .list(let elements) where !elements.isEmpty && (elements.count > 8 || !elements.allSatisfy(\.isScalar)):
            text += "\n" + String(repeating: " ", count: indent + 2)
            writeYAML(to: &text, indent: indent + 2)
        default:
            text += " " + flow + "\n"
        }
    }

    private var flow: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .text(let value): Self.plain(value)
        case .list(let elements): "[" + elements.map(\.flow).joined(separator: ", ") + "]"
        case .fields(let fields): "{" + fields.map { "\(Self.plain($0.key)): \($0.value.flow)" }.joined(separator: ", ") + "}"
        }
    }

    /// The text without quotes where no YAML reader takes it for anything else.
    private static func plain(_ value: String) -> String {
        let isWord = value.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "._-/".utf8.contains(byte)
            }
        }
        let reserved: Set<String> = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"]
        // What begins with a digit may be a number, a date or 0x10; with two separators of numbers it is none.
        let first = value.utf8.first ?? 0
        let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first | 0x20)
        let isAddress = CIDR(value)?.family == .v4
        return isWord && (isLetter && !reserved.contains(value.lowercased()) || isAddress) ? value : quoted(value)
    }
}
