import Datapath
import PolicyAPI
import PolicyCompiler
import PolicyModel

/// What is in force, as clients see it.
extension Enforcer {
    func rules() throws -> [RuleMessage] {
        guard let inForce else { return [] }
        let counters = try enforcement.counters()
        return Direction.allCases.flatMap { direction in
            inForce.policySet.rules(direction).map { policy, rule in
                let counter = counter(of: rule, policy, direction, inForce, counters)
                return RuleMessage(
                    policy: policy.name, rule: rule.name, tier: policy.tier.rawValue, direction: direction.rawValue,
                    action: policy.mode == .audit ? "\(rule.action.rawValue) (audit)" : rule.action.rawValue,
                    match: rule.matchInWords(direction),
                    log: rule.log.rawValue, location: rule.location.lineText,
                    counters: CounterMessage(packets: counter?.packets ?? 0, bytes: counter?.bytes ?? 0),
                    lostEvents: counter?.lostEvents ?? 0)
            }
        }
    }

    func policies() throws -> [PolicyMessage] {
        guard let inForce else { return [] }
        let counters = try enforcement.counters()
        return inForce.policySet.policies.map { policy in
            var sum = CounterMessage.zero
            for direction in Direction.allCases {
                for rule in policy.rules(direction) {
                    guard let counter = counter(of: rule, policy, direction, inForce, counters) else { continue }
                    sum = sum + CounterMessage(packets: counter.packets, bytes: counter.bytes)
                }
            }
            return PolicyMessage(
                name: policy.name, labels: policy.labels, tier: policy.tier.rawValue, priority: policy.priority, mode: policy.mode.rawValue,
                interfaces: policy.interfaces?.patterns, ingressRules: policy.ingress.count, egressRules: policy.egress.count,
                location: policy.location.lineText, counters: sum)
        }
    }

    private func counter(
        of rule: Rule, _ policy: HostPolicy, _ direction: Direction, _ inForce: InForce, _ counters: [UInt32: RuleCounter]
    ) -> RuleCounter? {
        let key = RuleKey(policy: policy.name, direction: direction, rule: rule.name)
        return inForce.compiled.numbers.number(of: key).flatMap { counters[$0] }
    }

    /// The documents as they were applied, and what sets were given since.
    func documents() -> DocumentsMessage {
        guard let inForce else { return DocumentsMessage(revision: nil, documents: [], runtimeEntries: [:]) }
        let items = inForce.documents.documents.map { document in
            DocumentsMessage.Item(
                source: SourceText(name: document.source.path, text: document.source.text, line: document.source.firstLine),
                lists: document.lists.sorted { $0.key < $1.key }.map {
                    SourceText(name: $0.key, text: String(decoding: $0.value, as: UTF8.self))
                })
        }
        return DocumentsMessage(
            revision: inForce.number, documents: items,
            runtimeEntries: inForce.runtimeEntries.mapValues { $0.map(\.address.description) })
    }

    func sets() -> [SetMessage] {
        guard let policySet = inForce?.policySet else { return [] }
        var uses: [String: Int] = [:]
        for direction in Direction.allCases {
            for (_, rule) in policySet.rules(direction) {
                for name in Set(rule.remote.setNames + rule.local.setNames) { uses[name, default: 0] += 1 }
            }
        }
        return policySet.sets.values.sorted { $0.name < $1.name }.map { set in
            SetMessage(
                name: set.name, documentEntries: set.addresses.count + set.fileEntries.count, runtimeEntries: set.runtimeEntries.count,
                usedBy: uses[set.name] ?? 0, location: set.location.lineText)
        }
    }

    /// The entries of a set; only those that hold one of the addresses, if any are given.
    func entries(of name: String, holding addresses: [IPAddress]) throws -> SetEntriesMessage {
        guard let inForce, let set = inForce.policySet.sets[name] else { throw Refusal(noSet: name, in: inForce?.policySet ?? .empty) }
        func isWanted(_ prefix: CIDR) -> Bool { addresses.isEmpty || addresses.contains(where: prefix.contains) }
        let fixed = (set.addresses + set.fileEntries).filter(isWanted).map { SetEntryMessage(address: $0.description, source: "document") }
        let added = (inForce.runtimeEntries[name] ?? []).filter { isWanted($0.address) }.map {
            SetEntryMessage(address: $0.address.description, source: "runtime", expires: $0.expires)
        }
        return SetEntriesMessage(name: name, entries: fixed + added)
    }
}

extension Rule {
    /// What a packet must be to match, in the words of the policy language.
    func matchInWords(_ direction: Direction) -> String {
        var words: [String] = []
        func add(_ name: String, _ values: [String]) {
            if !values.isEmpty { words.append("\(name) \(values.joined(separator: ","))") }
        }
        func terms(_ match: AddressMatch) -> [String] {
            match.positives.map(\.description) + match.negatives.map { "!\($0)" }
        }
        add("protocol", protocols.map(\.description))
        add("ports", ports.map(\.description))
        add("sourcePorts", sourcePorts.map(\.description))
        add("icmp", icmp.map(\.description))
        if !remote.isAny { add(direction == .ingress ? "from" : "to", terms(remote)) }
        if !local.isAny { add("local", terms(local)) }
        if let interfaces { add("interfaces", interfaces.patterns) }
        return words.isEmpty ? "any" : words.joined(separator: " ")
    }
}
