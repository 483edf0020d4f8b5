import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import PolicyAPI

/// Refuses peers that may not give orders. The socket's mode keeps them out already; this holds if somebody widens it.
struct PeerCheck: RouterMiddleware {
    let group: gid_t?

    func handle(
        _ request: Request, context: ConnectionContext, next: (Request, ConnectionContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let peer = try await PeerCredentials.of(context.channel)
        guard peer.isAllowed(group: group) else {
            context.logger.warning("refused a client", metadata: ["uid": "\(peer.user)", "pid": "\(peer.pid)"])
            return try .json(Failure("user \(peer.user) may not use policyd"), status: .forbidden)
        }
        context.peer = peer
        return try await next(request, context)
    }
}

/// Turns every error into a response with a ``Failure`` as its body.
struct FailureResponses: RouterMiddleware {
    func handle(
        _ request: Request, context: ConnectionContext, next: (Request, ConnectionContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as Refusal {
            return try .json(refusal.failure, status: refusal.status)
        } catch let error as HTTPError {
            let words = error.body ?? "\(request.method.rawValue) \(request.uri.path): \(error.status.reasonPhrase)"
            return try .json(Failure(words), status: error.status)
        } catch is CancellationError {
            return try .json(Failure("the daemon is stopping"), status: .serviceUnavailable)
        } catch {
            context.logger.error("request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return try .json(Failure("\(error)"), status: .internalServerError)
        }
    }
}
