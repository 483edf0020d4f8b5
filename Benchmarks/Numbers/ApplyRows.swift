import BPFTesting
import Foundation
import PolicyModel
import PolicyTesting

/// What the daemon takes to put large things in force, to change them, and in memory.
struct ApplyRows {
    let setting: Setting

    private var effort: Effort { setting.effort }

    // MARK: A large set

    func set() throws -> Outcome {
        var outcome = Outcome(row: "apply")
        let rules = HostRules(1_000)
        let sizes = effort.isQuick ? [10_000, 800_000] : [1_000, 10_000, 100_000, 800_000]
        for count in sizes {
            let list = HostRules.text(HostRules.list(count))
            var ours: [Double] = []
            var inside: [Double] = []
            let repetitions = effort.isQuick ? 1 : 3
            for repetition in 0..<repetitions {
                let daemon = try Daemon(setting)
                try daemon.start()
                try daemon.file("list.txt", list)
                let path = try daemon.file("set.yaml", rules.yaml(listed: "list.txt"))
                // The daemon as it is some time after its start, and after the apply, when what it freed has been given back.
                usleep(500_000)
                let idle = try daemon.memory("VmRSS")
                let (output, milliseconds) = try daemon.policyctl("apply", "-o", "json", "-f", path)
                ours.append(milliseconds)
                inside.append(Self.microseconds(output) / 1e3)
                guard count == 800_000, repetition == repetitions - 1 else { continue }
                usleep(3_000_000)
                try measureMemory(daemon, idle: idle, &outcome)
                try measureChange(daemon, &outcome)
            }
            let mine = Sample(ours).median
            outcome.point(.apply, "policyd, set and 1,000 rules", Double(count), mine)
            let theirs = try nft(list)
            outcome.point(.apply, "nft -f, the set alone", Double(count), theirs)
            let ipset = try self.ipset(list, count)
            outcome.point(.apply, "ipset restore, the set alone", Double(count), ipset)
            guard count == 800_000 else { continue }
            let name = "apply of an 800,000-entry set and 1,000 rules, command to in force"
            outcome.measured.insert(
                contentsOf: [
                    .atMost(
                        name, mine / 1e3, "s", 1,
                        details: [
                            "fastest ms": ours.min() ?? 0, "slowest ms": ours.max() ?? 0,
                            "in the daemon, by its own clock, ms": Sample(inside).median,
                        ]),
                    Measured(
                        name: "nft -f of the same set", target: "≥ 10 × ours", value: theirs / 1e3, unit: "s", ratio: theirs / mine,
                        ratioOf: "the apply", met: theirs / mine >= 10),
                    .figure("ipset restore of the same set", ipset / 1e3, "s"),
                ], at: 0)
        }
        return outcome
    }

    private func measureMemory(_ daemon: Daemon, idle: Double, _ outcome: inout Outcome) throws {
        let after = try daemon.memory("VmRSS")
        let details = ["peak MiB": try daemon.memory("VmHWM") / 1024, "anonymous MiB": try daemon.memory("RssAnon") / 1024]
        outcome.measured += [
            .atMost("memory of the daemon, idle", idle / 1024, "MiB", 25),
            .atMost("memory of the daemon, after that apply", after / 1024, "MiB", 120, details: details),
        ]
        let maps = try daemon.status()["maps"] as? [[String: Any]] ?? []
        let tables = maps.filter { ($0["name"] as? String)?.contains("table") == true }
        guard !tables.isEmpty else {
            outcome.measured.append(
                .missing("kernel tables for the set", target: "≤ 64 MiB", because: "status names no tables", isFault: true))
            return
        }
        let bytes = tables.reduce(0.0) { $0 + (($1["bytes"] as? NSNumber)?.doubleValue ?? 0) }
        let all = maps.reduce(0.0) { $0 + (($1["bytes"] as? NSNumber)?.doubleValue ?? 0) }
        outcome.measured.append(
            .atMost("kernel tables for the set", bytes / Double(1 << 20), "MiB", 64, details: ["all maps MiB": all / Double(1 << 20)]))
    }

    /// One address at a time into the large set.
    private func measureChange(_ daemon: Daemon, _ outcome: inout Outcome) throws {
        let http = try UnixHTTP(daemon.socket)
        let count = effort.isQuick ? 10 : 50
        var inside: [Double] = []
        func add(_ address: String) throws -> Double {
            let start = ContinuousClock.now
            let answer = try http.post("/v1/sets/listed/add", "{\"addresses\":[\"\(address)\"]}")
            inside.append(((answer["microseconds"] as? NSNumber)?.doubleValue ?? .nan) / 1e3)
            return (ContinuousClock.now - start) / .milliseconds(1)
        }
        let request = try (0..<count).map { index in
            // After an answer the daemon waits for packets under way to leave the tables it writes next.
            usleep(100_000)
            return try add("203.0.113.\(index)")
        }
        let alone = Sample(inside).median
        let row = try (0..<count).map { try add("192.0.2.\($0)") }
        let command = try (0..<5).map { index in
            usleep(100_000)
            return try daemon.policyctl("set", "add", "listed", "198.51.100.\(index)").milliseconds
        }
        outcome.measured += [
            .atMost(
                "one address added to that set, in force, request to answer", Sample(request).median, "ms", 5,
                details: [
                    "slowest": request.max() ?? 0, "in the daemon, by its own clock": alone,
                    "policyctl set add, whole command": Sample(command).median,
                ]),
            .figure("the same, each right after the one before", Sample(row).median, "ms", details: ["slowest": row.max() ?? 0]),
        ]
    }

    private func nft(_ list: String) throws -> Double {
        let folder = try WorkFolder("nft")
        return try timed("nft", "-f", folder.file("set.nft", NFTables.set(list)))
    }

    private func ipset(_ list: String, _ count: Int) throws -> Double {
        let lines = list.split(separator: "\n").map { "add listed \($0)\n" }.joined()
        let folder = try WorkFolder("ipset")
        let path = try folder.file("set.ipset", "create listed hash:net family inet hashsize 1024 maxelem \(max(65_536, count))\n\(lines)")
        return try timed("sh", "-c", "ipset restore < \(path)")
    }

    /// Milliseconds of a command in a namespace of its own.
    private func timed(_ words: String...) throws -> Double {
        let namespace = try NetworkNamespace()
        let start = ContinuousClock.now
        let result = try namespace.run { () throws(TestingError) in try runCommand(words) }
        let taken = (ContinuousClock.now - start) / .milliseconds(1)
        guard result.status == 0 else { throw BenchmarkError("\(words.joined(separator: " ")): \(result.output.prefix(300))") }
        return taken
    }

    // MARK: Many rules

    func rules() throws -> Outcome {
        var outcome = Outcome(row: "rules")
        var texts = [("10,000 rules of a host, ports at random", HostRules(10_000, ports: .any).yaml())]
        for family in ClassBenchGenerator.Family.allCases {
            var generator = ClassBenchGenerator(family, seed: 1)
            let policies = try generator.set(10_000).policySet().policies
            texts.append(
                ("10,000 ClassBench-style rules, \(family.rawValue)", policies.map { $0.output.yaml() }.joined(separator: "---\n")))
        }
        let daemon = try Daemon(setting)
        try daemon.start()
        for (what, text) in texts {
            let path = try daemon.file("rules.yaml", text)
            var taken: [Double] = []
            var inside: [Double] = []
            for repetition in 0..<(effort.isQuick ? 3 : 7) {
                if repetition > 0 { try daemon.policyctl("apply", "--replace", "-f", daemon.file("none.yaml", HostRules(1).yaml())) }
                let (output, milliseconds) = try daemon.policyctl("apply", "--replace", "-o", "json", "-f", path)
                taken.append(milliseconds)
                inside.append(Self.microseconds(output) / 1e3)
            }
            outcome.measured.append(
                .atMost(
                    "apply, \(what)", Sample(taken).median / 1e3, "s", 0.25,
                    details: [
                        "fastest ms": taken.min() ?? 0, "first ms": taken[0], "in the daemon, by its own clock, ms": Sample(inside).median,
                    ]))
        }
        return outcome
    }

    /// What the daemon says a change took, in the JSON of `policyctl apply`, which warnings may stand around.
    private static func microseconds(_ text: String) -> Double {
        guard let key = text.range(of: "\"microseconds\"") else { return .nan }
        return Double(text[key.upperBound...].drop { !$0.isNumber }.prefix { $0.isNumber }) ?? .nan
    }

    // MARK: Start

    func start() throws -> Outcome {
        var outcome = Outcome(row: "start")
        let daemon = try Daemon(setting)
        try daemon.file("policies/host.yaml", HostRules(1_000).yaml())
        var first: [Double] = []
        var rebooted: [Double] = []
        var restarted: [Double] = []
        for _ in 0..<(effort.isQuick ? 3 : 11) {
            first.append(try daemon.start())
            guard try daemon.status()["revision"] is [String: Any] else { throw BenchmarkError("ready, and nothing is in force") }
            daemon.stop()
            restarted.append(try daemon.start())
            daemon.stop()
            daemon.removePins()
            rebooted.append(try daemon.start())
            guard try daemon.status()["revision"] is [String: Any] else { throw BenchmarkError("ready, and nothing is in force") }
            daemon.stop()
            daemon.removePins()
            try FileManager.default.removeItem(atPath: "\(daemon.folder)/state")
        }
        outcome.measured = [
            .atMost("start of the daemon to enforcing 1,000 rules, as after a reboot", Sample(rebooted).median / 1e3, "s", 0.1),
            .atMost(
                "start of the daemon to enforcing 1,000 rules, for the first time, from the policy folder", Sample(first).median / 1e3, "s",
                0.1),
            .figure("start of the daemon, taking over what is in force", Sample(restarted).median / 1e3, "s"),
        ]
        return outcome
    }
}
