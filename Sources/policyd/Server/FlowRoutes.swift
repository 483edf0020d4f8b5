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
            for (name, value) in request.uri.queryParameters {
                let (name, value) = (String(name), String(value))
                if name == "limit" {
                    guard let number = Int(value), (1...Self.largestLimit).contains(number) else {
                        throw Refusal(.badRequest, "limit: '\(value)' is not a number from 1 to \(Self.largestLimit)")
                    }
                    limit = number
                    continue
                }
                do {
                    guard try filter.set(name, value) else { throw Refusal(.badRequest, "'\(name)' is no parameter of flows") }
                } catch let error as EventFilter.Invalid {
                    throw Refusal(.badRequest, "\(error)")
                }
            }
            let answer = try Response.json(enforcer.flows(filter, limit: limit))
            returnFreedMemory()
            return answer
        }
    }
}
