internal import PolicyModel

/// Which rules may be acted on at XDP, before connections are looked at.
enum EarlyRules {
    /// How many of the first rules: up to the last one that denies, of those before a rule that matches everything.
    ///
    /// A rule for all that is left would be met by every reply to a connection of the host's own: to act on it early would cost each of
    /// them one more look at the connections. What a rule says by name, addresses, protocol or ports, seldom belongs to one.
    static func count(_ rules: [FlatRule]) -> UInt32 {
        let named = rules.sorted { $0.order < $1.order }.prefix { !$0.rule.matchesEverything }
        let last = named.lastIndex { $0.rule.action == .deny && !$0.policy.audits($0.rule) }
        return last.map { UInt32($0 + 1) } ?? 0
    }
}
