import BPF
import CLibBPF
import Foundation
import Glibc
import SwiftObjects
import Testing

@Suite("Programs in Swift that ask for task and memory")
struct TaskTests {
    /// Runs a raw tracepoint's program with its arguments.
    private func run(_ program: borrowing Program, _ arguments: [UInt64]) throws {
        var options = bpf_test_run_opts()
        options.sz = MemoryLayout<bpf_test_run_opts>.size
        let result = arguments.withUnsafeBytes { bytes in
            options.ctx_in = bytes.baseAddress
            options.ctx_size_in = UInt32(bytes.count)
            return bpf_prog_test_run_opts(program.fileDescriptor, &options)
        }
        try #require(result == 0, "\(errno)")
    }

    @Test func `the thread is this one`() throws {
        let loaded = try OpenObject(.tracing).load()
        let answers = try loaded.map("answers", key: UInt32.self, value: UInt64.self)
        try run(loaded.program("currentTask"), [0])
        let thread = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self").split(separator: "/").last
        #expect(try answers.value(forKey: 0) == UInt64(getpid()) << 32 | #require(thread.flatMap { UInt64($0) }))
        #expect(try answers.value(forKey: 1) == UInt64(getuid()) | UInt64(getgid()) << 32)
        let name = try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8).utf8.filter { $0 != 10 }
        let first = name.prefix(8).enumerated().reduce(0 as UInt64) { $0 | UInt64($1.element) << UInt64($1.offset * 8) }
        #expect(try answers.value(forKey: 2) == first && first != 0)
        #expect(try answers.value(forKey: 3) != 0)
    }

    @Test func `memory of the process and of the kernel is read, or told to be unreadable`() throws {
        let loaded = try OpenObject(.tracing).load()
        let answers = try loaded.map("answers", key: UInt32.self, value: UInt64.self)
        let numbers: [UInt64] = [5, 0xabcd]
        let text: [CChar] = [104, 105, 0]
        try numbers.withUnsafeBufferPointer { numbers in
            try text.withUnsafeBufferPointer { text in
                try run(
                    loaded.program("userMemory"),
                    [UInt64(UInt(bitPattern: numbers.baseAddress)), UInt64(UInt(bitPattern: text.baseAddress))])
            }
        }
        #expect(try answers.value(forKey: 4) == 0xabcd)
        // Copied to where it is wanted, and zeros of what cannot be read.
        #expect(try answers.value(forKey: 5) == 2 | 5 << 8 | 1 << 24)
        #expect(try answers.value(forKey: 6) == 3 | 104 << 8 | 105 << 16)
        try run(loaded.program("kernelMemory"), [0])
        #expect(try answers.value(forKey: 7) == 3 && answers.value(forKey: 0) == 1)
    }

    @Test func `fields of the kernel's structures are read where this kernel has them`() throws {
        let loaded = try OpenObject(.tracing).load()
        let answers = try loaded.map("answers", key: UInt32.self, value: UInt64.self)
        try run(loaded.program("kernelFields"), [0])
        let thread = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self").split(separator: "/").last
        #expect(try answers.value(forKey: 0) == UInt64(getpid()))
        #expect(try answers.value(forKey: 1).map { String($0) } == thread.map { String($0) })
        let name = try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8).utf8.filter { $0 != 10 }
        #expect(try answers.value(forKey: 2) == name.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64($1.offset * 8) })
        #expect(try answers.value(forKey: 3) == UInt64(getppid()), "by a pointer")
        #expect(try answers.value(forKey: 4) ?? 0 > 0, "in a structure inside")
    }

    @Test func `a field that the kernel has not got is named when the program is loaded`() throws {
        var object = try OpenObject(.tracing)
        try object.setAutoload(true, program: "missingField")
        do {
            _ = try object.load()
            Issue.record("it is loaded")
        } catch {
            #expect("\(error)".contains("struct task_struct.no_such_field"), "\(error)")
        }
    }

    @Test func `initial values are there in their order, of the library's types too`() throws {
        let loaded = try OpenObject(.tracing).load()
        let answers = try loaded.map("answers", key: UInt32.self, value: UInt64.self)
        try run(loaded.program("globals"), [3])
        let second = 0xc000_0201 as UInt64 &* 0x9e37_79b9
        #expect(try (0..<7).map { try answers.value(forKey: $0) } == [second &+ 27, second, 27, 0x0102_00c0, 0x3500, 7, 9])
    }
}
