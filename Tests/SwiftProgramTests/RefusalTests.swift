import EBPFCompiler
import Dispatch
import Foundation
import Synchronization
import Testing

/// The sources of `Tests/SwiftRefusals`: each line that must be refused says so at its end, `// refused: ` and words of the message.
@Suite("Programs in Swift that are refused")
struct RefusalTests {
    private static let project = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let folder = project.appending(path: "Tests/SwiftRefusals")
    private static let mark = "// refused: "

    private static func sources(below path: String) throws -> [URL] {
        let files = try FileManager.default.subpathsOfDirectory(atPath: project.appending(path: path).path)
        return files.filter { $0.hasSuffix(".swift") }.sorted().map { project.appending(path: "\(path)/\($0)") }
    }

    /// The words that each line of a source is to be refused with.
    private static func expectations(_ source: URL) throws -> [Int: String] {
        let lines = try String(contentsOf: source, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false)
        var expectations: [Int: String] = [:]
        for (index, line) in lines.enumerated() {
            if let range = line.range(of: mark) { expectations[index + 1] = String(line[range.upperBound...]) }
        }
        return expectations
    }

    @Test func `each mistake is told by its line and what it is, and nothing else is`() throws {
        let work = FileManager.default.temporaryDirectory.appending(path: "refusals-\(getpid())")
        defer { try? FileManager.default.removeItem(at: work) }
        let toolchain = try #require(Toolchain.onPath)
        let compiler = {
            var compiler = EBPFCompiler(toolchain, folder: work)
            compiler.headers = [Self.project.appending(path: "Sources/CEBPF")]
            return compiler
        }()
        try compiler.compileModules([
            .init(name: "EBPF", sources: Self.sources(below: "Sources/EBPF")),
            .init(name: "SwiftConstructs", sources: Self.sources(below: "Tests/SwiftConstructs")),
        ])
        let sources = try Self.sources(below: "Tests/SwiftRefusals")
        let failures = Mutex<[URL: String]>([:])
        DispatchQueue.concurrentPerform(iterations: sources.count) { index in
            do {
                try compiler.compile([sources[index]], to: work.appending(path: "\(sources[index].lastPathComponent).bpf.o"))
            } catch {
                failures.withLock { $0[sources[index]] = "\(error)" }
            }
        }
        var count = 0
        for source in sources {
            let name = source.lastPathComponent
            let failure = try #require(failures.withLock { $0[source] }, "\(name) was taken")
            var expected = try Self.expectations(source)
            count += expected.count
            var met: Set<Int> = []
            // Mistakes of types are told in the compiler's words, with the lines they stand in.
            let isOurs = name != "types.swift"
            let found = try diagnostics(failure)
            for diagnostic in found {
                guard diagnostic.file.hasSuffix("/\(name)"), let words = expected[diagnostic.line] else {
                    Issue.record("not expected: \(diagnostic)")
                    continue
                }
                if diagnostic.words.contains(words) { met.insert(diagnostic.line) }
                if isOurs { #expect(diagnostic.words.contains("; "), "\(diagnostic) has no remedy") }
            }
            if isOurs {
                #expect(failure.split(separator: "\n").count == found.count, "not each line is a mistake: \(failure)")
            }
            for line in met { expected[line] = nil }
            for (line, words) in expected.sorted(by: { $0.key < $1.key }) {
                Issue.record("\(name):\(line) is not refused with '\(words)': \(failure)")
            }
        }
        #expect(count >= 60)
    }

    private struct Place: CustomStringConvertible {
        var file: String
        var line: Int
        var words: String
        var description: String { "\(file):\(line): \(words)" }
    }

    /// The errors of a compiler's output: `FILE:LINE:COLUMN: error: WORDS`.
    private func diagnostics(_ text: String) throws -> [Place] {
        try text.split(separator: "\n").compactMap { line in
            guard let match = try /^(.+):(\d+):\d+: error: (.*)$/.wholeMatch(in: line), let number = Int(match.2) else { return nil }
            return Place(file: String(match.1), line: number, words: String(match.3))
        }
    }
}
