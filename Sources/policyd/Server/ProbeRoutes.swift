import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
import PolicyAPI
import Probes

/// `/v1/probes`: the probes that are loaded, and their events.
struct ProbeRoutes: Sendable {
    let probes: ProbeRegistry

    func add(to router: Router<ConnectionContext>) {
        let probes = probes
        router.get("v1/probes") { _, _ in try Response.json(probes.messages) }
        router.post("v1/probes") { request, context in
            try context.requireRoot()
            let change: ProbeChangeMessage
            do {
                let message = try await request.message(ProbeLoadRequest.self)
                change = try await probes.load(message, by: context.peerName)
            }
            returnFreedMemory()
            return try Response.json(change)
        }
        router.get("v1/probes/:name") { _, context in try Response.json(probes.probe(context.name("name")).message) }
        router.delete("v1/probes/:name") { _, context in
            try context.requireRoot()
            return try await Response.json(probes.unload(context.name("name"), by: context.peerName))
        }
        router.get("v1/probes/:name/maps/:map") { request, context in
            var limit = 1_000
            try request.readQuery(of: "a probe's map") { name, value in
                guard name == "limit" else { return false }
                guard let number = Int(value), (1...1_000_000).contains(number) else {
                    throw Refusal(.badRequest, "limit: '\(value)' is not a number from 1 to 1000000")
                }
                limit = number
                return true
            }
            let message = try probes.probe(context.name("name")).contents(of: context.name("map"), limit: limit)
            return try Response.json(message)
        }
        router.get("v1/probes/:name/events") { request, context in
            try stream(request, of: probes.probe(context.name("name")).hub)
        }
    }

    /// How events are written.
    private enum Format: String {
        /// A JSON object a line.
        case json
        /// A line for people.
        case text
    }

    private func stream(_ request: Request, of hub: Hub<ProbeRecord>) throws -> Response {
        var span = EventSpan()
        var format = Format.json
        try request.readQuery(of: "a probe's events") { name, value in
            if try span.set(name, value) { return true }
            guard name == "format" else { return false }
            guard let known = Format(rawValue: value) else {
                throw Refusal(.badRequest, "format: '\(value)' is neither json nor text")
            }
            format = known
            return true
        }
        let follower = hub.follow(last: span.kept, live: span.isLive)
        switch format {
        case .json:
            return .lines(
                of: follower, in: hub, for: request,
                append: { record, _, bytes in
                    record.appendJSON(to: &bytes)
                    bytes.append(UInt8(ascii: "\n"))
                })
        case .text:
            return .lines(
                of: follower, in: hub, for: request, type: "text/plain; charset=utf-8",
                append: { record, _, bytes in
                    bytes += record.kind.utf8
                    bytes += "  ".utf8
                    record.appendLine(to: &bytes)
                    bytes.append(UInt8(ascii: "\n"))
                }, appendLoss: { loss, _, bytes in bytes += "lost  \(loss.time)  \(loss.count) events: \(loss.place.inWords)\n".utf8 })
        }
    }
}

extension ConnectionContext {
    /// Refuses those who may only change policy: who loads programs into the kernel may do everything.
    fileprivate func requireRoot() throws {
        guard let peer, peer.user == 0 || peer.user == geteuid() else {
            throw Refusal(.forbidden, "probes are programs in the kernel: only root may load and unload them")
        }
    }
}
