import BPF
import BPFTestObjects
import BPFTesting
import FoundationEssentials
import Glibc
import PolicyAPI
import Testing

/// A record of the probes `calls-one` and `calls-two`, as `policyctl probe events -o json` prints it, or the line of a loss.
struct WatchedCall: Decodable, Hashable {
    var type: String
    var probe: String?
    var record: String?
    var time: String
    var pid: Int32?
    var argument: UInt32?
    var way: String?
    var version: Int?
    var command: String?
    var label: String?
    var count: Int?
    var `where`: String?

    /// The records of lines of JSON; a line that is not whole yet is left out.
    static func lines(_ text: String) throws -> [WatchedCall] {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        lines.removeLast()
        return try lines.map { try JSONDecoder().decode(WatchedCall.self, from: Data($0.utf8)) }
    }
}

extension GuardedHost {
    /// Writes an object of the tests into the test's folder.
    func writeObject(_ object: EmbeddedObject, as name: String) throws { try folder.file(name, bytes: object.bytes) }

    /// The document of a probe that watches this process's calls.
    ///
    /// - Parameter more: Lines under `spec`, two blanks in.
    func watchDocument(_ object: String = "one.o", name: String = "calls", more: String = "") throws -> String {
        try folder.file(
            "\(name).yaml",
            """
            apiVersion: policyd/v1
            kind: Probe
            metadata: { name: \(name) }
            spec:
              object: \(object)
              events: [{ map: pw_calls, record: call }]
            \(more)
            """)
    }

    /// The globals and targets with which both programs watch this process.
    static let watchThisProcess = """
          globals: { watched: \(getpid()), label: system }
          programs:
            pw_function: { attach: "uprobe:libc.so.6:getpgid pid=\(getpid())" }
        """

    /// As ``watchThisProcess``, by the tracepoint alone: one record a call.
    static let watchSystemCalls = """
          globals: { watched: \(getpid()), label: system, only: CALL_TRACEPOINT }
          programs: { pw_function: { attach: none } }
        """

    func probes() throws -> [ProbeMessage] { try done("probe", "list", "-o", "json").json() }

    /// The numbers of the programs and links in the kernel that probes of the tests made.
    var probePrograms: Set<UInt32> { KernelObjects(namePrefix: "pw_").programs }
    var probeLinks: Set<UInt32> { KernelObjects(namePrefix: "pw_").links }
}

/// `policyctl probe events -o json`, following.
final class CallStream: Sendable {
    private let process: ChildProcess

    /// Returns when the daemon knows of the follower, so that no later event is missed.
    init(_ host: GuardedHost, _ probe: String = "calls") throws {
        process = try host.launchPolicyctl(["probe", "events", probe, "-o", "json"])
        guard try eventually({ try host.probes().first { $0.name == probe }?.events.followers == 1 }) else {
            throw Failure("policyctl probe events does not follow: \(process.output)\(process.errors)")
        }
    }

    var calls: [WatchedCall] { get throws { try WatchedCall.lines(process.output) } }

    /// How the stream ended, once it has.
    func end() -> (status: Int32?, errors: String) { (process.wait(seconds: 5), process.errors) }
}

/// A value for a failure's message, or why there is none.
func shown(_ value: @autoclosure () throws -> some Any) -> Comment {
    do {
        return "\(try value())"
    } catch {
        return "\(error)"
    }
}
