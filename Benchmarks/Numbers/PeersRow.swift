import BPFTesting
import Datapath
import Foundation
import Logging
import PolicyCompiler
import PolicyModel

/// What packets cost in other firewalls and in policyd, through the same veth pair, with the same traffic from the same sender.
struct PeersRow {
    let effort: Effort

    /// A way of filtering: how it is put in force and taken out.
    private struct Filter {
        var figure: Figure.Kind
        var series: String
        var x: Int
        var install: () throws -> Void
        var remove: () throws -> Void
    }

    private let pair: VethPair
    private let folder: WorkFolder

    init(effort: Effort) throws {
        self.effort = effort
        pair = try VethPair()
        folder = try WorkFolder("peers")
    }

    private var rules: [Int] { effort.isQuick ? [10, 100, 1_000] : [10, 30, 100, 300, 1_000, 2_000, 4_000, 8_000] }
    private var entries: [Int] { effort.isQuick ? [1_000, 100_000] : [100, 1_000, 10_000, 100_000, 800_000] }
    private static let traffic = 65_536

    func run() throws -> Outcome {
        var outcome = Outcome(row: "peers")
        var costs: [String: Double] = [:]
        for filter in filters {
            let flows = HostRules(filter.x).flows(filter.series == Self.known ? 1_024 : Self.traffic)
            let frames = flows.map { $0.frame(to: VethPair.hardware) }
            do {
                let cost = try measure(filter, frames, &outcome)
                costs["\(filter.figure) \(filter.series) \(filter.x)"] = cost
                outcome.point(filter.figure, filter.series, Double(filter.x), cost)
            } catch {
                outcome.measured.append(
                    Measured(name: "\(filter.series), \(Format.thousands(filter.x)) \(filter.figure.x)", unit: "", note: "\(error)"))
            }
        }
        try compare(costs, &outcome)
        return outcome
    }

    /// The cost of a packet above no filter at all, which is measured before and after.
    private func measure(_ filter: Filter, _ frames: [[UInt8]], _ outcome: inout Outcome) throws -> Double {
        let (milliseconds, rounds) = effort.isQuick ? (8.0, 21) : (15.0, 41)
        let before = try pair.measure(frames, milliseconds: milliseconds, rounds: rounds)
        try filter.install()
        let with: VethPair.Speed
        do {
            with = try pair.measure(frames, milliseconds: milliseconds, rounds: rounds)
            try filter.remove()
        } catch {
            try? filter.remove()
            throw error
        }
        let after = try pair.measure(frames, milliseconds: milliseconds, rounds: rounds)
        let base = (before.nanoseconds + after.nanoseconds) / 2
        outcome.measured.append(
            .figure(
                "\(filter.series), \(Format.thousands(filter.x)) \(filter.figure.x)", with.nanoseconds - base, "ns",
                note: with.note ?? before.note ?? after.note,
                details: ["whole": with.nanoseconds, "without filter": base, "lost": max(with.lost, before.lost, after.lost)]))
        return with.nanoseconds - base
    }

    // MARK: Filters

    private static let known = "policyd, whole, known flows"
    private static let new = "policyd, whole, new flows"
    private static let linear = "nftables, rules one after the other"

    private var filters: [Filter] {
        var filters: [Filter] = []
        for count in rules {
            let rules = HostRules(count)
            filters.append(nft(.rules, Self.linear, count) { rules.nftables })
            filters.append(
                Filter(
                    figure: .rules, series: "iptables (legacy)", x: count,
                    install: { try command("iptables-legacy-restore", folder.file("rules.v4", rules.iptables)) },
                    remove: { try command("iptables-legacy", "-F", "INPUT") }))
            filters.append(policyd(.rules, Self.known, count) { (rules.yaml(), [:]) })
            filters.append(policyd(.rules, Self.new, count) { (rules.yaml(), [:]) })
        }
        for count in entries {
            let list = { HostRules.text(HostRules.list(count)) }
            filters.append(nft(.set, "nftables, set", count) { NFTables.set(list()) })
            filters.append(nft(.set, "nftables, verdict map", count) { NFTables.verdictMap(list()) })
            filters.append(
                Filter(
                    figure: .set, series: "ipset (hash:net) by iptables", x: count,
                    install: {
                        let size = max(65_536, count)
                        var text = "create listed hash:net family inet hashsize 1024 maxelem \(size)\n"
                        for line in list().split(separator: "\n") { text += "add listed \(line)\n" }
                        try command("sh", "-c", "ipset restore < \(folder.file("ipset", text))")
                        try command("iptables-legacy", "-A", "INPUT", "-m", "set", "--match-set", "listed", "src", "-j", "DROP")
                    },
                    remove: {
                        try command("iptables-legacy", "-F", "INPUT")
                        try command("ipset", "destroy", "listed")
                    }))
            filters.append(policyd(.set, Self.new, count) { (HostRules(0).yaml(listed: "list.txt"), ["list.txt": list()]) })
        }
        return filters
    }

    private func nft(_ figure: Figure.Kind, _ series: String, _ x: Int, _ text: @escaping () -> String) -> Filter {
        Filter(
            figure: figure, series: series, x: x, install: { try command("nft", "-f", folder.file("rules.nft", text())) },
            remove: { try command("nft", "flush", "ruleset") })
    }

    private func policyd(
        _ figure: Figure.Kind, _ series: String, _ x: Int, _ documents: @escaping () -> (text: String, lists: [String: String])
    ) -> Filter {
        let guardian = Guardian(pair.host)
        return Filter(
            figure: figure, series: series, x: x,
            install: {
                let (text, lists) = documents()
                try guardian.install(text, lists)
            }, remove: { try guardian.remove() })
    }

    private func command(_ words: String...) throws {
        let result = try pair.host.run { () throws(TestingError) in try runCommand(words) }
        guard result.status == 0 else {
            throw BenchmarkError("\(words.joined(separator: " ")) ended with \(result.status): \(result.output.prefix(300))")
        }
    }

    // MARK: The promise

    /// The same 1,000 rules and the same packets: in nftables through the pair, in policyd's program by test-run, where a few nanoseconds
    /// can be told apart.
    private func compare(_ costs: [String: Double], _ outcome: inout Outcome) throws {
        let name = "the same 1,000 rules in nftables, one after the other"
        guard let theirs = costs["rules \(Self.linear) 1000"] else {
            outcome.measured.append(
                .missing(name, target: "≥ 200 × ours", because: "nftables could not be measured", isFault: false))
            return
        }
        let rules = HostRules(1_000)
        let trace = try Trace(rules.flows(8_192).map { $0.frame() })
        let ours = try Cost.measure(
            trace, [(Compiled(text: rules.yaml()).target, Compiled.nothing().target)], effort)[0]
        var details = ["classification in policyd": ours.mean]
        details["policyd whole, known flows"] = costs["rules \(Self.known) 1000"]
        details["policyd whole, new flows"] = costs["rules \(Self.new) 1000"]
        let ratio = theirs / max(ours.mean, 1)
        outcome.measured.append(
            Measured(
                name: name, target: "≥ 200 × ours", value: theirs, unit: "ns", ratio: ratio, ratioOf: "classification in policyd",
                met: ratio >= 200,
                note:
                    "theirs through the veth pair above no filter, ours \(Format.short(ours.mean)) ns by test-run above a policy without rules",
                details: details))
    }
}

/// policyd's datapath in a namespace, as the daemon makes it.
private final class Guardian {
    private let host: NetworkNamespace
    private var inForce: (bpffs: PrivateBPFFS, datapath: Datapath)?

    init(_ host: NetworkNamespace) { self.host = host }

    func install(_ text: String, _ lists: [String: String]) throws {
        let bundle = SourceBundle(files: [SourceFile(path: "bench.yaml", text: text)], lists: lists.mapValues { Array($0.utf8) })
        let set = try DocumentLoader.load(bundles: [bundle]).policySet()
        var numbers = RuleNumbers()
        let given = numbers.assign(for: set)
        let policy = try CompiledPolicy.compile(set, revision: 1, numbers: numbers, interfaces: ["eth0"])
        try host.run {
            let bpffs = try PrivateBPFFS()
            let configuration = DatapathConfiguration(bpffs: bpffs.path("policyd"))
            let datapath = try Datapath(configuration, logger: Logger(label: "numbers") { _ in SwiftLogNoOpLogHandler() })
            inForce = (bpffs, datapath)
            try datapath.install(policy, newNumbers: given)
            let protected = try datapath.synchronizeInterfaces(InterfaceSelector(patterns: ["eth0"]))
            guard protected.count == 1 else { throw BenchmarkError("policyd does not come to the interface") }
        }
    }

    func remove() throws {
        guard let inForce else { return }
        self.inForce = nil
        try host.run { try inForce.datapath.remove() }
    }
}
