import BPF
import BPFTestObjects
import Glibc
import Testing

/// Files that a target names and that are not what they should be: whoever loads a probe may name any.
@Suite("Files of uprobes")
struct UprobeFileTests {
    /// What the attachment is refused with.
    private func refusal(_ place: CodePlace) throws -> BPFError {
        let program = try OpenObject(.tracing).load().program("bt_uprobe", as: Uprobe.self)
        do throws(BPFError) {
            _ = try program.attach(to: place)
        } catch {
            return error
        }
        throw BPFError(.attach, "\(place)", reason: "it was attached")
    }

    private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
        let path = "/tmp/bpftest-\(getpid())-elf"
        let file = try #require(fopen(path, "w"))
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
        defer { unlink(path) }
        try body(path)
    }

    @Test func `sections that would lie behind all memory`() throws {
        var header = [UInt8](repeating: 0, count: 64)
        header.replaceSubrange(0..<6, with: [0x7f, 0x45, 0x4c, 0x46, 2, 1])
        header.replaceSubrange(40..<48, with: [UInt8](repeating: 0xff, count: 8))  // where the sections begin
        header.replaceSubrange(60..<62, with: [0xff, 0xff])  // how many they are
        try withFile(header) { path in
            let error = try refusal(CodePlace(path, symbol: "main"))
            #expect(error.reason == "\(path) has no function main")
        }
        header[47] = 0x7f
        try withFile(header) { path in
            let error = try refusal(CodePlace(path, symbol: "main"))
            #expect(error.reason == "\(path) has no function main")
        }
    }

    @Test func `an offset behind all numbers`() throws {
        #expect(try refusal(CodePlace("libc.so.6", symbol: "malloc", offset: .max)).reason == "the offset lies behind the file")
    }

    @Test func `a pipe nobody writes to`() throws {
        let path = "/tmp/bpftest-\(getpid())-pipe"
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        #expect(try refusal(CodePlace(path, symbol: "main")).reason == "\(path) is no file of at most 2 GiB")
    }
}
