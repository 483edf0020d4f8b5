import BPFTesting
import Testing

@Suite("The documentation")
struct DocumentationTests {
    /// The texts between ```swift and ``` of a page.
    private func examples(in page: String) throws -> [String] {
        var examples: [String] = []
        var lines: [Substring]?
        for line in try Project.shell("cat \(page)").output.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "```swift" {
                lines = []
            } else if line == "```", let example = lines {
                examples.append(example.joined(separator: "\n"))
                lines = nil
            } else {
                lines?.append(line)
            }
        }
        return examples
    }

    @Test(arguments: [
        ("Sources/BPF/BPF.docc/GettingStarted.md", 1), ("Sources/BPF/BPF.docc/ObjectLife.md", 4), ("Sources/BPF/BPF.docc/Types.md", 1),
        ("Sources/BPF/BPF.docc/UsingMaps.md", 5), ("Sources/BPF/BPF.docc/Attaching.md", 3), ("Sources/BPF/BPF.docc/ReadingEvents.md", 2),
        ("Sources/BPF/BPF.docc/Testing.md", 3), ("docs/attaching.md", 2), ("docs/objects.md", 1),
    ])
    func `of the library has examples that compile`(page: String, count: Int) throws {
        let folder = try Folder()
        let examples = try examples(in: page)
        #expect(examples.count >= count)
        for (number, example) in examples.enumerated() {
            try folder.file("example\(number).swift", example)
            let result = try Project.shell(
                """
                swiftc -typecheck -swift-version 6 -parse-as-library -module-name Example -I .build/debug/Modules \
                    -Xcc -fmodule-map-file=Sources/CLibBPF/module.modulemap \(folder.path)/example\(number).swift
                """)
            #expect(result.status == 0, "\(example)\n\(result.output)")
        }
    }

    @Test(arguments: [
        "README.md", "docs/operations.md", "docs/library.md", "docs/types.md", "docs/events.md", "docs/objects.md", "docs/security.md",
        "docs/policy.md", "docs/packets.md", "docs/import.md", "docs/probes.md", "docs/probe-documents.md",
        "docs/ebpf-swift.md", "docs/design-notes/datapath-in-swift.md",
    ])
    func `links to files that are there`(_ page: String) throws {
        let folder = page.split(separator: "/").dropLast().joined(separator: "/")
        let text = try Project.shell("cat \(page)").output
        for match in text.matches(of: /\]\(([^)#:]+)(#[^)]*)?\)/) {
            let target = folder.isEmpty ? "\(match.1)" : "\(folder)/\(match.1)"
            #expect(try Project.shell("test -e '\(target)'").status == 0, "\(page) links to \(target), which is not there")
        }
    }

    @Test(arguments: ["Package.swift", "Traffic/Traffic.swift", "Counter/counter.bpf.swift", "Counter/main.swift"])
    func `leads to a first program in Swift that is the worked example's, file by file`(_ file: String) throws {
        let source = try Project.shell("cat Examples/SwiftCounter/\(file)").output
        let page = try Project.shell("cat Sources/EBPF/EBPF.docc/FirstProgram.md").output
        #expect(!source.isEmpty && page.contains("```swift\n\(source)```\n"), "\(file)")
        let lines = try Project.shell("cat Examples/SwiftCounter/Package.swift Examples/SwiftCounter/*/*.swift | wc -l").output
        let count = try #require(Int(lines.prefix { $0.isNumber }))
        #expect(count < 80 && page.contains(", \(count) lines"))
        for other in ["README.md", "docs/library.md"] {
            #expect(try Project.shell("cat \(other)").output.contains("in \(count) lines"), "\(other)")
        }
    }
}
