import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Glibc

/// Uses the eBPF library from many tasks at once, for the sanitisers: `scripts/sanitise`. Ends with 0 if everything came out right.
///
///     stress [SECONDS]
@main
struct Stress {
    static func main() async throws {
        let seconds = CommandLine.arguments.dropFirst().first.flatMap { Double($0) } ?? 10
        let end = ContinuousClock.now + .seconds(seconds)
        // What is made once for the process is made before descriptors are counted.
        for work in all { try await work.run() }
        let before = OpenDescriptors()
        var rounds = 0
        repeat {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for work in all { group.addTask { try await work.run() } }
                try await group.waitForAll()
            }
            rounds += 1
        } while ContinuousClock.now < end
        let opened = OpenDescriptors.opened(since: before)
        guard opened.isEmpty else { throw Failure("descriptors left open: \(opened)") }
        print("\(rounds) rounds of \(all.count) at once, nothing left open")
    }

    private static var all: [Work] { [.maps, .kinds, .objects, .rings, .perf, .waits, .features, .inventory, .links] }
}

/// What one task does in a round.
enum Work: Sendable {
    case maps, kinds, objects, rings, perf, waits, features, inventory, links

    func run() async throws {
        switch self {
        case .maps: try await maps()
        case .kinds: try await kinds()
        case .objects: try objects()
        case .rings: try await records(of: OpenObject(.rings).load(), isRing: true)
        case .perf: try await records(of: OpenObject(.rings).load(), isRing: false)
        case .waits: try await waits()
        case .features: try features()
        case .inventory: try inventory()
        case .links: try await links()
        }
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Says what did not come out as it must.
func expect(_ isRight: Bool, _ words: @autoclosure () -> String) throws {
    if !isRight { throw Failure(words()) }
}

/// A handle that several tasks use.
final class Shared<Value: ~Copyable & Sendable>: Sendable {
    let value: Value
    init(_ value: consuming Value) { self.value = value }
}

/// A packet for test-runs.
let frame = [UInt8](repeating: 0, count: 12) + [8, 0] + [UInt8](repeating: 0, count: 50)
