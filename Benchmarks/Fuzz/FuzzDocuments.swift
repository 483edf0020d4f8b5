import ArgumentParser
import Foundation
import PolicyCompiler
import PolicyModel
import PolicyTesting

/// Reads broken documents for as long as it is told, and ends with the first that shows a mistake of ours.
///
/// A crash or a hang names the document as well: it can be printed, or read alone, by its number.
@main
struct FuzzDocuments: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fuzz-documents", abstract: "Read documents that are broken in every way, and see that each is read or refused.")

    @Option(help: "How long to go on.") var seconds = 60.0
    @Option(help: "Where the random numbers start.") var seed: UInt64 = 1
    @Option(help: "The number of the first document.") var first = 0
    @Option(help: "How many documents at most.") var count = Int.max
    @Flag(help: "Print the document with the first number and do not read it.") var show = false

    /// How long a document may keep a processor busy.
    static let timeLimit = Duration.seconds(2)
    /// How much memory the process may ever have, in KiB.
    static let memoryLimit = 500 << 10

    func run() throws {
        let mutator = DocumentMutator(corpus: try Corpus.shipped(), seed: seed)
        if show { return FileHandle.standardOutput.write(Data(mutator.documents(first).bytes)) }
        let oracle = DocumentOracle()
        let start = ContinuousClock.now
        var (number, read, slowest) = (first, 0, (time: Duration.zero, number: first))
        Watch.begin()
        while ContinuousClock.now - start < .seconds(seconds), number - first < count {
            let documents = mutator.documents(number)
            Watch.document = number
            var outcome = DocumentOracle.Outcome.mistake("")
            let begin = Watch.processorTime
            outcome = oracle.outcome(documents)
            let time = Watch.processorTime - begin
            if time > slowest.time { slowest = (time, number) }
            switch outcome {
            case .mistake(let words): try fail(number, words)
            case .refused: break
            case .read(let policySet):
                read += 1
                if let words = try disagreement(policySet, UInt64(number)) { try fail(number, words) }
            }
            if time > Self.timeLimit { try fail(number, "took \(time)") }
            if Watch.peakMemory > Self.memoryLimit { try fail(number, "made the process grow to \(Watch.peakMemory >> 10) MiB") }
            number += 1
        }
        let milliseconds = Int(slowest.time / .milliseconds(1))
        print(
            """
            \(number - first) documents, \(mutator.systematicCount) of them the shipped ones cut at every byte and without, twice and swapped at \
            every token: \(read) read, the others refused with a place; the slowest took \(milliseconds) ms (number \(slowest.number)), \
            \(Watch.peakMemory >> 10) MiB of memory at most (\(Int((ContinuousClock.now - start) / .seconds(1))) s, seed \(seed))
            """)
    }

    private func fail(_ number: Int, _ words: String) throws -> Never {
        print("document \(number) of seed \(seed): \(words)\nTo see it: fuzz-documents --seed \(seed) --first \(number) --show")
        throw ExitCode(1)
    }

    /// Compiles what was read and judges some packets; where the tables and the text differ, that in words.
    private func disagreement(_ policySet: PolicySet, _ seed: UInt64) throws -> String? {
        guard policySet.ruleCount < 500 else { return nil }
        var numbers = RuleNumbers()
        numbers.assign(for: policySet)
        let policy: CompiledPolicy
        do {
            policy = try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: ["eth0", "eth1", "wg0", "other9"])
        } catch {
            // A table's limit is a reason, and the compiler says it.
            return "\(error)".isEmpty ? "it does not compile and nobody knows why" : nil
        }
        let reference = ReferenceEvaluator(policySet)
        var generator = PolicyGenerator(seed: seed)
        for _ in 0..<10 {
            let packet = generator.packet(for: policySet)
            var expected = reference.verdict(for: packet)
            expected.audited = Array(expected.audited.prefix(4))
            let found = policy.verdict(for: packet)
            if found != expected { return "\(packet)\n  reference \(expected)\n  compiled  \(found)" }
        }
        return nil
    }
}

/// The documents that are broken: those the project ships.
enum Corpus {
    static func shipped() throws -> [HostileDocuments] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        func contents(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: root.appending(path: path))) }
        let list = "config/examples/lists/abusers.netset"
        return try ["config/examples/web.yaml", "config/policies/essentials.yaml"].map { path in
            HostileDocuments(path: path, bytes: try contents(path), lists: [list: try contents(list)])
        }
    }
}
