import BPF
import BPFTestObjects
import CBPFTestObjects
import Testing

@Suite("Records as JSON and as lines")
struct RecordTests {
    private func decoder(_ name: String, constants: [(name: String, value: String)] = []) throws -> RecordDecoder {
        try RecordDecoder(OpenObject(.types).types.type(named: name), constants: constants)
    }

    private func json(_ decoder: RecordDecoder, _ record: [UInt8], _ clock: RecordClock = noClock) -> String {
        var text: [UInt8] = []
        decoder.json(of: record, clock: clock, into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private func line(_ decoder: RecordDecoder, _ record: [UInt8], _ clock: RecordClock = noClock) -> String {
        var text: [UInt8] = []
        decoder.line(of: record, clock: clock, into: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private func bytes<T>(of value: T) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    private func opened(comm: String = "cat", path: String = "/etc/passwd") -> bt_opened {
        var record = bt_opened()
        record.time = 1_500_000_000
        record.bytes = .max
        record.took_ns = 1_204_567
        record.pid = 4711
        record.result = -2
        record.verdict = BT_DENY
        record.is_first = 1
        withUnsafeMutableBytes(of: &record.comm) { $0.copyBytes(from: Array(comm.utf8).prefix(16)) }
        withUnsafeMutableBytes(of: &record.path) { $0.copyBytes(from: Array(path.utf8).prefix(24)) }
        return record
    }

    @Test func `an event has its time, its text and its numbers without loss`() throws {
        let decoder = try decoder("struct bt_opened")
        #expect(decoder.byteCount == 80)
        // 2026-11-21T00:00:00Z, less one second since boot.
        let clock = RecordClock(bootOffset: 1_795_219_199_000_000_000, monotonicOffset: 0)
        #expect(
            json(decoder, bytes(of: opened()), clock)
                == #"{"time":"2026-11-21T00:00:00.500000000Z","bytes":18446744073709551615,"took_ns":1204567,"pid":4711,"result":-2,"#
                + #""comm":"cat","path":"/etc/passwd","verdict":"BT_DENY","is_first":1}"#)
        #expect(
            line(decoder, bytes(of: opened()), clock)
                == "2026-11-21T00:00:00.500000000Z bytes=18446744073709551615 took_ns=1.204ms pid=4711 result=-2 "
                + "comm=cat path=/etc/passwd verdict=BT_DENY is_first=1")
    }

    @Test func `text of programs cannot break JSON nor a terminal`() throws {
        let decoder = try decoder("struct bt_opened")
        func path(_ text: [UInt8]) -> (json: String, line: String) {
            var record = opened()
            withUnsafeMutableBytes(of: &record.path) {
                $0.initializeMemory(as: UInt8.self, repeating: 0)
                $0.copyBytes(from: text)
            }
            let json = json(decoder, bytes(of: record)).split(separator: "\"path\":")[1].split(separator: ",\"verdict\"")[0]
            let line = line(decoder, bytes(of: record)).split(separator: " path=")[1].split(separator: " verdict=")[0]
            return (String(json), String(line))
        }
        #expect(path(Array("a \"b\"\\\n\u{1b}[2J".utf8)).json == #""a \"b\"\\\n\u001b[2J""#)
        #expect(path(Array("a \"b\"\\\n\u{1b}[2J".utf8)).line == #""a \"b\"\\\n\u001b[2J""#)
        #expect(path(Array("a=b".utf8)).line == "\"a=b\"" && path(Array("a=b".utf8)).json == "\"a=b\"")
        #expect(path([]).json == "\"\"" && path([]).line == "\"\"")
        #expect(path(Array("größe€😀".utf8)).json == "\"größe€😀\"")
        #expect(path([0xff, 0x41, 0xc3]).json == #""\\xffA\\xc3""#)
        #expect(path([0xed, 0xa0, 0x80, 0xc0, 0x80]).json == #""\\xed\\xa0\\x80\\xc0\\x80""#)
        // What turns the direction of writing, and the control characters of Latin-1.
        #expect(path(Array("x\u{202e}y\u{9b}z".utf8)).json == #""x\u202ey\u009bz""#)
        // To its end where there is no NUL.
        let full = String(repeating: "p", count: 24)
        #expect(path(Array(full.utf8)).json == "\"\(full)\"")
    }

    @Test func `every sort of field is written`() throws {
        var record = bt_everything()
        record.small = -5
        record.flag = true
        record.family = 2
        record.port = UInt16(443).bigEndian
        record.source = UInt32(0x0a00_0001).bigEndian
        record.mac = (0, 0x1b, 0x21, 0xff, 0, 9)
        record.remote_address = (192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        record.words = (1, 2, 3)
        record.inner = bt_inner(port: 53, kind: 1)
        record.pairs = (bt_inner(port: 1, kind: 2), bt_inner(port: 3, kind: 4))
        record.grid = ((1, 2, 3), (4, 5, 6))
        record.grids = ((1, -2), (3, -4))
        record.either.number = 0x0403_0201
        record.left = 0x1_fffe
        record.low = 5
        record.high = 100
        record.turn = -3
        record.fate = BT_UNKNOWN
        record.wide = BT_LARGE
        record.pointer = UnsafePointer(bitPattern: UInt(0xffff_8880_1234_0000))
        record.single = 1.5
        record.number = 0.1
        record.flags = 0x8000_0001
        record.gateway = UInt32(0xc000_0201).bigEndian
        record.length = 3
        let memory = Array(bytes(of: record).prefix(MemoryLayout<bt_everything>.offset(of: \.length) ?? 0)) + [3, 0]
        let decoder = try decoder("struct bt_everything")
        #expect(
            json(decoder, memory + Array("abc".utf8))
                == #"{"small":-5,"flag":true,"family":2,"port":443,"source":"10.0.0.1","mac":"00:1b:21:ff:00:09","#
                + #""remote_address":"192.0.2.1","words":[1,2,3],"inner":{"port":53,"kind":1},"#
                + #""pairs":[{"port":1,"kind":2},{"port":3,"kind":4}],"grid":["010203","040506"],"grids":[[1,-2],[3,-4]],"#
                + #""either":{"number":67305985,"bytes":"01020304"},"left":131070,"right":-2,"low":5,"high":100,"turn":-3,"#
                + #""fate":"BT_UNKNOWN","wide":"BT_LARGE","pointer":"0xffff888012340000","call":"0x0","single":1.5,"number":0.1,"#
                + #""flags":"0x80000001","gateway":"192.0.2.1","next":"0x0","length":3,"rest":"abc"}"#)
        #expect(
            line(decoder, memory + Array("abc".utf8))
                == "small=-5 flag=true family=2 port=443 source=10.0.0.1 mac=00:1b:21:ff:00:09 remote_address=192.0.2.1 "
                + "words=[1 2 3] inner.port=53 inner.kind=1 pairs=[{port=1 kind=2} {port=3 kind=4}] grid=[010203 040506] "
                + "grids=[[1 -2] [3 -4]] either.number=67305985 either.bytes=01020304 left=131070 right=-2 low=5 high=100 turn=-3 "
                + "fate=BT_UNKNOWN wide=BT_LARGE pointer=0xffff888012340000 call=0x0 single=1.5 number=0.1 "
                + "flags=0x80000001 gateway=192.0.2.1 next=0x0 length=3 rest=abc")
    }

    @Test(
        arguments: [
            ([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 10, "2001:db8::1"),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 10, "::1"),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 10, "::"),
            ([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], 10, "fe80::1:0:0:0"),
            ([0, 1, 0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7], 10, "1:0:2:3:4:5:6:7"),
            ([0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 10, "ff00::"),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 1, 2, 3], 10, "10.1.2.3"),
            ([10, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 2, "10.1.2.3"),
            ([10, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 10, "a01:203::"),
        ] as [([UInt8], UInt8, String)])
    func `addresses are written as people do`(address: [UInt8], family: UInt8, text: String) throws {
        let byte = TypeDescription.integer(IntegerDescription(name: "unsigned char", byteCount: 1, isSigned: false))
        let record = CompositeDescription(
            name: "event", byteCount: 17,
            fields: [
                FieldDescription(name: "af", type: byte, bitOffset: 0),
                FieldDescription(name: "saddr", type: .array(of: byte, count: 16), bitOffset: 8),
            ])
        #expect(try json(RecordDecoder(.structure(record)), [family] + address) == "{\"af\":\(family),\"saddr\":\"\(text)\"}")
    }

    @Test func `shorter records say what they do not have, and longer ones do no harm`() throws {
        let decoder = try decoder("struct bt_opened")
        let whole = bytes(of: opened())
        #expect(
            json(decoder, Array(whole.prefix(34)))
                == #"{"time":"1970-01-01T00:00:01.500000000Z","bytes":18446744073709551615,"took_ns":1204567,"pid":4711,"result":-2,"#
                + #""comm":"ca","path":"","verdict":null,"is_first":null}"#)
        #expect(json(decoder, whole + [1, 2, 3, 4]) == json(decoder, whole))
        for length in 0...whole.count { #expect(json(decoder, Array(whole.prefix(length))).hasSuffix("}")) }
        #expect(line(decoder, []).hasPrefix("? bytes=? took_ns=?"))
        // Elements of arrays behind the end are not there.
        let cut = try json(self.decoder("struct bt_everything"), Array(repeating: 1, count: 45))
        #expect(cut.contains("\"words\":[16843009,16843009,null]"))
    }

    @Test func `constants come first, and what is no struct has a name for it`() throws {
        #expect(
            try json(decoder("struct bt_inner", constants: [("probe", "a \"b\""), ("cpu", "1")]), [1, 0, 2, 0])
                == #"{"probe":"a \"b\"","cpu":"1","port":1,"kind":2}"#)
        #expect(try json(decoder("__u32", constants: [("probe", "x")]), [1, 1, 0, 0]) == #"{"probe":"x","value":257}"#)
        #expect(try json(decoder("__u32"), [1, 1, 0, 0]) == "257" && line(decoder("__u32"), [1, 1, 0, 0]) == "257")
        #expect(try json(decoder("enum bt_verdict"), [0xff, 0xff, 0xff, 0xff]) == "\"BT_UNKNOWN\"")
        #expect(try json(decoder("enum bt_verdict"), [0xfe, 0xff, 0xff, 0xff]) == "-2")
        #expect(json(.bytes(), [0, 0xff, 0x10]) == #"{"bytes":"00ff10"}"#)
        #expect(json(.bytes(constants: [("probe", "x")]), []) == #"{"probe":"x","bytes":""}"#)
    }

    @Test func `a batch becomes one line a record`() throws {
        let loaded = try OpenObject(.rings).load()
        let ring = try loaded.ringBuffer("bt_ring")
        _ = try loaded.program("bt_write_ring").testRun(data: frame, context: TestRunContext(mark: 3, priority: 9))
        let number = TypeDescription.integer(IntegerDescription(name: "unsigned int", byteCount: 4, isSigned: false))
        let wide = TypeDescription.integer(IntegerDescription(name: "unsigned long long", byteCount: 8, isSigned: false))
        let record = CompositeDescription(
            name: "bt_record", byteCount: 16,
            fields: [
                FieldDescription(name: "sequence", type: wide, bitOffset: 0), FieldDescription(name: "source", type: number, bitOffset: 64),
                FieldDescription(name: "padding", type: number, bitOffset: 96),
            ])
        let decoder = try RecordDecoder(.structure(record))
        var text: [UInt8] = []
        let batch = try ring.drain()
        decoder.json(of: batch, into: &text)
        #expect(String(decoding: text, as: UTF8.self) == (0..<3).map { "{\"sequence\":\($0),\"source\":9}\n" }.joined())
        text.removeAll()
        decoder.line(of: batch, into: &text)
        #expect(String(decoding: text, as: UTF8.self) == (0..<3).map { "sequence=\($0) source=9\n" }.joined())
    }

    @Test func `types that no compiler makes are refused`() throws {
        let byte = TypeDescription.integer(IntegerDescription(name: "unsigned char", byteCount: 1, isSigned: false))
        func record(_ fields: FieldDescription..., byteCount: Int) -> TypeDescription {
            .structure(CompositeDescription(name: "x", byteCount: byteCount, fields: fields))
        }
        #expect(throws: BPFError.self) { _ = try RecordDecoder(.void) }
        #expect(throws: BPFError.self) { _ = try RecordDecoder(.incomplete(name: "struct x")) }
        // A field behind its struct, which would be walked over again and again.
        let behind = record(FieldDescription(name: "a", type: .array(of: byte, count: 1000), bitOffset: 0), byteCount: 1)
        let error = try #require(throws: BPFError.self) { _ = try RecordDecoder(behind) }
        #expect(error.description == "cannot read records of struct x: its field a ends behind it")
        #expect(throws: BPFError.self) {
            _ = try RecordDecoder(record(FieldDescription(name: "a", type: .array(of: byte, count: .max), bitOffset: 0), byteCount: 8))
        }
        // Unions in unions: a thousand million parts in a few bytes of BTF.
        var type = byte
        for _ in 0..<30 {
            type = .union(
                CompositeDescription(
                    name: "u", byteCount: 1,
                    fields: [
                        FieldDescription(name: "a", type: type, bitOffset: 0), FieldDescription(name: "b", type: type, bitOffset: 0),
                    ]))
        }
        let large = try #require(throws: BPFError.self) { _ = try RecordDecoder(type) }
        #expect(large.reason == "their type has more than 16384 parts")
    }
}

/// Times since boot as times since 1970.
private let noClock = RecordClock(bootOffset: 0, monotonicOffset: 0)
