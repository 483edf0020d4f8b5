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
        var span = EventSpan()
        try request.readQuery(of: "events") { name, value in
            if try span.set(name, value) { return true }
            return try filter.set(name, value)
        }
        let follower = hub.follow(filter, last: span.kept, live: span.isLive)
        return .lines(of: follower, in: hub, for: request, append: { $1.append($0, to: &$2) })
    }
}
