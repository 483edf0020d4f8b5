import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import PolicyAPI
import ServiceLifecycle

/// The HTTP interface on the Unix socket.
struct ControlServer: Sendable {
    let configuration: Configuration
    let logger: Logger
    let group: gid_t?

    /// - Throws: ``ConfigurationError`` if the configured group does not exist.
    init(configuration: Configuration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        group = try configuration.socketGroup.map { name in
            guard let entry = getgrnam(name) else { throw ConfigurationError("socketGroup: there is no group '\(name)'") }
            return entry.pointee.gr_gid
        }
    }

    /// Makes the folder of the socket and finds out whether somebody else serves on it.
    ///
    /// - Throws: ``InstanceLock/Held`` if a server answers at the path.
    func prepare() throws {
        try makeFolder(folder(of: configuration.socket), mode: 0o755)
        let probe = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { throw SystemCallError("make a socket") }
        defer { close(probe) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(configuration.socket.utf8)) }
        let answers = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(probe, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        if answers {
            throw InstanceLock.Held(what: "the socket \(configuration.socket)", pid: nil)
        }
        var status = stat()
        if lstat(configuration.socket, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK {
            throw ConfigurationError("socket: \(configuration.socket) is there and is not a socket")
        }
    }

    /// The service that listens until it is shut down gracefully.
    ///
    /// - Parameter onRunning: called once clients can connect.
    func application(_ router: Router<ConnectionContext>, onRunning: @escaping @Sendable () async -> Void) -> some Service {
        let server = self
        return Application(
            router: router,
            configuration: ApplicationConfiguration(address: .unixDomainSocket(path: configuration.socket), serverName: nil),
            onServerRunning: { _ in
                server.openToGroup()
                await onRunning()
            },
            logger: Logger(label: "policyd.http") { _ in SwiftLogNoOpLogHandler() })
    }

    /// The socket was made for its owner alone; this lets the group in.
    private func openToGroup() {
        if let group, chown(configuration.socket, uid_t.max, group) != 0 {
            logger.error("\(SystemCallError("give \(configuration.socket) to the group"))")
        }
        if chmod(configuration.socket, group == nil ? 0o600 : 0o660) != 0 {
            logger.error("\(SystemCallError("set the mode of \(configuration.socket)"))")
        }
    }

    /// Takes the socket's file away, so that clients are told that there is no daemon.
    func removeSocket() {
        unlink(configuration.socket)
    }
}
