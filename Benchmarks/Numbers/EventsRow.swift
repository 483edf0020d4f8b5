import BPF
import BPFTesting
import Datapath
import Foundation
import Glibc
import Logging
import PolicyCompiler
import PolicyModel
import Synchronization

/// How many events a second come from the kernel to a reader without loss: to one that uses the library, and through the daemon to a file.
///
/// Packets are judged by test-run at a set rate, each by a rule that reports every one. The rate goes up until some are lost.
struct EventsRow {
    let setting: Setting

    private static let policy = """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: host }
        spec:
          ingress:
            - { name: refused, action: deny, protocol: udp, log: all }
        """
    private static let name = "policyd/entry/policyd_ingress"

    private var seconds: Double { setting.effort.isQuick ? 0.7 : 3 }

    func run() throws -> Outcome {
        var outcome = Outcome(row: "events")
        let library = try KeptRate(climbing: [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5].map { $0 * 1e6 }, toLibrary)
        outcome.measured.append(
            .atLeast(
                "events, kernel to library consumer, none lost", library.best, "a second", 1_000_000, details: library.details))
        let file = try KeptRate(climbing: [50, 100, 150, 200, 250, 300, 350, 400, 500, 600, 800].map { $0 * 1e3 }, toFile)
        outcome.measured.append(
            .atLeast(
                "events, kernel to policyctl events -o json in a file, none lost", file.best, "a second", 300_000, details: file.details))
        return outcome
    }

    // MARK: To the library

    private func toLibrary(_ rate: Double) throws -> RateStep {
        let bpffs = try PrivateBPFFS()
        let datapath = try Datapath(
            DatapathConfiguration(bpffs: bpffs.path("policyd")), logger: Logger(label: "numbers") { _ in SwiftLogNoOpLogHandler() })
        defer { try? datapath.remove() }
        let set = try DocumentLoader.load(bundles: [SourceBundle(files: [SourceFile(path: "bench.yaml", text: Self.policy)])]).policySet()
        var numbers = RuleNumbers()
        let given = numbers.assign(for: set)
        try datapath.install(CompiledPolicy.compile(set, revision: 1, numbers: numbers, interfaces: ["lo"]), newNumbers: given)
        let counted = Counted()
        let events = datapath.events()
        let reader = Task.detached {
            for try await batch in events {
                counted.events.add(batch.events.count, ordering: .relaxed)
                counted.lost.add(Int(clamping: batch.lost), ordering: .relaxed)
            }
        }
        defer { reader.cancel() }
        usleep(50_000)
        let start = ContinuousClock.now
        let produced = try Producer(Program(pinnedAt: bpffs.path(Self.name))).produce(rate, seconds: seconds)
        let end = counted.waitUntilQuiet()
        return RateStep(
            produced: produced, delivered: counted.events.load(ordering: .relaxed), seconds: max((end - start) / .seconds(1), seconds * 0.5)
        )
    }

    // MARK: To a file

    private func toFile(_ rate: Double) throws -> RateStep {
        let daemon = try Daemon(setting)
        try daemon.start()
        try daemon.policyctl("apply", "-f", daemon.file("host.yaml", Self.policy))
        let reader = try daemon.launchPolicyctl("events", "--follow", "-o", "json", name: "events")
        for _ in 0..<500 {
            let followers = (try daemon.status()["events"] as? [String: Any])?["followers"] as? NSNumber
            if let followers, followers.intValue > 0 { break }
            usleep(10_000)
        }
        let path = "\(daemon.folder)/events.out"
        let start = ContinuousClock.now
        let produced = try Producer(Program(pinnedAt: "\(daemon.pins)/entry/policyd_ingress")).produce(rate, seconds: seconds)
        var size = -1
        var since = ContinuousClock.now
        while ContinuousClock.now - since < .milliseconds(500) {
            usleep(5_000)
            var status = stat()
            stat(path, &status)
            if Int(status.st_size) != size { (size, since) = (Int(status.st_size), ContinuousClock.now) }
        }
        reader.send(SIGINT)
        _ = reader.wait(seconds: 10)
        return RateStep(produced: produced, delivered: try Self.lines(path), seconds: (since - start) / .seconds(1))
    }

    /// Verdicts in a file of events; what is told to be lost is none.
    private static func lines(_ path: String) throws -> Int {
        let result = try runCommand(["grep", "-c", "\"type\":\"verdict\"", path])
        guard let count = Int(result.output.filter(\.isNumber)) else { throw BenchmarkError("cannot count \(path): \(result.output)") }
        return count
    }
}

/// Has a program judge packets at a rate.
private struct Producer: ~Copyable {
    private let program: Program
    private let frame = Flow(0x1400_0001, 4_000, HostRules.host, 53, protocol: 17).frame()

    init(_ program: consuming Program) { self.program = program }

    /// Says how many there were.
    func produce(_ rate: Double, seconds: Double) throws -> Int {
        try numbers.produce(rate, seconds: seconds) { _ = try program.testRun(data: frame, repeat: $0) }
    }
}
