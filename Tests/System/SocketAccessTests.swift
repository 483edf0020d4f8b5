import BPFTesting
import Glibc
import Testing

/// Who may speak with the daemon.
@Suite(.serialized) struct SocketAccessTests {
    static let status = ["status", "-o", "json"]

    private func mode(_ path: String) -> (mode: mode_t, owner: uid_t, group: gid_t) {
        var status = stat()
        _ = lstat(path, &status)
        return (status.st_mode & 0o7777, status.st_uid, status.st_gid)
    }

    @Test func onlyRootOpensTheSocket() throws {
        let guarded = try GuardedHost()
        #expect(mode(guarded.socket) == (0o600, 0, 0))
        #expect(try guarded.policyctl(Self.status).status == 0)
        let stranger = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        for arguments in [Self.status, ["apply"], ["down", "--yes"], ["events", "--last", "1"]] {
            let refused = try guarded.policyctl(arguments, before: stranger)
            #expect(refused.status == 4, "\(arguments): \(refused.errors)")
            #expect(refused.errors.contains("not permitted"), "\(refused.errors)")
            #expect(refused.output.isEmpty)
        }
        // If somebody widens it the daemon looks at who is there, all the same.
        chmod(guarded.socket, 0o666)
        let refused = try guarded.policyctl(Self.status, before: stranger)
        #expect(refused.status == 4)
        #expect(refused.errors.contains("user 65534 may not use policyd"), "\(refused.errors)")
        try guarded.end()
    }

    @Test func membersOfTheConfiguredGroupOpenItToo() throws {
        let guarded = try GuardedHost(flags: ["--socket-group", "daemon"])
        let group = try #require(getgrnam("daemon")).pointee.gr_gid
        #expect(mode(guarded.socket) == (0o660, 0, group))
        for membership in [["--regid=\(group)", "--clear-groups"], ["--regid=65534", "--groups=\(group)"]] {
            let member = try guarded.policyctl(Self.status, before: ["setpriv", "--reuid=65534"] + membership)
            #expect(member.status == 0, "\(membership): \(member.errors)")
        }
        let stranger = try guarded.policyctl(Self.status, before: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
        #expect(stranger.status == 4, "\(stranger.errors)")
        #expect(stranger.errors.contains("not permitted"))
        try guarded.end()
    }
}
