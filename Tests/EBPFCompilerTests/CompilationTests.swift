import Foundation
import Testing

@testable import EBPFCompiler

/// Programs of whole sources, from the Swift compiler to the object.
@Suite("Compilation")
final class CompilationTests {
    private static let project = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
    private let folder: URL
    private let compiler: EBPFCompiler

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "compilation-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var compiler = EBPFCompiler(try #require(Toolchain.onPath), folder: folder)
        compiler.headers = [Self.project.appending(path: "Sources/CEBPF")]
        self.compiler = compiler
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func source(_ name: String, _ text: String) throws -> URL {
        let file = folder.appending(path: name)
        try Data(text.utf8).write(to: file)
        return file
    }

    private var library: EBPFCompiler.Module {
        get throws {
            let sources = Self.project.appending(path: "Sources/EBPF")
            let files = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }.sorted()
            return .init(name: "EBPF", sources: files.map { sources.appending(path: $0) })
        }
    }

    /// A member of a structure: its offset in bytes, and what its type is.
    private func members(of structure: String, in module: IRModule) -> [String] {
        guard let type = module.metadata.values.first(where: { $0.string("name") == structure && $0.kind == "DICompositeType" }),
            let elements = module.node(type.reference("elements"))?.elements
        else { return [] }
        return elements.compactMap { element in
            guard let member = module.node(element.first), let offset = member.integer("offset") else { return nil }
            return "\(offset / 8) \(member.string("name") ?? ""): \(name(of: member.reference("baseType"), in: module))"
        }
    }

    private func name(of token: IRToken?, in module: IRModule) -> String {
        guard let type = module.node(token) else { return "?" }
        if let name = type.string("name"), !name.isEmpty { return name }
        guard type.fields["tag"]?.first?.text == "DW_TAG_array_type",
            let range = module.node(type.reference("elements"))?.elements.first.flatMap({ module.node($0.first) })
        else { return "{}" }
        return "\(name(of: type.reference("baseType"), in: module))[\(range.integer("count") ?? -1)]"
    }

    @Test func `types, settings and lines are those of the source, and modules are compiled again when they change`() throws {
        let shared = try source("Shared.swift", "public func triple(_ n: UInt32) -> UInt32 { n &* 3 }\n")
        let modules = try [library, .init(name: "Shared", sources: [shared])]
        try compiler.compileModules(modules)
        let program = try source(
            "shapes.bpf.swift",
            """
            import EBPF
            import Shared
            let license = License.dualMIT
            struct Inner: BitwiseCopyable { var small: UInt8; var wide: Int64 }
            enum Kind: UInt8, BitwiseCopyable { case one, two }
            struct Shapes: BitwiseCopyable {
                var port: BigEndian<UInt16>
                var kind: Kind
                var isOpen: Bool
                var name: InlineArray<16, CChar>
                var inner: Inner
                var pair: (UInt32, UInt32)
                var signed: Int16
            }
            enum Own { struct IPv4Address: BitwiseCopyable { var high: UInt16; var low: UInt16 } }
            struct Places: BitwiseCopyable { var own: Own.IPv4Address; var address: EBPF.IPv4Address }
            let places = HashMap<UInt32, Places>(entries: 16)
            struct Odd: BitwiseCopyable { var a: UInt8; var b: UInt16?; var c: UInt64 }
            struct Even: BitwiseCopyable { var a: UInt64; var b: UInt16?; var c: UInt8 }
            let odds = HashMap<UInt32, Odd>(entries: 16)
            let evens = HashMap<UInt32, Even>(entries: 16)
            let shapes = HashMap<UInt32, Shapes>(entries: 16)
            let limit = Setting<UInt32>(7)
            let isStrict = Setting<Bool>(true)
            let table: InlineArray<4, UInt32> = [2, 3, 5, 7]
            let gateway = IPv4Address(192, 0, 2, 1)
            let dnsPort: BigEndian<UInt16> = 53
            nonisolated(unsafe) var template = IPv4Header()
            nonisolated(unsafe) var seen: UInt64 = 9
            @section("xdp") @used
            func walk(_ frame: XDPContext) -> XDPAction {
                seen &+= UInt64(triple(frame.interface))
                if let header = frame.read(IPv4Header.self, at: 14) {
                    template = header
                    if header.source == gateway { return .drop }
                }
                if let port = frame.read(BigEndian<UInt16>.self, at: 36), port == dnsPort { return .drop }
                let most = table[Int(frame.receiveQueue & 3)]
                guard odds.lookup(most) != nil, evens.lookup(most) != nil, places.lookup(most) != nil else { return .pass }
                guard let shape = shapes.lookup(most)?.value, isStrict.value else { return .pass }
                return shape.inner.wide > Int64(limit.value) ? .drop : .pass
            }
            """)
        try compiler.compile([program], to: folder.appending(path: "shapes.bpf.o"))
        let module = try IRModule(parsing: String(contentsOf: folder.appending(path: "shapes.finished.ll"), encoding: .utf8))
        #expect(
            members(of: "Shapes", in: module) == [
                "0 port: __be16", "2 kind: Kind", "3 isOpen: _Bool", "4 name: char[16]", "24 inner: Inner", "40 pair: unsigned int[2]",
                "48 signed: short",
            ])
        // A type of the program's that has the name of one of the library's is its own.
        #expect(members(of: "Places", in: module) == ["0 own: IPv4Address", "4 address: in_addr"])
        // Where only Swift knows the alignment of a member, no offset is made up.
        #expect(members(of: "Odd", in: module) == [])
        #expect(members(of: "Even", in: module) == ["0 a: unsigned long long", "8 b: unsigned char[3]", "11 c: unsigned char"])
        #expect(members(of: "Inner", in: module) == ["0 small: unsigned char", "8 wide: long long"])
        #expect(module.variable("_license")?.initialiser.text == #"c"Dual MIT/GPL\00""#)
        #expect(module.variable("limit")?.section == ".rodata")
        #expect(module.variable("limit")?.initialiser.contains { $0.isWord("7") } == true)
        #expect(module.variable("isStrict")?.initialiser.contains { $0.isWord("1") } == true)
        #expect(module.variable("shapes")?.section == ".maps")
        #expect(module.variable("table")?.isConstant == true)
        #expect(module.variable("seen")?.isConstant == false)
        #expect(module.variable("template")?.section == nil)
        // Every line of the object is one of the program's or of the module it shares.
        let files = Set(module.metadata.values.filter { $0.kind == "DIFile" }.compactMap { $0.string("filename") })
        #expect(files.isSuperset(of: ["shapes.bpf.swift"]))
        #expect(files.contains { $0.contains("XDPContext") } == false)

        // What is as it was is left alone.
        func date() throws -> Date? {
            try FileManager.default.attributesOfItem(atPath: folder.appending(path: "Shared.swiftmodule").path)[.modificationDate] as? Date
        }
        let before = try date()
        try compiler.compileModules(modules)
        #expect(try date() == before)
        try Data("public func triple(_ n: UInt32) -> UInt32 { n * 3 }\n".utf8).write(to: shared)
        try compiler.compileModules(modules)
        #expect(try date() != before)
        // A mistake in a shared module is told of the line there.
        let failure = #expect(throws: EBPFCompiler.Failure.self) {
            try compiler.compile([program], to: folder.appending(path: "shapes.bpf.o"))
        }
        #expect(failure?.description.contains("Shared.swift:1:") == true)
        #expect(failure?.description.contains("arithmetic overflow") == true)
    }

    @Test func `objects whose names differ behind a dot share no files between steps`() throws {
        try compiler.compileModules([library])
        let text = """
            import EBPF
            let license = License.gpl
            @section("xdp") @used
            func entry(_ frame: XDPContext) -> XDPAction { .pass }
            """
        for name in ["traffic.v4", "traffic.v6"] {
            try compiler.compile([source("\(name).bpf.swift", text)], to: folder.appending(path: "\(name).bpf.o"))
        }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".finished.ll") }
        #expect(files.sorted() == ["traffic.v4.finished.ll", "traffic.v6.finished.ll"])
    }

    @Test func `an object may be called as a module that its programs import`() throws {
        let text = "public struct Traffic: BitwiseCopyable { public var frames: UInt64 = 1; public init() {} }\n"
        let shared = try source("Traffic.swift", text)
        try compiler.compileModules([library, .init(name: "Traffic", sources: [shared])])
        let program = try source(
            "Traffic.bpf.swift",
            """
            import EBPF
            import Traffic
            let license = License.gpl
            let traffic = HashMap<UInt32, Traffic>(entries: 16)
            @section("xdp") @used
            func count(_ frame: XDPContext) -> XDPAction {
                traffic.set(Traffic(), for: frame.interface)
                return .pass
            }
            """)
        let object = folder.appending(path: "Traffic.bpf.o")
        try compiler.compile([program], to: object)
        #expect(FileManager.default.fileExists(atPath: object.path))
    }

    /// The message a program is refused with.
    private func refusal(_ name: String, _ text: String) throws -> String {
        try compiler.compileModules([library])
        let source = try source("\(name).bpf.swift", "import EBPF\nlet license = License.gpl\n" + text)
        let failure = #expect(throws: EBPFCompiler.Failure.self) {
            try compiler.compile([source], to: folder.appending(path: "\(name).bpf.o"))
        }
        return failure?.description ?? ""
    }

    @Test func `a program in a module that others import is told`() throws {
        let shared = try source(
            "Shared.swift",
            """
            // Speaks of @section("xdp").
            public func helper() -> UInt32 { 2 }
            enum Programs { @section("xdp") @used static func entry(_ frame: UInt64) -> UInt32 { helper() } }
            """)
        let failure = #expect(throws: EBPFCompiler.Failure.self) { try compiler.compileModule("Shared", sources: [shared]) }
        let words = "error: the program 'entry' stands in a module that is imported"
        #expect(failure?.description.contains("Shared.swift:3:39: \(words)") == true, "\(String(describing: failure))")
    }

    @Test func `what the registers do not hold counts as stack, in functions that are called too`() throws {
        // 26 numbers that are needed twice, and by no variable: 208 bytes in each of three functions.
        let values = (0..<26).map { "let n\($0) = value(\($0))" }.joined(separator: "; ")
        let sum = (0..<26).map { "sum = sum &* 3 ^ n\($0)" }.joined(separator: "; ")
        func function(_ name: String, _ last: String) -> String {
            """
            @inline(never) func \(name)(_ n: UInt32) -> UInt64 {
                func value(_ key: UInt32) -> UInt64 { table.value(for: key &+ n) ?? 0 }
                \(values); var sum: UInt64 = 1
                \(sum); table.set(sum, for: n)
                \(sum); return sum ^ \(last)
            }

            """
        }
        let said = try refusal(
            "spilling",
            "let table = HashMap<UInt32, UInt64>(entries: 4)\n" + function("first", "second(n)") + function("second", "third(n)")
                + function("third", "0") + """
                    @section("xdp") @used
                    func spilling(_ frame: XDPContext) -> XDPAction { first(frame.interface) == 7 ? .drop : .pass }
                    """)
        #expect(said.contains("spilling.bpf.swift:23:1: error: the program 'spilling' with the functions it calls"), "\(said)")
        #expect(said.contains("bytes of stack") && said.contains("; keep large values in a map"), "\(said)")
        #expect(FileManager.default.fileExists(atPath: folder.appending(path: "spilling.bpf.o").path) == false)
    }

    @Test(arguments: [30, 60]) func `variables share memory on the stack only where there is not enough of it`(words: Int) throws {
        try compiler.compileModules([library])
        let source = try source(
            "sharing.bpf.swift",
            """
            import EBPF
            let license = License.gpl
            typealias Words = InlineArray<\(words), UInt64>
            @section("kprobe/do_unlinkat") @used
            func sharing(_ call: ProbeContext) -> ProbeResult {
                if call.argument(0) == 1 {
                    var first = Words(repeating: 0)
                    UserPointer(call.argument(1)).read(into: &first)
                    return ProbeResult(rawValue: Int32(truncatingIfNeeded: first[7]))
                }
                var second = Words(repeating: 0)
                UserPointer(call.argument(2)).read(into: &second)
                return ProbeResult(rawValue: Int32(truncatingIfNeeded: second[9]))
            }
            """)
        try compiler.compile([source], to: folder.appending(path: "sharing.bpf.o"))
        // Two of 240 bytes have their own, two of 480 bytes the same.
        let said = try String(contentsOf: folder.appending(path: "sharing.finished.stack"), encoding: .utf8)
        #expect(StackFrames.bytes(said: said)["sharing"] == 480, "\(said)")
    }

    @Test func `probes read the registers of the machine they are for`() throws {
        // Of the other machine: programs for this one are run.
        var compiler = compiler
        compiler.machine = EBPFCompiler.Machine.host == .x86 ? .arm64 : .x86
        try compiler.compileModules([library])
        let source = try source(
            "registers.bpf.swift",
            """
            import EBPF
            let license = License.gpl
            @section("kprobe/do_unlinkat") @used
            func second(_ call: ProbeContext) -> ProbeResult { ProbeResult(rawValue: call.argument(1, as: Int32.self)) }
            @section("kretprobe/do_unlinkat") @used
            func result(_ call: ProbeContext) -> ProbeResult { ProbeResult(rawValue: Int32(truncatingIfNeeded: call.result)) }
            """)
        try compiler.compile([source], to: folder.appending(path: "registers.bpf.o"))
        let module = try IRModule(parsing: String(contentsOf: folder.appending(path: "registers.finished.ll"), encoding: .utf8))
        let offsets = ["second", "result"].map { name in
            let address = module.function(name)?.body.first { $0.operation == "getelementptr" }
            return address?.tokens.parted(by: ",").last { $0.count == 2 && $0[0].isWord("i64") }?.last?.text ?? "0"
        }
        // Of struct user_pt_regs regs[1] and regs[0]; of struct pt_regs si and ax.
        #expect(offsets == (compiler.machine == .arm64 ? ["8", "0"] : ["104", "80"]))
    }
}
