import BPFTesting
import Foundation
import Glibc

/// `policyd` at work in a namespace of its own, and `policyctl` that speaks to it. All of it goes with the value.
final class Daemon {
    let host: NetworkNamespace
    private let work: WorkFolder
    private let peer: NetworkNamespace
    private let bpffs: PrivateBPFFS
    private let programs: String
    private var process: ChildProcess?
    private var runs = 0

    init(_ setting: Setting) throws {
        programs = setting.programs
        for name in ["policyd", "policyctl"] where access("\(programs)/\(name)", X_OK) != 0 {
            throw BenchmarkError("there is no \(programs)/\(name)")
        }
        host = try NetworkNamespace()
        peer = try NetworkNamespace()
        bpffs = try PrivateBPFFS()
        work = try WorkFolder("daemon")
        try FileManager.default.createDirectory(atPath: "\(work.path)/policies", withIntermediateDirectories: true)
        try host.connect("eth0", to: peer, "eth0")
    }

    deinit {
        process?.send(SIGTERM)
        _ = process?.wait(seconds: 10)
        process = nil
        removePins()
    }

    var folder: String { work.path }
    var socket: String { "\(folder)/socket" }
    var pins: String { bpffs.path("policyd") }

    /// Writes a file into the daemon's folder and says its path.
    @discardableResult
    func file(_ name: String, _ text: String) throws -> String { try work.file(name, text) }

    // MARK: Life

    /// Starts the daemon and says how many milliseconds it took until it said that it enforces.
    @discardableResult
    func start() throws -> Double {
        let notices = try NoticeSocket("\(folder)/notify")
        runs += 1
        setenv("NOTIFY_SOCKET", "\(folder)/notify", 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        let arguments = [
            "\(programs)/policyd", "--socket", socket, "--state-dir", "\(folder)/state", "--bpffs", pins, "--policies",
            "\(folder)/policies",
            "--interfaces", "eth0",
        ]
        let start = ContinuousClock.now
        let process = try host.run { () throws(TestingError) in try ChildProcess(arguments, folder: folder, name: "policyd-\(runs)") }
        guard notices.waitUntilReady(seconds: 60) else { throw BenchmarkError("policyd does not come up: \(process.errors)") }
        let taken = (ContinuousClock.now - start) / .milliseconds(1)
        try work.note(process.pid)
        self.process = process
        return taken
    }

    /// Ends it in order; it leaves enforcement behind.
    func stop() {
        process?.send(SIGTERM)
        _ = process?.wait(seconds: 20)
        process = nil
    }

    /// Takes away what is pinned, as a reboot does.
    func removePins() { _ = try? runCommand(["sh", "-c", "rm -rf '\(pins)'"]) }

    /// A line of `/proc/PID/status` in KiB: `VmRSS`, `VmHWM`, `RssAnon`.
    func memory(_ name: String) throws -> Double {
        guard let process else { throw BenchmarkError("policyd does not run") }
        let text = try String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
        guard let value = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) }) else {
            throw BenchmarkError("no \(name) of policyd")
        }
        return value
    }

    // MARK: Commands

    /// Runs `policyctl`, which must succeed: what it printed, and milliseconds from its start to its end.
    @discardableResult
    func policyctl(_ arguments: String...) throws -> (output: String, milliseconds: Double) {
        setenv("POLICYD_SOCKET", socket, 1)
        let start = ContinuousClock.now
        let result = try runCommand(["\(programs)/policyctl"] + arguments)
        let taken = (ContinuousClock.now - start) / .milliseconds(1)
        guard result.status == 0 else {
            throw BenchmarkError("policyctl \(arguments.joined(separator: " ")) ended with \(result.status): \(result.output.prefix(500))")
        }
        return (result.output, taken)
    }

    /// Starts `policyctl` beside this program; what it prints goes to a file.
    func launchPolicyctl(_ arguments: String..., name: String) throws -> ChildProcess {
        setenv("POLICYD_SOCKET", socket, 1)
        return try ChildProcess(["\(programs)/policyctl"] + arguments, folder: folder, name: name)
    }

    /// What `policyctl status -o json` says.
    func status() throws -> [String: Any] {
        let text = try policyctl("status", "-o", "json").output
        guard let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            throw BenchmarkError("status is no object: \(text.prefix(200))")
        }
        return object
    }
}

/// The socket a service manager would give a daemon to say that it is ready.
private final class NoticeSocket {
    private let descriptor: CInt

    init(_ path: String) throws {
        unlink(path)
        descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        let bound = withUnixAddress(path) { bind(descriptor, $0, $1) }
        guard descriptor >= 0, bound == 0 else { throw BenchmarkError("cannot listen at \(path): errno \(errno)") }
    }

    deinit { close(descriptor) }

    func waitUntilReady(seconds: Double) -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&waiting, 1, 200) > 0 else { continue }
            var bytes = [UInt8](repeating: 0, count: 4_096)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).contains("READY=1") { return true }
        }
        return false
    }
}

/// The address of a Unix socket, for a call that takes one.
func withUnixAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { room in
        room.copyBytes(from: Array(path.utf8).prefix(room.count - 1))
    }
    return withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
    }
}
