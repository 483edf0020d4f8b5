import FoundationEssentials
import PolicyModel
import PolicyTesting
import Testing

/// Documents that are almost, or not at all, what they should be: none may end the process or take long.
@Suite struct HostileTests {
    static let odd: [String] = [
        "\u{0}", "\u{FEFF}", "\u{2028}", "\u{202E}", "\u{FFFF}", "é", "🔥", "\t", "\r", "\n---\n", "\n...\n", "%YAML 1.2\n", "&a ", "*a ",
        "!x ",
        "!!binary ", "<<: ", "? ", "- ", "[", "]", "{", "}", "\"", "'", "|\n", ">-\n", "#", "@", "`", "99999999999999999999999", "-0",
        "0x10",
        "1e400", ".nan", "null", "~", "", " ", "::/0", "0.0.0.0/0", "set:", "!set:", "set:abusers", "65536", "-1", "4294967296",
    ]

    @Test func `mutated documents are read or refused, quickly`() throws {
        var random = SplitMix64(seed: 77)
        let names = ["config/policies/essentials.yaml", "config/examples/web.yaml"]
        let seeds = try names.map { try Array(String(contentsOf: URL(filePath: "\(repository)/\($0)"), encoding: .utf8).utf8) }
        var refused = 0
        let time = ContinuousClock().measure {
            for _ in 0..<600 {
                var bytes = seeds[Int.random(in: 0..<seeds.count, using: &random)]
                for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, &random) }
                let file = SourceFile(path: "fuzz.yaml", text: String(decoding: bytes, as: UTF8.self))
                let loaded = DocumentLoader.load(bundles: [
                    SourceBundle(files: [file], lists: ["lists/abusers.netset": Array("192.0.2.1\n".utf8)])
                ])
                for diagnostic in loaded.diagnostics {
                    #expect(!diagnostic.description.isEmpty && diagnostic.location.file == "fuzz.yaml")
                }
                if loaded.hasErrors { refused += 1 }
                _ = try? loaded.policySet()
                _ = loaded.warnings()
            }
        }
        #expect(refused > 300, "\(refused)")
        #expect(time < .seconds(60))
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 0...12, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes.removeSubrange(place..<end)
        case 1: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
        case 2: bytes.replaceSubrange(place..<end, with: (place..<end).map { _ in UInt8.random(in: 0...255, using: &random) })
        default: bytes.replaceSubrange(place..<end, with: Array((Self.odd.randomElement(using: &random) ?? "").utf8))
        }
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
