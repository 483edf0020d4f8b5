/// Reads the fields of a mapping and reports those that nobody knows.
///
/// A field that is wrong is reported and read as if it were not there, so that reading goes on and finds
/// the other mistakes as well.
package struct FieldReader {
    /// The fields that are there. A mapping has few: looking through them is faster than hashing each key.
    private var fields: [(key: String, pair: YAMLPair)] = []
    /// The mapping itself.
    package let node: YAMLNode
    package let sink: DiagnosticSink

    /// Makes a reader of a node that has to be a mapping; nil, and a message, if it is not.
    ///
    /// - Parameters:
    ///   - what: What the mapping is, for messages: `spec`.
    ///   - keys: The keys that are known.
    ///   - refused: Keys that are no mistake but cannot be used, each with the reason.
    package init?(
        _ node: YAMLNode, _ what: String, keys: [String], refused: [String: String] = [:], sink: DiagnosticSink
    ) {
        self.node = node
        self.sink = sink
        guard case .mapping(let pairs) = node.content else {
            sink.error(at: node, "\(what): expected a mapping of \(Self.listed(keys)), found \(node.kindInWords)")
            return nil
        }
        for pair in pairs {
            guard case .scalar(let key, _) = pair.key.content else {
                sink.error(at: pair.key, "\(what): a key has to be a word, not \(pair.key.kindInWords)")
                continue
            }
            if let first = field(key) {
                sink.error(at: pair.key, "\(what): \(Self.shown(key)) stands here twice, first on line \(sink.location(first.key).line)")
            } else if keys.contains(key) {
                fields.append((key, pair))
            } else if let reason = refused[key] {
                sink.error(at: pair.key, "\(key): \(reason)")
            } else if key == "<<" {
                sink.error(at: pair.key, "\(what): merge keys (<<) are not supported; an alias can stand for a whole value")
            } else {
                reportUnknown(pair.key, key, what, keys)
            }
        }
    }

    private func reportUnknown(_ node: YAMLNode, _ key: String, _ what: String, _ keys: [String]) {
        if let near = Spelling.nearest(to: key, among: keys) {
            sink.error(at: node, "\(what): unknown key \(Self.shown(key))", suggestion: near)
        } else {
            sink.error(at: node, "\(what): unknown key \(Self.shown(key)); known are \(Self.listed(keys))")
        }
    }

    /// The words with commas and an "and".
    package static func listed(_ words: [String], _ conjunction: String = "and") -> String {
        words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " \(conjunction) " + words[words.count - 1]
    }

    /// The key as it stands in the document, if it does.
    package func key(_ name: String) -> YAMLNode? { field(name)?.key }

    private func field(_ name: String) -> YAMLPair? { fields.first { $0.key == name }?.pair }

    /// The value of a field, whatever it is; nil if the field is not there or empty, which is reported.
    package func value(_ name: String) -> YAMLNode? {
        guard let pair = field(name) else { return nil }
        guard !pair.value.isNull else {
            sink.error(at: pair.key, "\(name): has no value; leave the key out if none is meant")
            return nil
        }
        return pair.value
    }

    /// The value of a field that has to be there.
    package func required(_ name: String, of what: String) -> YAMLNode? {
        if field(name) == nil { sink.error(at: node, "\(what): '\(name)' is missing") }
        return value(name)
    }

    /// The text of a field.
    package func text(_ name: String) -> (text: String, node: YAMLNode)? {
        guard let value = value(name) else { return nil }
        return scalar(value, name).map { ($0, value) }
    }

    /// The text of a node that has to be a single value.
    package func scalar(_ node: YAMLNode, _ name: String) -> String? {
        if case .scalar(let text, _) = node.content, !node.isNull { return text }
        sink.error(at: node, "\(name): expected a single value, found \(node.kindInWords)")
        return nil
    }

    /// One of the cases of an enumeration of words.
    package func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, _: Choice.Type, refused: [String: String] = [:]
    ) -> Choice? where Choice.RawValue == String {
        guard let (text, node) = text(name) else { return nil }
        if let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        if let reason = refused[text] {
            sink.error(at: node, "\(name): \(Self.shown(text)) \(reason)")
        } else if let near = Spelling.nearest(to: text, among: words) {
            sink.error(at: node, "\(name): \(Self.shown(text)) is not one of \(Self.listed(words, "or"))", suggestion: near)
        } else {
            sink.error(at: node, "\(name): \(Self.shown(text)) is not one of \(Self.listed(words, "or"))")
        }
        return nil
    }

    /// A whole number within a range.
    package func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let (text, node) = text(name) else { return nil }
        if let number = Self.integer(text), range.contains(number) { return number }
        sink.error(at: node, "\(name): \(Self.quoted(text)) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    /// The elements of a list; a single value is a list of one. An empty list is reported unless it may be.
    package func list(_ name: String, mayBeEmpty: Bool = false) -> [YAMLNode] {
        guard let value = value(name) else { return [] }
        switch value.content {
        case .sequence(let elements):
            if elements.isEmpty, !mayBeEmpty {
                sink.error(at: value, "\(name): the list is empty; leave the key out if everything is meant")
            }
            return elements
        case .scalar:
            return [value]
        case .mapping:
            sink.error(at: value, "\(name): expected a list, found a mapping")
            return []
        }
    }

    /// The elements of a list of single values, as `read` makes them of their text; it gives nil for those it reported.
    package func list<Element>(
        _ name: String, mayBeEmpty: Bool = false, _ read: (_ text: String, _ node: YAMLNode) -> Element?
    ) -> [Element] {
        list(name, mayBeEmpty: mayBeEmpty).compactMap { node in
            scalar(node, name).flatMap { read($0, node) }
        }
    }

    /// A decimal number without leading zeros, blanks or a plus sign.
    package static func integer(_ text: String) -> Int? {
        guard let number = Int(text), String(number) == text else { return nil }
        return number
    }

    /// The text as messages show it: as it is if it is a number, else in quotes, cut if it is long.
    package static func quoted(_ text: String) -> String {
        integer(text) != nil ? text : shown(text)
    }

    /// The text in quotes, on one line, cut if it is long.
    package static func shown(_ text: String) -> String {
        let line = String(text.unicodeScalars.prefix(61)).onOneLine
        return line.unicodeScalars.count > 60 ? "'\(line.prefix(60))…'" : "'\(line)'"
    }
}
