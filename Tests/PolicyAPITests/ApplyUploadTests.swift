import NIOCore
@testable import PolicyAPI
import Testing

/// Documents with their list files behind them: documented in docs/api.md.
@Suite struct ApplyUploadTests {
    private static let lists = ["lists/a.txt": Array("192.0.2.1\n".utf8), "b.txt": [0xFF, 0x0A, 0x00]]

    private static func body(_ upload: ApplyUpload) throws -> ByteBuffer {
        try upload.parts().reduce(into: ByteBuffer()) { $0.writeImmutableBuffer($1) }
    }

    private static func request() -> ApplyRequest { ApplyRequest(sources: [SourceText(name: "a.yaml", text: "x\ny")], replace: true) }

    @Test func whatIsSentArrives() throws {
        let upload = try ApplyUpload(decoding: Self.body(ApplyUpload(Self.request(), lists: Self.lists)))
        #expect(upload.lists == Self.lists)
        #expect(upload.request.sources == Self.request().sources && upload.request.replace)
    }

    @Test func theBodyIsALineAndTheFiles() throws {
        let body = try Self.body(ApplyUpload(ApplyRequest(sources: []), lists: ["b.txt": Array("::1".utf8), "a.txt": Array("::2\n".utf8)]))
        #expect(
            String(buffer: body) == """
                {"attached":[{"bytes":4,"name":"a.txt"},{"bytes":3,"name":"b.txt"}],"dryRun":false,"lists":[],"replace":false,"sources":[],\
                "strict":false}
                ::2
                ::1
                """)
    }

    @Test func withoutListsNothingIsAttached() {
        #expect(ApplyUpload(Self.request(), lists: [:]).request.attached == nil)
    }

    @Test func aBodyThatIsCutOrGoesOnIsRefused() throws {
        let body = try Self.body(ApplyUpload(Self.request(), lists: Self.lists))
        let cut = body.getSlice(at: 0, length: body.readableBytes - 1)
        #expect(throws: ApplyUpload.Malformed.self) { _ = try ApplyUpload(decoding: #require(cut)) }
        var longer = body
        longer.writeInteger(UInt8(0))
        #expect(throws: ApplyUpload.Malformed.self) { _ = try ApplyUpload(decoding: longer) }
        #expect(throws: ApplyUpload.Malformed.self) { _ = try ApplyUpload(decoding: ByteBuffer(string: "{}")) }
        #expect(throws: DecodingError.self) { _ = try ApplyUpload(decoding: ByteBuffer(string: "{}\n")) }
        let negative = #"{"sources":[],"attached":[{"name":"a","bytes":-1}]}"# + "\n"
        #expect(throws: ApplyUpload.Malformed.self) { _ = try ApplyUpload(decoding: ByteBuffer(string: negative)) }
        let twice = #"{"sources":[],"attached":[{"name":"a","bytes":1},{"name":"a","bytes":1}]}"# + "\nxy"
        #expect(throws: ApplyUpload.Malformed.self) { _ = try ApplyUpload(decoding: ByteBuffer(string: twice)) }
        let both = #"{"sources":[],"lists":[{"name":"a","text":"x"}],"attached":[]}"# + "\n"
        #expect(throws: ApplyUpload.Malformed.self) { _ = try ApplyUpload(decoding: ByteBuffer(string: both)) }
    }
}
