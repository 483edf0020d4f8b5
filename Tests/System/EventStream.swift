import BPFTesting
import FoundationEssentials
import Glibc
import PolicyAPI

/// An event as `policyctl events -o json` prints it, by the keys that are promised.
struct Event: Decodable, Hashable {
    var time: String
    var type: String
    var verdict: String?
    var direction: String?
    var interface: String?
    var `protocol`: String?
    var source: String?
    var sourcePort: UInt16?
    var destination: String?
    var destinationPort: UInt16?
    var policy: String?
    var rule: String?
    var tier: String?
    var reason: String?
    var revision: UInt32?
    var count: Int?

    /// The events of lines of JSON; a line that is not whole yet is left out.
    static func lines(_ text: String) throws -> [Event] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        lines.removeLast()
        return try lines.map { try JSONDecoder().decode(Event.self, from: Data($0.utf8)) }
    }
}

/// `policyctl events -o json`, following.
final class EventStream: Sendable {
    private let process: ChildProcess

    /// Returns when the daemon knows of the follower, so that no later event is missed.
    init(_ host: GuardedHost, _ filters: String...) throws {
        let before = try host.status().events.followers
        process = try host.launchPolicyctl(["events", "-o", "json"] + filters)
        guard try eventually({ try host.status().events.followers > before }) else {
            throw Failure("policyctl events does not follow: \(process.output)\(process.errors)")
        }
    }

    var events: [Event] { get throws { try Event.lines(process.output) } }

    /// The first event that is meant, once it has come.
    func first(seconds: Double = 5, where isMeant: (Event) -> Bool) throws -> Event? {
        var found: Event?
        _ = try eventually(seconds: seconds) {
            found = try events.first(where: isMeant)
            return found != nil
        }
        return found
    }
}
