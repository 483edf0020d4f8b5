import FoundationEssentials
import PolicyModel
import PolicyTesting
import Testing

/// Documents that are almost, or not at all, what they should be: none may end the process or take long.
@Suite struct HostileTests {
    /// The shipped documents, broken.
    static let mutator = DocumentMutator(
        corpus: ["config/examples/web.yaml", "config/policies/essentials.yaml"].map { path in
            let list = "config/examples/lists/abusers.netset"
            return HostileDocuments(path: path, bytes: contents(path), lists: [list: contents(list)])
        }, seed: 77)

    private static func contents(_ path: String) -> [UInt8] {
        (try? Data(contentsOf: URL(filePath: "\(repository)/\(path)"))).map { Array($0) } ?? []
    }

    /// What the fuzzer does for a minute, in short: a sample of the cuts and changed tokens, and some of all else.
    @Test func `broken documents are read or refused, quickly`() throws {
        let count = Self.mutator.systematicCount
        try #require(count > 5_000)
        var refused = 0
        for number in Array(stride(from: 0, to: count, by: 37)) + Array(count..<count + 300) {
            let documents = Self.mutator.documents(number)
            let time = ContinuousClock().measure {
                switch DocumentOracle().outcome(documents) {
                case .read: break
                case .refused: refused += 1
                case .mistake(let words): Issue.record("document \(number): \(words)")
                }
            }
            #expect(time < .seconds(2), "document \(number)")
        }
        #expect(refused > 100, "\(refused)")
    }

    @Test func `the same number gives the same documents`() {
        let number = Self.mutator.systematicCount + 5
        #expect(Self.mutator.documents(number).bytes == Self.mutator.documents(number).bytes)
        #expect(Self.mutator.documents(number).bytes != Self.mutator.documents(number + 1).bytes)
    }

    @Test func `what is missing at the end of a file is missing at its end`() throws {
        let found = try #require(DocumentLoader.load(text: "a: 1\nmeta", path: "p.yaml").diagnostics.first)
        #expect(found.location == SourceLocation(file: "p.yaml", line: 2, column: 5))
        #expect(found.description.hasSuffix("\nmeta\n    ^"), "\(found)")
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func `lines are counted as editors count them`(lineBreak: String) throws {
        let lines = ["apiVersion: policyd/v1", "kind: HostPolicy", "metadata: { name: a }", "spec:", "  ingress: [{ action: alow }]"]
        let found = DocumentLoader.load(text: (lines + ["---"] + lines).joined(separator: lineBreak), path: "p.yaml").diagnostics
        #expect(found.map(\.location.line) == [5, 11])
        #expect(found.allSatisfy { $0.sourceLine == lines[4] }, "\(found)")
    }

    @Test(arguments: ["\u{85}", "\u{2028}", "\u{2029}"]) func `what is a line break to some and not to others is refused`(text: String)
        throws
    {
        let found = DocumentLoader.load(text: "# é\n# é\(text)kind: HostPolicy\n", path: "p.yaml").diagnostics
        #expect(found.map(\.location) == [SourceLocation(file: "p.yaml", line: 2, column: 4)])
        #expect(found.first?.message.contains("ends a line for some programs") == true)
    }

    @Test func `a great many documents with an error each do not cost their square`() {
        let text = String(repeating: "---\n[\n", count: 10_000)
        #expect(ContinuousClock().measure { _ = DocumentLoader.load(text: text) } < .seconds(10))
    }

    @Test func `a line without end is shown in part`() {
        let text = "a: [" + String(repeating: "x, ", count: 1_000_000) + "!y ]"
        let loaded = DocumentLoader.load(text: text, path: "p.yaml")
        #expect(loaded.diagnostics.count == 1 && (loaded.diagnostics.first?.description.count ?? 0) < 500)
    }

    @Test func `huge texts in a field are shown in part`() {
        let long = String(repeating: "x", count: 100_000)
        let found = messages(ruleText("action: \(long), name: \(long), from: \(long), \(long.prefix(900)): 1"))
        #expect(found.count == 4 && found.allSatisfy { $0.count < 400 }, "\(found.map(\.count))")
    }
}
