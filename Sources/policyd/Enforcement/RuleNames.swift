import PolicyAPI
import PolicyCompiler
import PolicyModel
import Synchronization

/// What the rule numbers in events mean.
///
/// Numbers are given again when rules are gone, so a name is looked up by the revision that judged; the last few revisions are kept,
/// as their events may still be on the way.
final class RuleNames: Sendable {
    private struct State {
        var byRevision: [UInt32: [UInt32: RuleName]] = [:]
        var order: [UInt32] = []
    }

    private static let kept = 16
    private let state = Mutex(State())

    func add(revision: UInt32, of policySet: PolicySet, _ numbers: RuleNumbers) {
        var names: [UInt32: RuleName] = [:]
        for direction in Direction.allCases {
            for (policy, rule) in policySet.rules(direction) {
                let key = RuleKey(policy: policy.name, direction: direction, rule: rule.name)
                guard let number = numbers.number(of: key) else { continue }
                names[number] = RuleName(
                    policy: policy.name, rule: rule.name, tier: policy.tier, location: rule.location.lineText)
            }
        }
        keep(names, of: revision)
    }

    /// A revision has the rules of another, under the same numbers.
    func add(revision: UInt32, like other: UInt32) { keep(names(of: other), of: revision) }

    private func keep(_ names: [UInt32: RuleName], of revision: UInt32) {
        state.withLock { state in
            if state.byRevision.updateValue(names, forKey: revision) == nil { state.order.append(revision) }
            while state.order.count > Self.kept { state.byRevision[state.order.removeFirst()] = nil }
        }
    }

    /// The names of a revision's rules; of the newest one if that revision is forgotten.
    func names(of revision: UInt32) -> [UInt32: RuleName] {
        state.withLock { state in
            state.byRevision[revision] ?? state.order.last.flatMap { state.byRevision[$0] } ?? [:]
        }
    }
}
