import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import PolicyAPI

/// How many bytes are collected before they are written.
private let chunk = 512 * 1024

extension Response {
    /// What a follower gets, as lines, until its stream ends or the client goes away.
    ///
    /// - Parameters:
    ///   - append: Appends an event's line.
    ///   - appendLoss: Appends the line of a loss.
    static func lines<Event: Sendable>(
        of follower: Follower<Event>, in hub: Hub<Event>, for request: Request, type: String = "application/x-ndjson",
        append: @escaping @Sendable (Event, inout EventEncoder, inout [UInt8]) -> Void,
        appendLoss: @escaping @Sendable (LossRecord, inout EventEncoder, inout [UInt8]) -> Void = { $1.append($0, to: &$2) }
    ) -> Response {
        Response(
            status: .ok, headers: [.contentType: type],
            body: ResponseBody { writer in
                defer { hub.leave(follower) }
                try await write(follower, of: request.body, to: &writer, append, appendLoss)
                try await writer.finish(nil)
            })
    }

    private static func write<Event: Sendable>(
        _ follower: Follower<Event>, of body: RequestBody, to writer: inout any ResponseBodyWriter,
        _ append: @escaping @Sendable (Event, inout EventEncoder, inout [UInt8]) -> Void,
        _ appendLoss: @escaping @Sendable (LossRecord, inout EventEncoder, inout [UInt8]) -> Void
    ) async throws {
        // The client's leaving shows at once, not only at the next event.
        try await body.consumeWithInboundCloseHandler { _ in
            var encoder = EventEncoder()
            var bytes: [UInt8] = []
            while let items = await follower.next() {
                for item in items {
                    switch item {
                    case .lost(let loss): appendLoss(loss, &encoder, &bytes)
                    case .events(let events):
                        for event in events {
                            append(event, &encoder, &bytes)
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
