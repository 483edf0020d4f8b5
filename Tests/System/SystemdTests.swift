import BPFTesting
import Glibc
import Testing

@Suite("The systemd unit", .serialized)
struct SystemdTests {
    static let unit = "systemd/policyd.service"

    /// The value of a setting of the unit; nil if it is not there.
    static func setting(_ name: String) throws -> String? {
        try Project.shell("cat \(unit)").output.split(separator: "\n").first { $0.hasPrefix("\(name)=") }
            .map { String($0.dropFirst(name.utf8.count + 1)) }
    }

    @Test func `passes systemd-analyze verify`() throws {
        let folder = try Folder()
        // The program is looked for where the unit says; before it is installed, it is in the build folder.
        let result = try Project.shell(
            """
            sed 's|^ExecStart=[^ ]*|ExecStart=\(Project.program("policyd"))|' \(Self.unit) >\(folder.path)/policyd.service &&
            systemd-analyze verify \(folder.path)/policyd.service
            """)
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.isEmpty, "\(result.output)")
    }

    @Test func `verify would notice a mistake`() throws {
        let folder = try Folder()
        let result = try Project.shell(
            """
            sed 's|^ExecStart=.*|ExecStart=/nowhere/policyd|' \(Self.unit) >\(folder.path)/policyd.service &&
            systemd-analyze verify \(folder.path)/policyd.service
            """)
        #expect(result.status != 0)
    }

    @Test func `sysusers and tmpfiles make group and folders`() throws {
        let folder = try Folder()
        let root = folder.path
        let result = try Project.shell(
            """
            mkdir -p \(root)/etc && printf 'root:x:0:0::/:/bin/sh\\n' >\(root)/etc/passwd && printf 'root:x:0:\\n' >\(root)/etc/group &&
            systemd-sysusers --root=\(root) "$PWD/systemd/policyd.sysusers.conf" &&
            systemd-tmpfiles --root=\(root) --create "$PWD/systemd/policyd.tmpfiles.conf"
            """)
        #expect(result.status == 0, "\(result.output)")
        #expect(try Project.shell("grep -c ^policyd: \(root)/etc/group").output == "1\n")
        #expect(try Project.shell("stat -c %a \(root)/var/lib/policyd \(root)/etc/policyd/policies").output == "700\n755\n")
    }

    /// The capabilities that the unit leaves, as setpriv(1) wants them.
    private static var capabilities: String {
        get throws {
            try #require(try setting("CapabilityBoundingSet")).lowercased().split(separator: " ")
                .map { "+\($0.dropFirst("cap_".count))" }.joined(separator: ",")
        }
    }

    @Test(arguments: ["inspect-object", "try-probe"])
    func `leaves the daemon what makes nobody of who looks at objects`(command: String) throws {
        let folder = try Folder()
        let pipe = "\(folder.path)/object"
        try #require(mkfifo(pipe, 0o600) == 0)
        // Both ends, so that the process waits for an object that never comes.
        let object = open(pipe, O_RDWR | O_CLOEXEC)
        defer { close(object) }
        let process = try ChildProcess(
            [
                "setpriv", "--bounding-set=-all,\(Self.capabilities)", "--inh-caps=-all", "--no-new-privs", Project.program("policyd"),
                command, "object",
            ], folder: folder.path, name: "looking", input: pipe)
        var status: ProcessStatus { ProcessStatus(process.pid) }
        let nobody = Array(repeating: "65534", count: 4)
        #expect(eventually { status["Uid"] == nobody }, "\(status["Uid"])")
        #expect(status["Gid"] == nobody)
        // The last thing that it gives up: what made it nobody, CAP_SETGID and CAP_SETUID.
        #expect(eventually { status.capabilities("CapPrm").map { $0 & 0xc0 } == 0 }, "\(status["CapPrm"])")
        #expect(!process.hasEnded)
    }

    /// Under the very privileges the unit leaves: its capabilities, no new ones, and its group.
    @Test func `leaves the daemon the privileges it needs`() throws {
        let capabilities = try Self.capabilities
        let host = try NetworkNamespace()
        let peer = try NetworkNamespace()
        try host.connect("eth0", to: peer, "eth0")
        let bpffs = try PrivateBPFFS()
        let folder = try Folder()
        let group = "daemon"
        try folder.file(
            "policyd.yaml",
            """
            socket: \(folder.path)/policyd.sock
            socketGroup: \(group)
            stateDirectory: \(folder.path)/state
            bpffs: \(bpffs.path("policyd"))
            policies: \(Project.root)/config/policies
            interfaces: [eth0]
            """)
        let notifications = try NotificationSocket(path: "\(folder.path)/notify")
        // The shell goes on as the daemon, so that the number it prints is the daemon's.
        let started = host.run {
            Result {
                try Project.shell(
                    """
                    NOTIFY_SOCKET=\(folder.path)/notify setpriv --bounding-set=-all,\(capabilities) --inh-caps=-all --no-new-privs \
                        --groups=\(group) \(Project.program("policyd")) --config \(folder.path)/policyd.yaml >\(folder.path)/log 2>&1 &
                    echo $!
                    """)
            }
        }
        let daemon = try #require(pid_t(try started.get().output.split(separator: "\n").first ?? ""))
        defer {
            // Not a child of this process, so its end is awaited by its number.
            kill(daemon, SIGKILL)
            _ = eventually { kill(daemon, 0) != 0 }
        }
        let ready = notifications.receive(containing: "READY=1", seconds: 20)
        let log = try Project.shell("cat \(folder.path)/log").output
        #expect(ready != nil, "no READY=1; the log: \(log)")
        #expect(log.contains("interface protected"), "\(log)")
        #expect(!log.contains(" error ") && !log.contains(" warning "), "\(log)")
        let access = try Project.shell("stat -c '%a %U %G' \(folder.path)/policyd.sock").output
        #expect(access == "660 root \(group)\n")

        kill(daemon, SIGTERM)
        #expect(notifications.receive(containing: "STOPPING=1", seconds: 10) != nil)
        try #require(eventually(seconds: 10) { kill(daemon, 0) != 0 }, "the daemon goes on")
        // Enforcement outlives the daemon.
        #expect(try Project.shell("ls \(bpffs.path("policyd"))/links").output.contains("ingress"))
        _ = try Project.shell("rm -rf --one-file-system \(bpffs.path("policyd"))")
    }
}

/// What stands where systemd listens for sd_notify(3).
private final class NotificationSocket {
    private let descriptor: CInt

    init(path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard bound == 0 else { throw Failure("cannot bind \(path): errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// The first message that holds a text; nil if none comes in time.
    func receive(containing text: String, seconds: Int) -> String? {
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            let message = String(decoding: buffer[..<count], as: UTF8.self)
            if message.contains(text) { return message }
        }
    }
}
