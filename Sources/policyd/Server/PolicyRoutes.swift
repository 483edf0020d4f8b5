import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import PolicyAPI
import PolicyModel

/// All but events: what is in force, and changes to it.
struct PolicyRoutes: Sendable {
    let enforcer: Enforcer
    let report: HealthReport

    func add(to router: Router<ConnectionContext>) {
        addReading(to: router)
        addChanging(to: router)
    }

    private func addReading(to router: Router<ConnectionContext>) {
        let (enforcer, report) = (enforcer, report)
        router.get("v1/status") { _, _ in try Response.json(report.message()) }
        router.get("v1/policies") { _, _ in try Response.json(enforcer.policies()) }
        router.get("v1/documents") { _, _ in try Response.json(enforcer.documents()) }
        router.get("v1/rules") { _, _ in try Response.json(enforcer.rules()) }
        router.get("v1/sets") { _, _ in try Response.json(enforcer.sets()) }
        router.get("v1/sets/:name") { request, context in
            let addresses = try request.uri.queryParameters[values: "address"].map { text in
                guard let address = IPAddress(text) else { throw Refusal(.badRequest, "address: '\(text)' is not an address") }
                return address
            }
            return try Response.json(enforcer.entries(of: context.name("name"), holding: addresses))
        }
        router.post("v1/why") { request, _ in
            let message = try await request.message(WhyRequest.self)
            return try await Response.json(enforcer.why(message))
        }
    }

    private func addChanging(to router: Router<ConnectionContext>) {
        let enforcer = enforcer
        router.post("v1/apply") { request, context in
            let change: ChangeMessage
            do {
                // The texts are gone by the end of this block, and their memory can be given back.
                change = try await enforcer.apply(request.apply(), by: context.peerName)
            }
            returnFreedMemory()
            return try Response.json(change)
        }
        router.post("v1/apply-folder") { request, context in
            let message = try await request.message(ApplyFolderRequest.self)
            return try await Response.json(enforcer.applyFolder(message, by: context.peerName))
        }
        router.post("v1/documents") { request, context in
            let message = try await request.message(DeleteRequest.self)
            return try await Response.json(enforcer.delete(message, by: context.peerName))
        }
        router.delete("v1/documents/:kind/:name") { _, context in
            let identity = try "\(context.name("kind"))/\(context.name("name"))"
            return try await Response.json(enforcer.delete(DeleteRequest(documents: [identity]), by: context.peerName))
        }
        router.post("v1/sets/:name/add") { request, context in
            let message = try await request.message(SetChangeRequest.self)
            return try await Response.json(enforcer.add(message, to: context.name("name"), by: context.peerName))
        }
        router.post("v1/sets/:name/remove") { request, context in
            let message = try await request.message(SetChangeRequest.self)
            return try await Response.json(enforcer.remove(message, from: context.name("name"), by: context.peerName))
        }
        router.post("v1/confirm") { _, context in try await Response.json(enforcer.confirm(by: context.peerName)) }
        router.post("v1/down") { _, _ in try await Response.json(enforcer.down()) }
    }
}

extension ConnectionContext {
    /// A part of the path, as written by the client before it was encoded.
    func name(_ parameter: String) throws -> String {
        percentDecoded(try parameters.require(parameter))
    }

    /// Who asked, for the history.
    var peerName: String { peer.map { "uid \($0.user)" } ?? "somebody" }
}
