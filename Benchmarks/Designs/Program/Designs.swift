import ArgumentParser
import Foundation
import PolicyModel
import PolicyTesting

/// Other designs of the tables beside the one the datapath walks, on the same rules, addresses and packets.
@main
struct Designs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "designs",
        abstract: "Measure designs of the rule table and of the address table, all compiled into this process.",
        discussion: "Nanoseconds are those of one look-up in a trace that is gone through again and again; of several rounds the least.")

    @Option(parsing: .upToNextOption, help: "Files of rules and traces in ClassBench's format, in turn.") var classbench: [String] = []
    @Option(help: "Rules of the largest generated sets.") var rules = 10_000
    @Option(help: "Entries of the largest address set.") var entries = 800_000
    @Option(help: "Rounds of each measurement.") var rounds = 7

    func run() throws {
        print(RuleMeasurement.heading)
        for pair in Swift.stride(from: 0, to: classbench.count - 1, by: 2) {
            let set = try ClassBenchSet(text: Self.text(classbench[pair]))
            let headers = try ClassBenchSet.headers(text: Self.text(classbench[pair + 1]))
            try show(URL(fileURLWithPath: classbench[pair]).deletingPathExtension().lastPathComponent, set, headers)
        }
        for family in ClassBenchGenerator.Family.allCases {
            for count in [1_000, rules] {
                var generator = ClassBenchGenerator(family, seed: 1)
                let set = generator.set(count)
                try show("\(family.rawValue)-like", set, generator.headers(16_384, for: set))
            }
        }
        print("\n\(AddressMeasurement.heading)")
        for shape in AddressShape.allCases {
            for count in [1_000, entries] where count == entries || shape != .sparse {
                let count = shape == .sparse ? 64 : count
                try AddressMeasurement(shape, count, rounds: rounds).lines().forEach { print($0) }
            }
        }
    }

    private func show(_ what: String, _ set: ClassBenchSet, _ headers: [ClassBenchHeader]) throws {
        try RuleMeasurement(what, set, headers, rounds: rounds).lines().forEach { print($0) }
    }

    private static func text(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }

    /// What a body returns, and the least nanoseconds it took of several rounds.
    static func least<Result>(of rounds: Int, _ body: () throws -> Result) rethrows -> (result: Result, nanoseconds: Double) {
        var least = Double.infinity
        for _ in 1..<max(rounds, 1) { least = min(least, try timed(body).nanoseconds) }
        let last = try timed(body)
        return (last.result, min(least, last.nanoseconds))
    }

    static func timed<Result>(_ body: () throws -> Result) rethrows -> (result: Result, nanoseconds: Double) {
        let start = ContinuousClock.now
        let result = try body()
        return (result, (ContinuousClock.now - start) / .nanoseconds(1))
    }

    static func tenths(_ number: Double) -> String { String(format: "%.1f", number) }

    /// A line of a table: words to the left, numbers to the right.
    static func line(_ words: [String], _ numbers: [String]) -> String {
        zip(words, [20, 9, 30]).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined()
            + numbers.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
    }
}
