public import PolicyModel

extension PolicySet {
    /// The same policies for every interface.
    public func withoutInterfaces() throws -> PolicySet {
        let policies = policies.map { policy in
            var policy = policy
            policy.interfaces = nil
            for index in policy.ingress.indices { policy.ingress[index].interfaces = nil }
            for index in policy.egress.indices { policy.egress[index].interfaces = nil }
            return policy
        }
        return try PolicySet(policies: policies, sets: Array(sets.values))
    }
}
