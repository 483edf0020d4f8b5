import BPF
import BPFTesting
import CorpusObjects
import Probes
import Testing

/// What must be refused, each with the words expected.
@Suite("Objects that must be refused")
struct RefusalTests {
    /// An object, or something that is none, and why it is refused.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var words: String
        var bytes: @Sendable () throws -> [UInt8]

        init(_ name: String, _ words: String, _ bytes: @escaping @Sendable () throws -> [UInt8]) {
            (testDescription, self.words, self.bytes) = (name, words, bytes)
        }

        /// The sound object with some of its bytes set.
        init(_ name: String, _ words: String, _ change: @escaping @Sendable (inout Sound) throws -> Void) {
            self.init(name, words) {
                var sound = Sound()
                try change(&sound)
                return sound.bytes
            }
        }
    }

    static let recompile = "compile it with clang -target bpf -c"
    static let again = "compile or copy it again"

    static let cases: [Case] = [
        // No objects.
        Case("nothing", "it is empty") { [] },
        Case("text", "it is not an ELF file") { Array("apiVersion: policyd/v1\n".utf8) },
        Case("three bytes", "its header lies beyond its end: the file is cut short or corrupted; \(again)") { [0x7f, 0x45, 0x4c] },
        Case("bitcode", "it is LLVM bitcode, not an object; \(recompile), without -emit-llvm and -flto") {
            try Clang.object(minimal, "-emit-llvm")
        },
        Case("32 bits", "it is a 32-bit ELF file, and eBPF objects have 64 bits; \(recompile)") { $0.bytes[4] = 1 },
        Case("no class", "its header is of no known class or byte order: the file is corrupted; \(again)") { $0.bytes[4] = 9 },
        Case(
            "big-endian",
            "it is compiled for big-endian machines, and this one is little-endian; compile it with -target bpf or bpfel"
        ) { try Clang.object(minimal, "--target=bpfeb") },
        Case("this machine's", "it is compiled for x86-64, not for eBPF; \(recompile)") {
            try Clang.object("int main(void) { return 0; }", "--target=x86_64-linux-gnu")
        },
        Case("linked", "it is a shared library, not a relocatable object; \(recompile)") { $0.set(16, UInt16(3)) },
        Case("no sections", "it has no sections") { $0.set(40, UInt64(0)) },
        Case("cut", "its table of sections lies beyond its end: the file is cut short or corrupted; \(again)") { $0.bytes.removeLast() },
        Case("far sections", "its table of sections lies beyond its end: the file is cut short or corrupted; \(again)") {
            $0.set(40, UInt64.max - 63)
        },
        // Objects of other times.
        Case(
            "old maps",
            "its maps are declared the old way, by struct bpf_map_def in SEC(\"maps\"), which libbpf 1.0 gave up; "
                + "declare them in SEC(\".maps\") with __uint and __type"
        ) { try Clang.object("struct { int type, key, value; } m __attribute__((section(\"maps\"))) = {1};" + minimal, "-g") },
        Case("map of operations", "map m is declared to be operations of a kernel struct: the file is corrupted; \(again)") {
            try Clang.object("struct { int (*type)[26]; } m __attribute__((section(\".maps\")));" + minimal, "-g")
        },
        Case("maps without BTF", "it declares maps and has no BTF, which says what they are; compile it with -g, and do not strip it") {
            try Clang.object(Clang.corpus("map-kinds"))
        },
        // Objects that are not whole, or made to do harm.
        Case("section beyond", "section 5 lies beyond its end: the file is cut short or corrupted; \(again)") {
            $0.set($0.header(5) + 32, UInt64.max - 100)
        },
        Case("section's name", "section 4 has no name: the file is corrupted; \(again)") { $0.set($0.header(4), UInt32.max) },
        Case("names", "it does not say what its sections are called: the file is corrupted; \(again)") { $0.set(62, UInt16(0xfffe)) },
        Case("symbol beyond", "symbol use_globals reaches beyond section tc: the file is corrupted; \(again)") {
            // The very one that libbpf 1.5 and earlier follow beyond their memory.
            $0.set($0.symbol("use_globals") + 16, UInt64.max - 7)
        },
        Case("symbol nowhere", "symbol use_globals lies in no section: the file is corrupted; \(again)") {
            $0.set($0.symbol("use_globals") + 6, UInt16(0xfe00))
        },
        Case("odd function", "function use_globals has no whole number of instructions: the file is corrupted; \(again)") {
            $0.set($0.symbol("use_globals") + 16, UInt64(13))
        },
        Case("odd code", "section tc has no whole number of instructions: the file is corrupted; \(again)") {
            $0.set($0.header("tc") + 32, $0.number($0.header("tc") + 32, UInt64.self) - 3)
        },
        Case("relocated symbol", "a relocation in .reltc names no symbol: the file is corrupted; \(again)") {
            $0.set($0.content(".reltc") + 12, UInt32.max)
        },
        Case("relocated place", "a relocation in .reltc lies outside of tc: the file is corrupted; \(again)") {
            $0.set($0.content(".reltc"), UInt64.max)
        },
        Case("two licenses", "it has more than one section license: the file is corrupted; \(again)") {
            $0.set($0.header("tc"), $0.number($0.header("license"), UInt32.self))
        },
        Case("BTF's magic", "its BTF does not begin as BTF does: the file is corrupted; \(again)") {
            $0.set($0.content(".BTF"), UInt16(7))
        },
        Case("BTF's order", "its BTF is in the other byte order") { $0.set($0.content(".BTF"), UInt16(0x9feb)) },
        Case("BTF's length", "a part of its BTF lies beyond its end: the file is cut short or corrupted; \(again)") {
            $0.set($0.content(".BTF") + 12, UInt32.max)
        },
        Case("BTF's kind", "type 1 in its BTF is of kind 31, which is not known here") {
            $0.set($0.content(".BTF") + 28, UInt32(31) << 24)
        },
        Case("BTF's names", "type 1 in its BTF has no name: the file is corrupted; \(again)") {
            $0.set($0.content(".BTF") + 24, UInt32.max)
        },
        Case("BTF's numbers", "its BTF names type 4294967295, and has ") { $0.set($0.type(kind: 10) + 8, UInt32.max) },
        Case("a circle", "the types in its BTF refer to each other in a circle") {
            // const of itself: libbpf up to 1.2 follows it for ever.
            let place = $0.type(kind: 10)
            $0.set(place + 8, UInt32($0.typeNumber(at: place)))
        },
    ]

    /// A program, and nothing else.
    static let minimal = "__attribute__((section(\"tc\"))) int pass(void *context) { return 0; }"

    @Test(arguments: cases)
    func `it is refused in words`(refused: Case) throws {
        let bytes = try refused.bytes()
        let error = try #require(throws: BPFError.self) { _ = try OpenObject(.bytes(bytes, name: "x")) }
        #expect("\(error)".hasPrefix("cannot open object x: \(refused.words)"), "\(error)")
    }

    @Test func `an object without a program says so, and is no success`() throws {
        let bytes = try Clang.object("int counter;", "-g")
        let report = try Inspection.reportHere(on: bytes, name: "x")
        #expect(report.refusals == [Refusal(subject: "object x", reason: "it has no program")] && !report.isLoadable)
        let error = try #require(throws: BPFError.self) { _ = try OpenObject(.bytes(bytes, name: "x")).load() }
        #expect("\(error)".hasPrefix("cannot load object x: it has no program; a program is a function in a section that says its kind"))
    }

    @Test func `what would be too large to look at is refused unread`() async throws {
        let path = "/tmp/bpftest-large.o"
        let error = await #expect(throws: InspectionError.self) { try await Inspection().report(onFile: "/dev/zero") }
        #expect(error?.description == "cannot open object /dev/zero: it is not a file with contents", "\(path)")
        let bytes = [UInt8](repeating: 0, count: ObjectSource.sizeLimit + 1)
        let large = #expect(throws: BPFError.self) { _ = try OpenObject(.bytes(bytes, name: "x")) }
        #expect(large?.reason == "it has 67108865 bytes, and 67108864 are the most")
    }
}

/// A sound object, to be spoilt.
struct Sound {
    var bytes = EmbeddedObject.globalKinds.bytes

    func number<Number: FixedWidthInteger>(_ offset: Int, _: Number.Type = Number.self) -> Number {
        (0..<Number.bitWidth / 8).reduce(0) { $0 | Number(truncatingIfNeeded: bytes[offset + $1]) << Number(8 * $1) }
    }

    mutating func set<Number: FixedWidthInteger>(_ offset: Int, _ value: Number) {
        for index in 0..<Number.bitWidth / 8 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> Number(8 * index)) }
    }

    /// Where a section's header lies.
    func header(_ index: Int) -> Int { Int(number(40, UInt64.self)) + 64 * index }

    func header(_ name: String) -> Int {
        let names = Int(number(header(Int(number(62, UInt16.self))) + 24, UInt64.self))
        let all = (0..<Int(number(60, UInt16.self))).map { header($0) }
        return all.first { text(names + Int(number($0, UInt32.self))) == name } ?? 0
    }

    /// Where a section's content lies.
    func content(_ name: String) -> Int { Int(number(header(name) + 24, UInt64.self)) }

    private func text(_ offset: Int) -> String { String(decoding: bytes[offset...].prefix { $0 != 0 }, as: UTF8.self) }

    /// Where a symbol lies.
    func symbol(_ name: String) -> Int {
        let (table, names) = (content(".symtab"), content(".strtab"))
        let count = Int(number(header(".symtab") + 32, UInt64.self)) / 24
        return (0..<count).map { table + 24 * $0 }.first { text(names + Int(number($0, UInt32.self))) == name } ?? 0
    }

    /// Where the types of the BTF lie, in their order.
    private var types: [Int] {
        let start = content(".BTF") + Int(number(content(".BTF") + 4, UInt32.self))
        let end = start + Int(number(content(".BTF") + 12, UInt32.self))
        var places: [Int] = []
        var place = start
        while place < end {
            places.append(place)
            let info = number(place + 4, UInt32.self)
            let members = Int(info & 0xffff)
            place += 12
            switch info >> 24 & 31 {
            case 1, 14, 17: place += 4
            case 3: place += 12
            case 4, 5, 15, 19: place += 12 * members
            case 6, 13: place += 8 * members
            default: break
            }
        }
        return places
    }

    /// Where the first type of a kind lies.
    func type(kind: UInt32) -> Int { types.first { number($0 + 4, UInt32.self) >> 24 & 31 == kind } ?? 0 }

    func typeNumber(at place: Int) -> Int { (types.firstIndex(of: place) ?? 0) + 1 }
}
