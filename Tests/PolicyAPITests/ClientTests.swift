import FoundationEssentials
import Glibc
import PolicyAPI
import Testing

/// What a user is told when the daemon is not there; tests with a daemon are in Tests/System.
@Suite struct ClientTests {
    private static func place(_ name: String) -> String { "/tmp/policyd-api-\(getpid())-\(name)" }

    private static func failure(_ socket: String) async -> ClientError? {
        do {
            let _: StatusMessage = try await Client(socket: socket).get(API.status)
            return nil
        } catch {
            return error as? ClientError
        }
    }

    @Test func aMissingSocketIsADaemonOutOfReach() async throws {
        let error = try #require(await Self.failure(Self.place("none")))
        guard case .unreachable(let words) = error else { Issue.record("\(error)"); return }
        #expect(words.contains("there is no socket") && words.contains("is policyd running?"))
    }

    @Test func aSocketNobodyListensAtIsADaemonOutOfReach() async throws {
        let path = Self.place("dead")
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        defer {
            close(descriptor)
            unlink(path)
        }
        try #require(bound == 0)
        let error = try #require(await Self.failure(path))
        guard case .unreachable(let words) = error else { Issue.record("\(error)"); return }
        #expect(words.contains("nobody listens"))
    }

    @Test func aPathTooLongForASocketIsNamed() async throws {
        let error = try #require(await Self.failure("/tmp/" + String(repeating: "x", count: 120)))
        guard case .unreachable(let words) = error else { Issue.record("\(error)"); return }
        #expect(words.contains("at most 107 bytes"))
    }
}
