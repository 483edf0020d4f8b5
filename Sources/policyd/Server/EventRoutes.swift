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
        for (name, value) in request.uri.queryParameters {
            let (name, value) = (String(name), String(value))
            switch name {
            case "last":
                guard let count = Int(value), count >= 0 else { throw Refusal(.badRequest, "last: '\(value)' is not a number of events") }
                last = count
            case "follow":
                guard let flag = Bool(value) else { throw Refusal(.badRequest, "follow: '\(value)' is neither true nor false") }
                follow = flag
            default:
                do {
                    guard try filter.set(name, value) else {
                        throw Refusal(.badRequest, "'\(name)' is no parameter of events")
                    }
                } catch let error as EventFilter.Invalid {
                    throw Refusal(.badRequest, "\(error)")
                }
            }
        }
        let follower = hub.follow(filter, last: last ?? 0, live: follow ?? (last == nil))
        return .lines(of: follower, in: hub, for: request, append: { $1.append($0, to: &$2) })
    }
}
