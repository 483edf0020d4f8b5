import HTTPTypes
import Hummingbird
import PolicyAPI

/// `GET /v1/flows`: the connections the kernel knows.
struct FlowRoutes: Sendable {
    let enforcer: Enforcer

    /// Connections that are answered unless a number is asked for, and the most that are.
    private static let usualLimit = 1_000
    private static let largestLimit = 1_000_000

    func add(to router: Router<ConnectionContext>) {
        let enforcer = enforcer
        router.get("v1/flows") { request, _ in
            var filter = FlowFilter()
            var limit = Self.usualLimit
            try request.readQuery(of: "flows") { name, value in
                guard name == "limit" else { return try filter.set(name, value) }
                guard let number = Int(value), (1...Self.largestLimit).contains(number) else {
                    throw Refusal(.badRequest, "limit: '\(value)' is not a number from 1 to \(Self.largestLimit)")
                }
                limit = number
                return true
            }
            let answer = try Response.json(enforcer.flows(filter, limit: limit))
            returnFreedMemory()
            return answer
        }
    }
}
