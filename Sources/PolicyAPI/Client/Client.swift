import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A client of the daemon's interface. Each request opens a connection of its own.
///
/// For example:
///
/// ```swift
/// let client = Client(socket: "/run/policyd/policyd.sock")
/// let status: StatusMessage = try await client.get(API.status)
/// ```
public struct Client: Sendable {
    /// The path of the Unix socket the daemon listens on.
    public let socket: String

    public init(socket: String) {
        self.socket = socket
    }

    /// Asks for something.
    ///
    /// - Throws: ``ClientError``.
    public func get<Answer: Decodable>(
        _ path: String, query: [(name: String, value: String)] = [], as: Answer.Type = Answer.self
    ) async throws -> Answer {
        try await decoded(from: exchange(.GET, path, query: query, body: nil))
    }

    /// Sends a message and gets one back.
    ///
    /// - Throws: ``ClientError``.
    public func post<Answer: Decodable>(_ path: String, _ message: some Encodable, as: Answer.Type = Answer.self) async throws -> Answer {
        try await decoded(from: exchange(.POST, path, query: [], body: Body(JSON.encode(message))))
    }

    /// Asks for documents with long list files to be put in force.
    ///
    /// - Throws: ``ClientError``.
    public func apply(_ upload: ApplyUpload) async throws -> ChangeMessage {
        try await decoded(
            from: exchange(.POST, API.apply, query: [], body: Body(contentType: ApplyUpload.contentType, parts: upload.parts())))
    }

    /// Takes something out.
    ///
    /// - Throws: ``ClientError``.
    public func delete<Answer: Decodable>(_ path: String, as: Answer.Type = Answer.self) async throws -> Answer {
        try await decoded(from: exchange(.DELETE, path, query: [], body: nil))
    }

    /// Reads an answer of unbounded length piece by piece, as the daemon sends it.
    ///
    /// Returns when the daemon ends the answer. Cancel the task to stop earlier.
    /// - Parameter receive: is given each piece; pieces end anywhere, also within a line.
    /// - Throws: ``ClientError``, or what `receive` throws.
    public func stream(
        _ path: String, query: [(name: String, value: String)] = [], receive: (RawSpan) throws -> Void
    ) async throws {
        try await withConnection { inbound, outbound in
            try await send(.GET, path, query: query, body: nil, to: outbound)
            var status: HTTPResponseStatus?
            var failure = Data()
            for try await part in inbound {
                switch part {
                case .head(let head): status = head.status
                case .body(let buffer):
                    if status == .ok {
                        try receive(buffer.readableBytesSpan)
                    } else {
                        failure.append(contentsOf: buffer.readableBytesView)
                    }
                case .end:
                    guard let status else { break }
                    if status != .ok { throw refusal(status, failure) }
                    return
                }
            }
            throw ClientError.unreachable("the daemon at \(socket) went away")
        }
    }
}

// MARK: - One request

extension Client {
    private typealias Inbound = NIOAsyncChannelInboundStream<HTTPClientResponsePart>
    private typealias Outbound = NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>

    /// The body of a request.
    private struct Body {
        var contentType: String
        var parts: [ByteBuffer]

        init(contentType: String, parts: [ByteBuffer]) {
            self.contentType = contentType
            self.parts = parts
        }

        init(_ json: Data) { self.init(contentType: "application/json", parts: [ByteBuffer(bytes: json)]) }
    }

    private func exchange(_ method: HTTPMethod, _ path: String, query: [(name: String, value: String)], body: Body?) async throws -> Data {
        try await withConnection { inbound, outbound in
            try await send(method, path, query: query, body: body, to: outbound)
            var status: HTTPResponseStatus?
            var answer = Data()
            for try await part in inbound {
                switch part {
                case .head(let head): status = head.status
                case .body(let buffer): answer.append(contentsOf: buffer.readableBytesView)
                case .end:
                    guard let status else { break }
                    guard (200..<300).contains(status.code) else { throw refusal(status, answer) }
                    return answer
                }
            }
            throw ClientError.unreachable("the daemon at \(socket) closed the connection before it had answered")
        }
    }

    private func send(
        _ method: HTTPMethod, _ path: String, query: [(name: String, value: String)], body: Body?, to outbound: Outbound
    ) async throws {
        var uri = path
        for (position, item) in query.enumerated() {
            uri += position == 0 ? "?" : "&"
            uri += percentEncoded(item.name) + "=" + percentEncoded(item.value)
        }
        var headers: HTTPHeaders = ["Host": "policyd", "Connection": "close", "Accept": "application/json"]
        if let body {
            headers.add(name: "Content-Type", value: body.contentType)
            headers.add(name: "Content-Length", value: String(body.parts.reduce(0) { $0 + $1.readableBytes }))
        }
        var parts: [HTTPClientRequestPart] = [.head(HTTPRequestHead(version: .http1_1, method: method, uri: uri, headers: headers))]
        parts += (body?.parts ?? []).map { .body(.byteBuffer($0)) }
        parts.append(.end(nil))
        // In one go: a GET is whole with its head, so the daemon may have answered and closed before a second write.
        try await outbound.write(contentsOf: parts)
    }

    private func withConnection<Answer: Sendable>(_ body: (Inbound, Outbound) async throws -> Answer) async throws -> Answer {
        guard socket.utf8.count < 108 else {
            throw ClientError.unreachable("\(socket): the path of a Unix socket has at most 107 bytes, this one has \(socket.utf8.count)")
        }
        let channel: NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>
        do {
            channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                // Large reads: an event stream carries tens of megabytes a second.
                .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 256 * 1024))
                .connect(unixDomainSocketPath: socket) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                    }
                }
        } catch let error as IOError {
            throw connectionError(error)
        }
        do {
            return try await channel.executeThenClose { inbound, outbound in try await body(inbound, outbound) }
        } catch let error as IOError {
            throw ClientError.unreachable("the daemon at \(socket) went away: \(error)")
        } catch let error as ChannelError {
            throw ClientError.unreachable("the daemon at \(socket) went away: \(error)")
        } catch let error as HTTPParserError {
            throw ClientError.notUnderstood("what listens at \(socket) does not speak HTTP: \(error)")
        }
    }

    private func connectionError(_ error: IOError) -> ClientError {
        switch error.errnoCode {
        case ENOENT: .unreachable("daemon not reachable: there is no socket \(socket); is policyd running?")
        case ECONNREFUSED: .unreachable("daemon not reachable: nobody listens at \(socket); is policyd running?")
        case ENOTSOCK: .unreachable("daemon not reachable: \(socket) is not a socket")
        case EACCES, EPERM: .notPermitted("not permitted to open \(socket): it is open to root and the configured group only")
        default: .unreachable("daemon not reachable at \(socket): \(error)")
        }
    }

    private func refusal(_ status: HTTPResponseStatus, _ body: Data) -> ClientError {
        let failure = (try? JSON.decode(Failure.self, from: body)) ?? Failure("the daemon answered \(status.code) \(status.reasonPhrase)")
        return status == .forbidden ? .notPermitted(failure.error) : .refused(failure)
    }

    private func decoded<Answer: Decodable>(from data: Data) throws -> Answer {
        do {
            return try JSON.decode(from: data)
        } catch {
            throw ClientError.notUnderstood("the daemon's answer is not understood; are daemon and client of one version? (\(error))")
        }
    }
}
