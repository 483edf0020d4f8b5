/// A value of a JSON text, with the line it begins on.
struct JSONNode: Sendable {
    enum Content: Sendable {
        case null
        case bool(Bool)
        /// A number, as it is written.
        case number(String)
        case text(String)
        case list([JSONNode])
        case object([(key: String, value: JSONNode)])
    }

    var content: Content
    /// The line, from 1.
    var line: Int

    /// The value of a key.
    subscript(key: String) -> JSONNode? {
        if case .object(let fields) = content { fields.first { $0.key == key }?.value } else { nil }
    }

    var text: String? { if case .text(let text) = content { text } else { nil } }
    var integer: Int? { if case .number(let text) = content { Int(text) } else { nil } }
    var list: [JSONNode]? { if case .list(let elements) = content { elements } else { nil } }
    /// The only key of an object, as most of nftables' expressions are.
    var single: (key: String, value: JSONNode)? {
        if case .object(let fields) = content, fields.count == 1 { fields[0] } else { nil }
    }

    /// The value on one line, up to about so many characters.
    func compact(limit: Int = 300) -> String {
        var text = ""
        write(to: &text, limit)
        return text
    }

    private func write(to text: inout String, _ limit: Int) {
        guard text.utf8.count < limit else { return }
        switch content {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .number(let number): text += number
        case .text(let value): text += "\"\(value)\""
        case .list(let elements):
            text += "["
            for (index, element) in elements.enumerated() where text.utf8.count < limit {
                if index > 0 { text += ", " }
                element.write(to: &text, limit)
            }
            text += "]"
        case .object(let fields):
            text += "{"
            for (index, field) in fields.enumerated() where text.utf8.count < limit {
                text += (index > 0 ? ", " : "") + "\"\(field.key)\": "
                field.value.write(to: &text, limit)
            }
            text += "}"
        }
    }
}
