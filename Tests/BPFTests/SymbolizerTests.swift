@testable import BPF
import Glibc
import Testing

@Suite("Names of addresses")
struct SymbolizerTests {
    private func address(of function: String) throws -> UInt64 {
        UInt64(UInt(bitPattern: try #require(dlsym(nil, function))))
    }

    @Test func `a function of this process is found, within its bounds`() throws {
        var symbolizer = Symbolizer()
        let start = try address(of: "getpgid")
        let found = symbolizer.place(of: start, process: getpid())
        let place = try #require(found)
        #expect(place.function == "getpgid" && place.offset == 0 && place.module.contains("libc.so.6"), "\(place)")
        #expect(place.description == "getpgid+0x0 (\(place.module))")
        #expect(symbolizer.place(of: start + 5, process: getpid())?.description == "getpgid+0x5 (\(place.module))")
        // A call that returns here was the last of what lies before.
        let before = symbolizer.place(of: start, process: getpid(), isReturn: true)
        #expect(before != nil && before?.function != "getpgid", "\(String(describing: before))")
        #expect(symbolizer.place(of: start + 5, process: getpid(), isReturn: true)?.offset == 5)
    }

    @Test func `where a file names no function its offset is told`() throws {
        var symbolizer = Symbolizer()
        // The file's header.
        let text = String(decoding: try #require(contents(of: "/proc/self/maps")), as: UTF8.self)
        let line = try #require(text.split(separator: "\n").first { $0.contains("libc.so.6") && $0.contains(" 00000000 ") })
        let mapping = try #require(ProcessCode.Mapping(line))
        let found = symbolizer.place(of: mapping.range.lowerBound + 4, process: getpid())
        let place = try #require(found)
        #expect(place == SymbolicAddress(function: nil, module: mapping.name, offset: 4))
        #expect(place.description == "\(mapping.name)+0x4")
    }

    @Test func `a file is read once for all processes that have it mapped, and another is not taken for it`() throws {
        let text = String(decoding: try #require(contents(of: "/proc/self/maps")), as: UTF8.self)
        let mappings = text.split(separator: "\n").compactMap { ProcessCode.Mapping($0) }
        let start = try address(of: "getpgid")
        let file = try #require(mappings.first { $0.range.contains(start) }).file
        var elsewhere = file
        elsewhere.device = "ff:ff"
        func table(_ name: String) -> FunctionTable { FunctionTable([.init(start: 0, size: 0)], name: { _ in name }) }

        // As if other processes had been asked about before.
        var tables = [elsewhere: table("elsewhere")]
        var code = ProcessCode(getpid())
        let read = code.place(of: start, isReturn: false, in: &tables)
        #expect(read?.function == "getpgid" && tables.count == 2)
        tables[file] = table("known")
        var other = ProcessCode(getpid())
        let known = other.place(of: start, isReturn: false, in: &tables)
        #expect(known?.function == "known" && tables.count == 2)
    }

    @Test func `what is in no file, and whose process is not there, has no name`() throws {
        var symbolizer = Symbolizer()
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { memory.deallocate() }
        let start = UInt64(UInt(bitPattern: memory)) + 4096
        #expect(symbolizer.place(of: start, process: getpid()) == nil)
        #expect(symbolizer.place(of: try address(of: "getpgid"), process: nil) == nil)
        #expect(symbolizer.place(of: try address(of: "getpgid"), process: .max) == nil)
        #expect(symbolizer.place(of: 0, process: getpid()) == nil)
    }

    @Test(.enabled(if: SymbolizerTests.knowsKernel, "the kernel does not tell its addresses"))
    func `functions of the kernel are found`() throws {
        let text = String(decoding: try #require(contents(of: "/proc/kallsyms")), as: UTF8.self)
        let lines = text.split(separator: "\n").map { $0.split(whereSeparator: { $0 == " " || $0 == "\t" }) }
        let line = try #require(lines.first { $0.count == 3 && $0[2] == "do_syscall_64" || $0[2] == "el0_svc" })
        let start = try #require(UInt64(line[0], radix: 16))
        var symbolizer = Symbolizer()
        #expect(symbolizer.place(of: start + 7, process: nil)?.description == "\(line[2])+0x7 (kernel)")
        if let line = lines.first(where: { $0.count == 4 && $0[3] == "[bpf]" && $0[1] == "t" }), let start = UInt64(line[0], radix: 16),
            let place = symbolizer.place(of: start, process: nil)
        {
            #expect(place.module == "bpf")
        }
        #expect(symbolizer.place(of: .max - 8, process: nil) == nil)
    }

    /// Those who may not know the addresses read zeros.
    static let knowsKernel = contents(of: "/proc/kallsyms")?.first.map { $0 != UInt8(ascii: "0") } ?? false

    @Test func `functions that say how long they are end there`() {
        let names = ["b", "a", "_c", "c"]
        let table = FunctionTable(
            [.init(start: 200, size: 10), .init(start: 100, size: 0), .init(start: 300, size: 8), .init(start: 300, size: 8)],
            isBefore: { one, _ in !names[one].hasPrefix("_") }, name: { names[$0] })
        #expect(table.function(at: 99) == nil)
        #expect(table.function(at: 100).map { "\($0)" } == "(name: \"a\", offset: 0)")
        #expect(table.function(at: 199)?.offset == 99)
        #expect(table.function(at: 209)?.name == "b" && table.function(at: 210) == nil)
        #expect(table.function(at: 307)?.name == "c" && table.function(at: 308) == nil)
    }
}
