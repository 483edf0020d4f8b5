import Foundation
import Synchronization
import Testing

@testable import EBPFCompiler

@Suite("The toolchain")
final class ToolchainTests {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "toolchain-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Compilers that say what they are and do nothing.
    private func toolchain(_ version: String, targets: String = "bpfel - BPF (little endian)") throws -> Toolchain {
        let toolchain = Toolchain(folder: folder)
        for (tool, words) in [(toolchain.swiftc, "Swift version \(version) (swift-\(version)-RELEASE)"), (toolchain.clang, targets)] {
            try Data("#!/bin/sh\ncase $1 in --version | --print-targets) echo '\(words)' ;; esac\n".utf8).write(to: tool)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: tool.path)
        }
        return toolchain
    }

    /// What two builds of a module say, one after the other.
    private func warnings(_ toolchain: Toolchain) throws -> [String] {
        let said = Lines()
        var compiler = EBPFCompiler(toolchain, folder: folder.appending(path: "work"))
        compiler.warn = { said.add($0) }
        for _ in 1...2 { try compiler.compileModule("EBPF", sources: []) }
        return said.all
    }

    private final class Lines: Sendable {
        private let kept = Mutex<[String]>([])
        func add(_ line: String) { kept.withLock { $0.append(line) } }
        var all: [String] { kept.withLock { $0 } }
    }

    @Test func `one that nobody tested is told of once, with both versions`() throws {
        for version in Toolchain.tested { #expect(try warnings(toolchain(version)) == []) }
        let said = try warnings(toolchain("6.5"))
        #expect(said.count == 1)
        let words = "warning: eBPF programs in Swift are tested with Swift \(Toolchain.testedVersions); this is Swift 6.5 ("
        #expect(said.first?.hasPrefix(words) == true)
        #expect(try warnings(toolchain("6.3")).count == 1)
    }

    @Test(arguments: [
        ("6.2.1", "bpfel - BPF", "need Swift 6.3 or later; "), ("5.10", "bpfel - BPF", "is 5.10"),
        (Toolchain.tested[0], "x86-64 - 64-bit X86", "clang cannot compile for eBPF"),
    ])
    func `one that cannot compile programs is refused in words`(version: String, targets: String, words: String) throws {
        let failure = try #require(throws: EBPFCompiler.Failure.self) { _ = try warnings(toolchain(version, targets: targets)) }
        #expect(failure.description.hasPrefix("error: ") && failure.description.contains(words), "\(failure)")
    }

    @Test func `one that is not there is named`() {
        let failure = #expect(throws: EBPFCompiler.Failure.self) { _ = try Toolchain(folder: folder).version() }
        #expect(failure?.description.contains("\(folder.path)/swiftc cannot be run") == true, "\(String(describing: failure))")
    }

    @Test func `programs are refused too if their modules were compiled before`() throws {
        let compiler = EBPFCompiler(try toolchain("6.2"), folder: folder.appending(path: "work"))
        let failure = #expect(throws: EBPFCompiler.Failure.self) {
            try compiler.compile([folder.appending(path: "a.bpf.swift")], to: folder.appending(path: "a.bpf.o"))
        }
        #expect(failure?.description.contains("need Swift 6.3 or later") == true)
    }

    @Test func `documents name the versions that are tested`() throws {
        let project = URL(filePath: #filePath).appending(path: "../../..").standardizedFileURL
        func text(_ path: String) throws -> String { try String(contentsOf: project.appending(path: path), encoding: .utf8) }
        #expect(try text("Sources/EBPF/EBPF.docc/WhatIsPossible.md").contains("Tested: Swift \(Toolchain.testedVersions);"))
        #expect(try text("docs/ebpf-swift.md").contains("Tested with Swift \(Toolchain.testedVersions)"))
        let least = Toolchain.least
        #expect(try text("Sources/EBPF/EBPF.docc/FirstProgram.md").contains("a Swift \(least.major).\(least.minor) toolchain"))
    }
}
