/// Reads the values of single fields: ports, protocols, addresses, interfaces, names.
///
/// Each gives nil for a text that is none, having said why.
extension FieldReader {
    /// `443`, `8000-8100`.
    func portRange(_ text: String, _ node: YAMLNode, _ field: String) -> PortRange? {
        if let port = UInt16(text), String(port) == text { return PortRange(port) }
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        // A minus in front is a number below zero, not a range without a beginning.
        guard parts.count == 2, !parts[0].isEmpty else { return port(text, node, field).map { PortRange($0) } }
        guard let lower = port(parts[0], node, field), let upper = port(parts[1], node, field) else { return nil }
        if let range = PortRange(lower, upper) { return range }
        sink.error(at: node, "\(field): the range '\(text)' ends before it begins", suggestion: "\(upper)-\(lower)")
        return nil
    }

    private func port(_ text: String, _ node: YAMLNode, _ field: String) -> UInt16? {
        if let number = Self.integer(text), let port = UInt16(exactly: number) { return port }
        sink.error(at: node, "\(field): \(Self.quoted(text)) is not a port (0-65535)")
        return nil
    }

    /// `tcp`, `icmp`, `47`.
    func protocolMatch(_ text: String, _ node: YAMLNode, _ field: String) -> ProtocolMatch? {
        switch text {
        case "tcp": return .tcp
        case "udp": return .udp
        case "icmp": return .icmp
        case "icmpv4": return .icmpv4
        case "icmpv6": return .icmpv6
        default: break
        }
        if let number = ProtocolName.number(of: text) { return .number(number) }
        if let number = Self.integer(text) {
            if let number = UInt8(exactly: number) { return .number(number) }
            sink.error(at: node, "\(field): \(number) is not a protocol number (0-255)")
            return nil
        }
        let names = ProtocolName.numbers.map(\.name) + ["icmp", "icmpv4", "icmpv6"]
        let meant = text == "any" ? " (leave the key out to match every protocol)" : ""
        sink.error(
            at: node, "\(field): \(Self.quoted(text)) is not the name or number of a protocol\(meant)",
            suggestion: meant.isEmpty ? Spelling.nearest(to: text, among: names) : nil)
        return nil
    }

    /// `any`, `192.0.2.0/24`, `set:abusers`, without negation.
    func addressTerm(_ text: String, _ node: YAMLNode, _ field: String) -> AddressTerm? {
        if text == "any" { return .any }
        if text.hasPrefix("set:") {
            return name(String(text.dropFirst(4)), node, "\(field): a set's name").map { .set($0) }
        }
        return prefix(text, node, field, or: ", 'any' or 'set:NAME'").map { .prefix($0) }
    }

    /// `192.0.2.0/24`, `set:abusers`: an entry of a set, which only adds.
    func setEntry(_ text: String, _ node: YAMLNode, _ field: String) -> AddressTerm? {
        if text.hasPrefix("!") {
            sink.error(
                at: node, "\(field): \(Self.quoted(text)): nothing can be taken away from a set; write it where a rule uses the set")
            return nil
        }
        guard text.hasPrefix("set:") else { return prefix(text, node, field, or: " or 'set:NAME'").map { .prefix($0) } }
        return addressTerm(text, node, field)
    }

    /// A time such as `2026-12-31T18:00:00Z`.
    func instant(_ field: String) -> Instant? {
        guard let (text, node) = text(field) else { return nil }
        guard let time = RFC3339(text), let instant = Instant(text) else {
            sink.error(at: node, "\(field): \(Self.quoted(text)) is not an RFC 3339 time such as 2026-12-31T18:00:00Z")
            return nil
        }
        // The kernel program keeps 32 bits of seconds, which end in February 2106.
        guard (1970...2105).contains(time.year) else {
            sink.error(at: node, "\(field): \(Self.quoted(text)) is not in the years 1970 to 2105; leave the key out if it is never")
            return nil
        }
        return instant
    }

    /// An address or prefix; `others` is what else could stand there.
    func prefix(_ text: String, _ node: YAMLNode, _ field: String, or others: String) -> CIDR? {
        do {
            return try CIDR.parse(text)
        } catch {
            let (message, suggestion) = error.words(text, or: others)
            sink.error(at: node, "\(field): \(message)", suggestion: suggestion)
            return nil
        }
    }

    /// The terms of an address field, `!` in front of those that take away.
    func addressMatch(_ field: String, references: inout [SetUse]) -> AddressMatch {
        var match = AddressMatch()
        for node in list(field) {
            guard let text = scalar(node, field) else { continue }
            let isNegative = text.hasPrefix("!")
            guard let term = addressTerm(isNegative ? String(text.dropFirst()) : text, node, field) else { continue }
            if case .set(let name) = term { references.append(SetUse(set: name, field: field, location: sink.location(node))) }
            if isNegative, term == .any {
                sink.error(at: node, "\(field): '!any' would match nothing")
            } else if isNegative {
                match.negatives.append(term)
            } else {
                match.positives.append(term)
            }
        }
        return match
    }

    /// Globs, `!` in front of those that take away; nil if the field is not there.
    package func interfaceSelector(_ field: String) -> InterfaceSelector? {
        guard key(field) != nil else { return nil }
        let patterns: [String] = list(field) { text, node in
            let glob = text.hasPrefix("!") ? String(text.dropFirst()) : text
            if let problem = Self.problem(glob: glob) {
                sink.error(at: node, "\(field): \(Self.quoted(text)) \(problem)")
                return nil
            }
            return text
        }
        return InterfaceSelector(patterns: patterns)
    }

    private static func problem(glob: String) -> String? {
        if glob.isEmpty { return "is no interface" }
        if glob.unicodeScalars.contains(where: { $0 == "/" || $0 == ":" || $0.properties.isWhitespace }) {
            return "holds a character that no interface's name has"
        }
        if glob.contains(where: { "[]{}".contains($0) }) { return "is no glob: only * and ? stand for other characters" }
        // The kernel's IFNAMSIZ is 16 with the closing NUL.
        if glob.utf8.count(where: { $0 != UInt8(ascii: "*") }) > 15 { return "is longer than an interface's name can be (15)" }
        return nil
    }

    /// A name of a document or rule: letters, digits, `.`, `_`, `-`, at most 63 of them.
    func name(_ text: String, _ node: YAMLNode, _ field: String) -> String? {
        func isLetterOrDigit(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: false
            }
        }
        func isNamePart(_ byte: UInt8) -> Bool {
            isLetterOrDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
        }
        let bytes = text.utf8
        let isSound = bytes.count <= 63 && bytes.first.map(isLetterOrDigit) ?? false && bytes.allSatisfy(isNamePart)
        if isSound { return text }
        sink.error(
            at: node,
            "\(field): \(Self.quoted(text)) is not a name: letters, digits, '.', '_' and '-', the first a letter or digit, at most 63")
        return nil
    }
}

extension CIDR.ParseError {
    /// The error in words about the text, and what was meant if that is known.
    func words(_ text: String, or others: String) -> (message: String, suggestion: String?) {
        let quoted = FieldReader.quoted(text)
        switch self {
        case .malformed where text.contains("-") && text.split(separator: "-").allSatisfy({ IPAddress($0) != nil }):
            return ("\(quoted): ranges of addresses are not supported; write prefixes", nil)
        case .malformed:
            return ("\(quoted) is not an address or prefix\(others)", nil)
        case .length(let family):
            return ("\(quoted): the length of the prefix is not a number from 0 to \(family.bitWidth)", nil)
        case .hostBitsSet(let meant):
            return ("\(quoted) has bits set behind its length", "\(meant)")
        }
    }
}
