public import FoundationEssentials

/// How messages are written and read: keys sorted, so that the same message is always the same text.
public enum JSON {
    /// A message as JSON, on one line, or indented for people.
    public static func encode(_ value: some Encodable, indented: Bool = false) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            indented ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// A message as text of JSON.
    public static func text(_ value: some Encodable, indented: Bool = false) throws -> String {
        String(decoding: try encode(value, indented: indented), as: UTF8.self)
    }

    public static func decode<Value: Decodable>(_ type: Value.Type = Value.self, from data: Data) throws -> Value {
        try JSONDecoder().decode(type, from: data)
    }
}
