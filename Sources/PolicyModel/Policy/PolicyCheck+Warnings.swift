extension PolicyCheck {
    /// What can be used but is likely not what was meant, for those of the documents that are `about`.
    static func warnings(
        _ documents: [Document], at time: Instant, about: (Document) -> Bool = { _ in true }
    ) -> [Diagnostic] {
        let policySet = PolicySet(unchecked: documents)
        let used = usedSets(policySet)
        return documents.filter(about).flatMap { document in
            let reporter = DocumentReporter(document)
            switch document.value {
            case .policy(let policy):
                return openEnds(policy, policySet, document, reporter) + openGates(policy, policySet, reporter)
                    + forgottenFamilies(policy, policySet, reporter) + expired(policy, at: time, reporter)
            case .set(let set):
                return idle(set, policySet, used: used, document)
            case .probe:
                return []
            }
        }
    }

    /// A policy that allows some packets is taken to mean that it denies the others, and has to say so.
    private static func openEnds(
        _ policy: HostPolicy, _ policySet: PolicySet, _ document: Document, _ reporter: DocumentReporter
    ) -> [Diagnostic] {
        // Policies of the tiers above are there to be followed by others.
        guard policy.tier >= .application, policy.mode == .enforce else { return [] }
        return Direction.allCases.compactMap { direction in
            guard policy.rules(direction).contains(where: { $0.action == .allow }),
                // Where one family has an end, the other may be forgotten: that is told of the rule that ends.
                IPAddress.Family.allCases.allSatisfy({ !policySet.hasEnd(at: policy, direction, $0) })
            else { return nil }
            return reporter.report(
                .warning, at: document.nameLocation,
                "policy '\(policy.name)' has no final \(direction.rawValue) rule, nor has a policy behind it: "
                    + "what its rules do not match is allowed")
        }
    }
}
