import ArgumentParser
import Foundation
import PolicyCompiler
import PolicyModel
import PolicyTesting

/// How long large policies take on their way into tables, and how large the tables are.
@main
struct Scale: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale", abstract: "Measure reading and compiling of large rule and address sets, and the size of their tables.")

    @Option(parsing: .upToNextOption, help: "Files of rules in ClassBench's format.") var classbench: [String] = []
    @Option(help: "Rules of the largest generated set.") var rules = 10_000
    @Option(help: "Entries of the largest address set.") var entries = 1_000_000
    @Flag(help: "Print each line as a JSON object.") var json = false

    func run() throws {
        if !json { print(Measurement.heading) }
        for path in classbench {
            let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
            let set = try ClassBenchSet(text: text)
            try show("\(URL(fileURLWithPath: path).lastPathComponent)", set)
        }
        for family in ClassBenchGenerator.Family.allCases {
            for count in Self.doublings(to: rules, steps: 4) {
                var generator = ClassBenchGenerator(family, seed: 1)
                try show("\(family.rawValue)-like rules", generator.set(count))
            }
        }
        for kind in AddressKind.allCases {
            for count in Self.doublings(to: entries, steps: kind == .random ? 5 : 1) { try show(kind, count) }
        }
        // The size that the project's figures speak of.
        if entries >= 800_000 { try show(.random, 800_000) }
    }

    private static func doublings(to count: Int, steps: Int) -> [Int] {
        (0..<steps).map { count >> (steps - 1 - $0) }.filter { $0 > 0 }
    }

    /// A set of entries with 1,000 rules on top, some of which use it.
    private func show(_ kind: AddressKind, _ count: Int) throws {
        let policy = HostPolicy(name: "top", ingress: ClassBenchGenerator.topRules(1_000))
        let list = "kind: AddressSet\nmetadata: { name: listed }\nspec: { files: [listed.txt] }\n"
        try show(
            "\(kind.rawValue) + 1,000 rules", 1_000, count,
            text: "\(policy.output.yaml())---\napiVersion: policyd/v1\n\(list)", lists: ["listed.txt": Array(kind.list(count).utf8)])
    }

    private func show(_ what: String, _ set: ClassBenchSet) throws {
        let text = try set.policySet().policies.map { $0.output.yaml() }.joined(separator: "---\n")
        try show(what, set.rules.count, 0, text: text)
    }

    /// From the text of documents and lists to tables.
    private func show(_ what: String, _ rules: Int, _ entries: Int, text: String, lists: [String: [UInt8]] = [:]) throws {
        var measurement = Measurement(what: what, rules: rules, entries: entries)
        let bundle = SourceBundle(files: [SourceFile(path: "scale.yaml", text: text)], lists: lists)
        let loaded = measurement.time("read") { DocumentLoader.load(bundles: [bundle]) }
        let policySet = try measurement.time("check") { try loaded.policySet() }
        _ = measurement.time("warn") { loaded.warnings() }
        var numbers = RuleNumbers()
        measurement.time("number") { _ = numbers.assign(for: policySet) }
        let policy = try measurement.time("compile") {
            try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: ["eth0"])
        }
        measurement.tables = policy.tableSizes
        print(json ? measurement.json : measurement.line)
    }
}

extension ClassBenchGenerator {
    /// Rules of a host with lists: most name prefixes and ports, every hundredth refuses the set.
    static func topRules(_ count: Int) -> [Rule] {
        var generator = ClassBenchGenerator(.ipc, seed: 2)
        return generator.set(count).rules.enumerated().map { index, rule in
            guard index % 100 == 99 else { return rule.rule("r\(index)") }
            var listed = Rule(name: "r\(index)", action: .deny)
            listed.remote = AddressMatch([.set("listed")])
            if index % 200 == 99 { (listed.protocols, listed.ports) = ([.tcp], [PortRange(UInt16(index))]) }
            return listed
        }
    }
}
