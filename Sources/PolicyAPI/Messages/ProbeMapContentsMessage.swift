internal import FoundationEssentials

/// What a map of a probe holds. `GET /v1/probes/{name}/maps/{map}`.
public struct ProbeMapContentsMessage: Codable, Sendable, Hashable {
    /// A key, and its value; of maps with a value for each processor all of them.
    public struct Entry: Codable, Sendable, Hashable {
        public var key: JSONValue
        public var values: [JSONValue]
        /// The stack traces whose numbers the key or the value has; absent if it has none.
        public var stacks: [ProbeStackMessage]?

        public init(key: JSONValue, values: [JSONValue], stacks: [ProbeStackMessage]? = nil) {
            self.key = key
            self.values = values
            self.stacks = stacks
        }
    }

    public var name: String
    /// The kind, as libbpf calls it: `hash`.
    public var type: String
    /// Whether there is a value for each processor.
    public var isPerCPU: Bool
    public var entries: [Entry]

    public init(name: String, type: String, isPerCPU: Bool, entries: [Entry]) {
        self.name = name
        self.type = type
        self.isPerCPU = isPerCPU
        self.entries = entries
    }
}

/// A stack trace that a program took.
public struct ProbeStackMessage: Codable, Sendable, Hashable {
    /// The field of the key or the value that has its number; of an entry of the map of stack traces itself, that map.
    public var field: String
    /// Innermost first.
    public var frames: [ProbeFrameMessage]

    public init(field: String, frames: [ProbeFrameMessage]) {
        self.field = field
        self.frames = frames
    }
}

/// A frame of a stack trace: an address, or a place in a file.
public struct ProbeFrameMessage: Codable, Sendable, Hashable {
    /// The address in hexadecimal, as in `0x7f12`.
    public var address: String?
    /// The build ID of the file, in hexadecimal.
    public var buildID: String?
    /// The offset in that file.
    public var offset: UInt64?
    /// Where that is, in words: `malloc+0x1c (/usr/lib/libc.so.6)`. The daemon leaves it out: `policyctl` looks, with the rights of who runs it.
    public var place: String?

    public init(address: String? = nil, buildID: String? = nil, offset: UInt64? = nil, place: String? = nil) {
        self.address = address
        self.buildID = buildID
        self.offset = offset
        self.place = place
    }
}

/// Any value of JSON: what a type that is only known at run time is written as. Numbers keep up to 64 bits, larger ones become text.
public indirect enum JSONValue: Codable, Sendable, Hashable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    /// Reads JSON; nil if the text is none.
    public init?(_ text: String) {
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else { return nil }
        self = value
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .boolean(flag)
        } else if let number = try? container.decode(Int64.self) {
            self = .integer(number)
        } else if let number = try? container.decode(UInt64.self) {
            self = .unsigned(number)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([JSONValue].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .boolean(let flag): try container.encode(flag)
        case .integer(let number): try container.encode(number)
        case .unsigned(let number): try container.encode(number)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let elements): try container.encode(elements)
        case .object(let fields): try container.encode(fields)
        }
    }
}

extension JSONValue: CustomStringConvertible {
    /// As a cell of a table: text without quotes, objects as `name=value`.
    public var description: String {
        switch self {
        case .null: "-"
        case .boolean(let flag): "\(flag)"
        case .integer(let number): "\(number)"
        case .unsigned(let number): "\(number)"
        case .number(let number): "\(number)"
        case .text(let text): text
        case .list(let elements): "[" + elements.map(\.description).joined(separator: " ") + "]"
        case .object(let fields): fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        }
    }
}
