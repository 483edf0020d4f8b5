import PolicyAPI
import Testing

@Suite struct FlatJSONTests {
    static func fields(_ text: String) throws -> [String: FlatJSON.Value] {
        var fields: [String: FlatJSON.Value] = [:]
        try FlatJSON.read(Array(text.utf8)[...]) { fields[$0] = $1 }
        return fields
    }

    @Test func readsEveryKindOfValue() throws {
        let fields = try Self.fields(" { \"a\" : \"x\" ,\"b\":-12,\t\"c\":true, \"d\":false,\"e\":null } ")
        #expect(fields == ["a": .string("x"), "b": .integer(-12), "c": .boolean(true), "d": .boolean(false), "e": .null])
        #expect(try Self.fields("{}").isEmpty)
    }

    @Test func readsEscapes() throws {
        let fields = try Self.fields(#"{"a":"\"\\\/\b\f\n\r\t\u00fc\ud83d\ude00é"}"#)
        #expect(fields["a"] == .string("\"\\/\u{8}\u{c}\n\r\t\u{fc}\u{1F600}é"))
    }

    @Test(arguments: [
        ("{\"a\":1.5}", 6), ("{\"a\":[1]}", 6), ("{\"a\":{}}", 6), ("{\"a\" 1}", 6), ("{\"a\":1 \"b\":2}", 8), ("{a:1}", 2),
        ("{\"a\":tru}", 6),
        ("{\"a\":99999999999999999999}", 6), ("{\"a\":\"x", 6),
    ])
    func namesThePlaceOfAMistake(_ text: String, _ column: Int) throws {
        let error = try #require(throws: FlatJSON.Malformed.self) { try Self.fields(text) }
        #expect(error.column == column, "\(error)")
    }
}
