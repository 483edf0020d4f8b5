import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import PolicyAPI

/// `GET /v1/events`: events as lines of JSON, kept ones, live ones or both.
struct EventRoutes: Sendable {
    let hub: EventHub

    /// How many bytes are collected before they are written.
    private static let chunk = 512 * 1024

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
        let hub = hub
        return Response(
            status: .ok, headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in
                defer { hub.leave(follower) }
                try await Self.write(follower, of: request.body, to: &writer)
                try await writer.finish(nil)
            })
    }

    /// Writes until the follower's stream ends or the client goes away.
    private static func write(_ follower: Follower<EventRecord>, of body: RequestBody, to writer: inout any ResponseBodyWriter) async throws {
        // The client's leaving shows at once, not only at the next event.
        try await body.consumeWithInboundCloseHandler { _ in
            var encoder = EventEncoder()
            var bytes: [UInt8] = []
            while let items = await follower.next() {
                for item in items {
                    switch item {
                    case .lost(let loss): encoder.append(loss, to: &bytes)
                    case .events(let events):
                        for event in events {
                            encoder.append(event, to: &bytes)
                            if bytes.count >= chunk {
                                try await writer.write(ByteBuffer(bytes: bytes))
                                bytes.removeAll(keepingCapacity: true)
                            }
                        }
                    }
                }
                if !bytes.isEmpty {
                    try await writer.write(ByteBuffer(bytes: bytes))
                    bytes.removeAll(keepingCapacity: true)
                }
            }
        } onInboundClosed: {
            follower.close()
        }
    }
}
