import PolicyImport
import PolicyModel
import PolicyTesting
import Testing

/// Sources that are almost, or not at all, what they should be: none may end the process or give a policy that is not valid.
@Suite struct HostileTests {
    static let seeds: [(PolicyImporter.Format, String)] = [
        (.iptables, IPTablesTests.server4), (.iptables, IPTablesTests.docker), (.nft, NFTTests.workstation),
        (.ufw, UFWTests.rules("ufw", "-A ufw-user-input -p tcp --dport 22 -j ACCEPT")), (.ufw, UFWTests.added),
        (.kubernetes, KubernetesTests.policies),
    ]
    static let odd = [
        "\u{0}", "\u{FEFF}", "\u{2028}", "\u{202E}", "é", "🔥", "\t", "\r\n", "!", "-", "\"", "'", "\\", "[", "]", "{", "}", ",", ":",
        "65536",
        "99999999999999999999999", "-1", "0", "::/0", "0.0.0.0/0", "INPUT", "SSH", "-j RETURN", "-g SSH", "--dport 65535:0", "/33", "null",
        "\"range\": [9, 1]", "established", "\n-A INPUT -j INPUT\n", "RETURN", "--icmp-type 255/255", "\u{1B}[31m",
    ]

    @Test func `mutated sources are read or refused`() throws {
        var random = SplitMix64(seed: 11)
        var read = 0
        var refused = 0
        for round in 0..<1_500 {
            let (format, text) = Self.seeds[round % Self.seeds.count]
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) { Self.mutate(&bytes, &random) }
            do throws(ImportError) {
                let result = try PolicyImporter(format).run([ImportSource(path: "fuzz", bytes: bytes)])
                let loaded = DocumentLoader.load(text: result.text)
                #expect(!loaded.hasErrors && !loaded.documents.isEmpty, "\(loaded.diagnostics)\n\(result.text)")
                #expect((try? loaded.policySet()) != nil)
                read += 1
            } catch {
                #expect(!error.description.isEmpty && !error.description.contains("\n"))
                refused += 1
            }
        }
        #expect(read > 300 && refused > 300, "\(read) \(refused)")
    }

    static func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, place + Int.random(in: 0...12, using: &random))
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes.removeSubrange(place..<end)
        case 1: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
        case 2: bytes.replaceSubrange(place..<end, with: (place..<end).map { _ in UInt8.random(in: 0...255, using: &random) })
        case 3: if Int.random(in: 0..<8, using: &random) == 0 { bytes.removeSubrange(place..<bytes.count) }
        default: bytes.replaceSubrange(place..<end, with: Array((odd.randomElement(using: &random) ?? "").utf8))
        }
    }
}
