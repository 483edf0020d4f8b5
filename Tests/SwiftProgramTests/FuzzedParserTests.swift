import FoundationEssentials
import ParserFuzz
import SwiftConstructs
import Testing

/// The inputs that fuzzing of the shared parser found worth keeping (Tests/ParserFuzz).
@Suite("A packet parser that kernel and host share, on what fuzzing kept")
struct FuzzedParserTests {
    /// The inputs of the project, and those in the folder that `PARSER_CORPUS` names.
    private static func inputs() throws -> [(name: String, packet: FuzzedPacket)] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folders =
            [tests.appending(path: "ParserFuzz/corpus").path] + [ProcessInfo.processInfo.environment["PARSER_CORPUS"]].compactMap { $0 }
        return try folders.flatMap { folder in
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { name in
                (name, FuzzedPacket(try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))))
            }
        }
    }

    @Test func `the shared parser finds what a plain one finds, wherever the frame ends`() throws {
        for (name, packet) in try Self.inputs() {
            for count in 0...packet.frame.count {
                let found = packet.summary(ofFirst: count)
                guard found == packet.plainSummary(ofFirst: count) else {
                    Issue.record("\(name), \(count) bytes of \(packet): \(found)")
                    break
                }
            }
        }
    }

    @Test func `the kernel finds what the host finds`() throws {
        let kernel = try KernelParser()
        var kinds: Set<UInt8> = []
        var (rules, taken) = (0, 0)
        let inputs = try Self.inputs()
        for (name, packet) in inputs {
            let expected = packet.summary()
            try kernel.setRules(
                packet.entries.map { entry in
                    let address = entry.address
                    return (PrefixKey(address[0], address[1], address[2], address[3], length: UInt32(entry.length)), entry.rule)
                })
            let findings = try kernel.findings(in: packet.frame)
            if !findings.isEmpty { taken += 1 }
            for finding in findings {
                #expect(finding.summary == expected, "\(name), \(finding.program), \(packet)")
                kinds.insert(expected.kind)
                if expected.rule != 0 { rules += 1 }
            }
        }
        // scripts/fuzz-parsers reads it.
        print("a test-run takes \(taken) of \(inputs.count) inputs")
        // Of each kind there is something, or this shows nothing.
        #expect(kinds == Set(PacketSummary.Kind.other...PacketSummary.Kind.tooLong) && rules > 0, "\(kinds), \(rules)")
    }
}
