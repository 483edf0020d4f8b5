internal import FoundationEssentials

/// Why a line of a file of packets is none, in one sentence.
public struct PacketLineError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String

    init(_ description: String) {
        self.description = description
    }
}

extension Packet {
    private static let keys = [
        "direction", "interface", "protocol", "source", "sourcePort", "destination", "destinationPort", "icmpType", "icmpCode",
    ]

    /// Reads a packet from one JSON object:
    /// `{"direction": "ingress", "interface": "eth0", "protocol": "tcp", "source": "192.0.2.1", "sourcePort": 40000,
    /// "destination": "192.0.2.2", "destinationPort": 443}`.
    ///
    /// `protocol` and `icmpType` are names or numbers. Ports are read only for protocols that have them, the ICMP
    /// type and code only for the family's ICMP; of these `sourcePort` and `icmpCode` may be left out and are 0.
    public init(jsonLine line: some StringProtocol) throws(PacketLineError) {
        let fields: [String: LineValue]
        do {
            fields = try JSONDecoder().decode([String: LineValue].self, from: Data(line.utf8))
        } catch {
            throw PacketLineError("is not one JSON object of words and whole numbers")
        }
        let unknown = fields.keys.filter { !Self.keys.contains($0) }.sorted()
        if let key = unknown.first {
            let near = Spelling.nearest(to: key, among: Self.keys).map { "; did you mean '\($0)'?" }
            throw PacketLineError("unknown key '\(key)'\(near ?? "; known are \(FieldReader.listed(Self.keys))")")
        }
        try self.init(LineFields(values: fields))
    }

    private init(_ fields: LineFields) throws(PacketLineError) {
        let direction = try fields.text("direction")
        guard let direction = Direction(rawValue: direction) else {
            throw PacketLineError("direction: '\(direction)' is neither 'ingress' nor 'egress'")
        }
        let source = try fields.address("source")
        let destination = try fields.address("destination")
        guard source.family == destination.family else {
            throw PacketLineError("source: \(source) and destination \(destination) are of two address families")
        }
        self.init(
            direction: direction, interface: try fields.text("interface"), protocol: try fields.protocolNumber(source.family),
            source: source, destination: destination)
        if hasPorts {
            destinationPort = try fields.number("destinationPort", "a port (0-65535)")
            sourcePort = try fields.number("sourcePort", "a port (0-65535)", otherwise: 0)
        }
        if isICMP {
            icmpType = try fields.icmpType(source.family)
            icmpCode = try fields.number("icmpCode", "an ICMP code (0-255)", otherwise: 0)
        }
    }

    /// The packet as `init(jsonLine:)` reads it.
    public var jsonLine: String {
        var fields: [(String, OutputValue)] = [
            ("direction", .text(direction.rawValue)), ("interface", .text(interface)), ("protocol", .integer(Int(`protocol`))),
            ("source", .text(source.description)),
        ]
        if hasPorts { fields.append(("sourcePort", .integer(Int(sourcePort)))) }
        fields.append(("destination", .text(destination.description)))
        if hasPorts { fields.append(("destinationPort", .integer(Int(destinationPort)))) }
        if isICMP { fields += [("icmpType", .integer(Int(icmpType))), ("icmpCode", .integer(Int(icmpCode)))] }
        return OutputValue.mapping(fields).json()
    }
}

extension Verdict {
    /// `{"verdict":"deny","policy":"web","rule":"rest","tier":"application"}`, with nulls for the allow that no rule
    /// decided.
    public var jsonLine: String {
        OutputValue.mapping([
            ("verdict", .text(action.rawValue)), ("policy", policy.map { .text($0) } ?? .null), ("rule", rule.map { .text($0) } ?? .null),
            ("tier", tier.map { .text($0.rawValue) } ?? .null),
        ]).json()
    }
}

/// A file of packets, one JSON object a line; empty lines are left out.
public struct PacketLines: Sendable {
    /// The packets in the order of the file.
    public private(set) var packets: [Packet] = []
    /// What is wrong, by line.
    public private(set) var diagnostics: [Diagnostic] = []

    /// Reads the contents of the file at `path`, which messages name.
    public init(_ text: String, path: String) {
        var line = 0
        for content in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            line += 1
            let content = Substring(content)
            if content.allSatisfy(\.isWhitespace) { continue }
            do throws(PacketLineError) {
                packets.append(try Packet(jsonLine: content))
            } catch {
                guard diagnostics.count < DiagnosticSink.limit else { continue }
                diagnostics.append(Diagnostic(at: SourceLocation(file: path, line: line), error.description))
            }
        }
    }

    /// Reads a file; `-` is standard input.
    public init(path: String) {
        let result = Self.contents(path)
        self.init(result.text, path: path == "-" ? "<stdin>" : path)
        diagnostics += result.diagnostics
    }

    private static func contents(_ path: String) -> (text: String, diagnostics: [Diagnostic]) {
        do throws(FileProblem) {
            let bytes = try FileContents.read(path, limit: FileContents.listLimit, remedy: "", standardInput: true)
            return (String(decoding: bytes, as: UTF8.self), [])
        } catch {
            return ("", [Diagnostic(at: SourceLocation(file: error.path), error.reason)])
        }
    }
}

/// A value that a line can hold.
private enum LineValue: Decodable {
    case number(Int)
    case text(String)
    case null

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let number = try? container.decode(Int.self) {
            self = .number(number)
        } else {
            self = .text(try container.decode(String.self))
        }
    }
}

/// The fields of a line, each read as what it has to be.
private struct LineFields {
    var values: [String: LineValue]

    func text(_ key: String) throws(PacketLineError) -> String {
        guard case .text(let text) = values[key] ?? .null, !text.isEmpty else { throw missing(key, "a word") }
        return text
    }

    func address(_ key: String) throws(PacketLineError) -> IPAddress {
        let text = try text(key)
        guard let address = IPAddress(text) else { throw PacketLineError("\(key): '\(text)' is not an IP address") }
        return address
    }

    func number<Number: FixedWidthInteger>(
        _ key: String, _ what: String, otherwise: Number? = nil
    ) throws(PacketLineError) -> Number {
        switch values[key] ?? .null {
        case .number(let number):
            guard let value = Number(exactly: number) else { throw PacketLineError("\(key): \(number) is not \(what)") }
            return value
        case .text(let text):
            guard let number = FieldReader.integer(text), let value = Number(exactly: number) else {
                throw PacketLineError("\(key): '\(text)' is not \(what)")
            }
            return value
        case .null:
            guard let otherwise else { throw missing(key, what) }
            return otherwise
        }
    }

    func protocolNumber(_ family: IPAddress.Family) throws(PacketLineError) -> UInt8 {
        guard case .text(let text) = values["protocol"] ?? .null, FieldReader.integer(text) == nil else {
            return try number("protocol", "the name or number of a protocol (0-255)")
        }
        switch text {
        case "icmp": return ProtocolMatch.icmpNumber(family)
        case "icmpv4" where family == .v4: return 1
        case "icmpv6" where family == .v6: return 58
        case "icmpv4", "icmpv6": throw PacketLineError("protocol: '\(text)' does not go with addresses of IP\(family)")
        default: break
        }
        guard let number = ProtocolName.number(of: text) else {
            let near = Spelling.nearest(to: text, among: ProtocolName.numbers.map(\.name)).map { "; did you mean '\($0)'?" } ?? ""
            throw PacketLineError("protocol: '\(text)' is not the name or number of a protocol\(near)")
        }
        return number
    }

    func icmpType(_ family: IPAddress.Family) throws(PacketLineError) -> UInt8 {
        if case .text(let text) = values["icmpType"] ?? .null, let type = ICMPName.type(of: text, family) { return type }
        return try number("icmpType", "the name or number of an ICMP type of IP\(family) (0-255)")
    }

    private func missing(_ key: String, _ what: String) -> PacketLineError {
        if case .number(let number) = values[key] ?? .null { return PacketLineError("\(key): \(number) is not \(what)") }
        return PacketLineError("'\(key)' is missing: \(what)")
    }
}
