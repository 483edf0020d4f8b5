import Glibc
import NIOCore

/// Who is at the other end of a Unix socket, as the kernel knows it.
struct PeerCredentials: Sendable, Equatable {
    var pid: pid_t
    var user: uid_t
    /// The peer's own group and its supplementary groups.
    var groups: [gid_t]

    /// The C structure of SO_PEERCRED, which Glibc's module does not show.
    private struct Credentials {
        var pid: pid_t = 0
        var user: uid_t = 0
        var group: gid_t = 0
    }

    /// SO_PEERGROUPS of <asm-generic/socket.h>; Linux 4.13.
    private static let peerGroups: CInt = 59

    /// Reads the credentials of the process that connected.
    init(descriptor: CInt) throws {
        var credentials = Credentials()
        var length = socklen_t(MemoryLayout<Credentials>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else {
            throw SystemCallError("read the peer's credentials")
        }
        pid = credentials.pid
        user = credentials.user
        groups = [credentials.group]

        var supplementary = [gid_t](repeating: 0, count: 64)
        while true {
            length = socklen_t(supplementary.count * MemoryLayout<gid_t>.stride)
            if getsockopt(descriptor, SOL_SOCKET, Self.peerGroups, &supplementary, &length) == 0 {
                groups += supplementary.prefix(Int(length) / MemoryLayout<gid_t>.stride)
                return
            }
            // The kernel says how much room it needs.
            guard errno == ERANGE, Int(length) > supplementary.count * MemoryLayout<gid_t>.stride else { return }
            supplementary = [gid_t](repeating: 0, count: Int(length) / MemoryLayout<gid_t>.stride)
        }
    }

    init(pid: pid_t, user: uid_t, groups: [gid_t]) {
        self.pid = pid
        self.user = user
        self.groups = groups
    }

    /// Reads the credentials of a connection's peer on its own event loop.
    static func of(_ channel: any Channel) async throws -> PeerCredentials {
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { descriptor in
                try PeerCredentials(descriptor: descriptor)
            }
        }.get() ?? PeerCredentials(pid: 0, user: .max, groups: [])
    }

    /// Whether the peer may give orders: root, the daemon's own user, and members of the configured group.
    func isAllowed(group: gid_t?) -> Bool {
        user == 0 || user == geteuid() || group.map { groups.contains($0) } ?? false
    }
}
