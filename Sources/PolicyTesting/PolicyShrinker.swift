public import PolicyModel

/// Makes a policy set that shows a mistake as small as it can be while it still shows it.
public struct PolicyShrinker {
    /// Removes policies, rules, fields and entries for as long as `fails` holds.
    ///
    /// `fails` is called with many policy sets; it has to give the same answer each time.
    public static func minimize(_ policySet: PolicySet, while fails: (PolicySet) throws -> Bool) rethrows -> PolicySet {
        var smallest = policySet
        var isSmaller = true
        while isSmaller {
            isSmaller = false
            for candidate in candidates(smallest) where try fails(candidate) {
                smallest = candidate
                isSmaller = true
                break
            }
        }
        return smallest
    }

    /// Every policy set that is one step smaller, the larger steps first.
    private static func candidates(_ policySet: PolicySet) -> [PolicySet] {
        let sets = policySet.sets.values.sorted { $0.name < $1.name }
        var found: [PolicySet?] = shorter(policySet.policies).map { try? PolicySet(policies: $0, sets: sets) }
        found += shorter(sets).map { try? PolicySet(policies: policySet.policies, sets: $0) }
        for (index, policy) in policySet.policies.enumerated() {
            for smaller in self.smaller(policy) {
                var policies = policySet.policies
                policies[index] = smaller
                found.append(try? PolicySet(policies: policies, sets: sets))
            }
        }
        for (index, set) in sets.enumerated() {
            for smaller in self.smaller(set) {
                var sets = sets
                sets[index] = smaller
                found.append(try? PolicySet(policies: policySet.policies, sets: sets))
            }
        }
        return found.compactMap { $0 }
    }

    /// The lists without one element; of long ones also the halves.
    private static func shorter<Element>(_ elements: [Element]) -> [[Element]] {
        var found: [[Element]] = []
        if elements.count > 3 {
            found = [Array(elements[..<(elements.count / 2)]), Array(elements[(elements.count / 2)...])]
        }
        for index in elements.indices {
            var shorter = elements
            shorter.remove(at: index)
            found.append(shorter)
        }
        return found
    }

    private static func smaller(_ policy: HostPolicy) -> [HostPolicy] {
        var found: [HostPolicy] = []
        func add(_ change: (inout HostPolicy) -> Void) {
            var smaller = policy
            change(&smaller)
            if smaller != policy { found.append(smaller) }
        }
        for rules in shorter(policy.ingress) { add { $0.ingress = rules } }
        for rules in shorter(policy.egress) { add { $0.egress = rules } }
        add { $0.interfaces = nil }
        add { $0.mode = .enforce }
        for (index, rule) in policy.ingress.enumerated() {
            for smaller in self.smaller(rule) { add { $0.ingress[index] = smaller } }
        }
        for (index, rule) in policy.egress.enumerated() {
            for smaller in self.smaller(rule) { add { $0.egress[index] = smaller } }
        }
        return found
    }

    private static func smaller(_ rule: Rule) -> [Rule] {
        var found: [Rule] = []
        func add(_ change: (inout Rule) -> Void) {
            var smaller = rule
            change(&smaller)
            if smaller != rule { found.append(smaller) }
        }
        add { $0.mode = nil }
        add { $0.expires = nil }
        add { $0.established = .judge }
        add { if $0.action == .reject { $0.action = .deny } }
        add { $0.remote = .any }
        add { $0.local = .any }
        add { $0.interfaces = nil }
        add { $0.sourcePorts = [] }
        add { ($0.ports, $0.sourcePorts, $0.icmp, $0.protocols) = ([], [], [], []) }
        add { $0.ports = [] }
        add { $0.icmp = [] }
        for ports in shorter(rule.ports) { add { $0.ports = ports } }
        for messages in shorter(rule.icmp) { add { $0.icmp = messages } }
        for protocols in shorter(rule.protocols) where !protocols.isEmpty { add { $0.protocols = protocols } }
        for terms in shorter(rule.remote.positives) { add { $0.remote.positives = terms } }
        for terms in shorter(rule.remote.negatives) { add { $0.remote.negatives = terms } }
        for terms in shorter(rule.local.positives) { add { $0.local.positives = terms } }
        for terms in shorter(rule.local.negatives) { add { $0.local.negatives = terms } }
        return found
    }

    private static func smaller(_ set: AddressSet) -> [AddressSet] {
        var found: [AddressSet] = []
        func add(_ change: (inout AddressSet) -> Void) {
            var smaller = set
            change(&smaller)
            if smaller != set { found.append(smaller) }
        }
        add { ($0.fileEntries, $0.runtimeEntries) = ([], []) }
        for names in shorter(set.sets) { add { $0.sets = names } }
        for entries in shorter(set.addresses) { add { $0.addresses = entries } }
        for entries in shorter(set.fileEntries) { add { $0.fileEntries = entries } }
        for entries in shorter(set.runtimeEntries) { add { $0.runtimeEntries = entries } }
        return found
    }
}
