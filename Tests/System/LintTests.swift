import BPFTesting
import Testing

@Suite("The sources keep the house's rules")
struct LintTests {
    /// Folders of Swift and C that are the project's own.
    static let sources = "Benchmarks Examples Plugins Sources Tests bpf"

    @Test func `are formatted as .swift-format says`() throws {
        let result = try Project.shell("swift format lint --strict --recursive --parallel \(Self.sources) Package.swift")
        #expect(result.status == 0, "\(result.output)")
    }

    /// What is looked for is put together here, or this file would be found.
    static let forbidden: [(pattern: String, folders: String)] = [
        ("try" + "!", "Sources Plugins Benchmarks Tests"),
        ("fatalError" + "\\(", "Sources Plugins"),
        ("TO" + "DO|FIX" + "ME", "Sources Plugins Benchmarks Tests bpf scripts docs config systemd README.md"),
        // A C char has a sign on some processors and none on others.
        ("UInt8" + "(.init)?\\(bit" + "Pattern:", "Sources Plugins Benchmarks Tests"),
        // Paths of one machine.
        (
            "/ho" + "me/[a-z]|/Us" + "ers/[a-z]|/ro" + "ot/|/wo" + "rk/|/opt/sw" + "ift",
            "Sources Plugins Benchmarks Tests bpf scripts docs config systemd README.md Package.swift .ci"
        ),
    ]

    @Test(arguments: forbidden) func `hold nothing forbidden`(_ rule: (pattern: String, folders: String)) throws {
        let result = try Project.shell("grep -rnIE --exclude-dir=SwiftRefusals '\(rule.pattern)' \(rule.folders)")
        #expect(result.status == 1, "\(result.output)")
    }

    /// Programs that only the build runs may.
    @Test func `import no more of Foundation than its essentials`() throws {
        let result = try Project.shell(
            "grep -rnE '^ *((public|internal|private|package) )?import Foundation$' Sources"
                + " --exclude-dir={bpf-embed,bpf-generate,bpf-swift,EBPFCompiler}"
        )
        #expect(result.status == 1, "\(result.output)")
    }

    @Test func `hold scripts that bash understands`() throws {
        let scripts = [
            "run", "test", "bench", "arm64", "verifier", "examples", "docs", "sanitise", "fuzz-packets", "fuzz-parsers", "vm-tests",
            "lib.sh", "lib-fuzz.sh", "../.ci/run",
        ]
        for script in scripts {
            let result = try Project.shell("bash -n scripts/\(script)")
            #expect(result.status == 0, "\(script): \(result.output)")
        }
    }
}
