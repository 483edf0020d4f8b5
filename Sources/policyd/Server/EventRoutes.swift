import HTTPTypes
import Hummingbird
import HummingbirdCore
import PolicyAPI

/// `GET /v1/events`: events as lines of JSON, kept ones, live ones or both.
struct EventRoutes: Sendable {
    let hub: EventHub

    func add(to router: Router<ConnectionContext>) {
        router.get("v1/events") { request, _ in try stream(request) }
    }

    private func stream(_ request: Request) throws -> Response {
        var filter = EventFilter()
        var last: Int?
        var follow: Bool?
        try request.readQuery(of: "events") { name, value in
            switch name {
            case "last":
                guard let count = Int(value), count >= 0 else { throw Refusal(.badRequest, "last: '\(value)' is not a number of events") }
                last = count
            case "follow":
                guard let flag = Bool(value) else { throw Refusal(.badRequest, "follow: '\(value)' is neither true nor false") }
                follow = flag
            default: return try filter.set(name, value)
            }
            return true
        }
        let follower = hub.follow(filter, last: last ?? 0, live: follow ?? (last == nil))
        return .lines(of: follower, in: hub, for: request, append: { $1.append($0, to: &$2) })
    }
}
