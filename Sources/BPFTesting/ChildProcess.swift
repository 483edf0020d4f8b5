public import Glibc
import Synchronization

/// A program that runs beside the test, in the namespaces of the thread that starts it; it is killed with the value.
///
///     let daemon = try host.run { () throws(TestingError) in try ChildProcess(["/path/daemon", "--flag"], folder: "/tmp/…", name: "daemon") }
///     #expect(daemon.wait(seconds: 5) == 0)
///
/// What it prints is kept in two files, so that neither side ever waits for the other.
public final class ChildProcess: Sendable {
    public let pid: pid_t
    private let outputPath: String
    private let errorPath: String
    /// The exit status, once the process has ended and been waited for.
    private let ended = Mutex<Int32?>(nil)

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - arguments: The program, searched in `PATH`, and its arguments.
    ///   - folder: Where the files of what it prints are made.
    ///   - name: What the names of these files begin with.
    ///   - input: A file to read as standard input.
    ///   - environment: Variables to set beside those of this process, as `NAME=value`.
    public init(
        _ arguments: [String], folder: String, name: String, input: String = "/dev/null", environment: [String] = []
    ) throws(TestingError) {
        outputPath = "\(folder)/\(name).out"
        errorPath = "\(folder)/\(name).err"
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o600)
        let all = (environment.isEmpty ? [] : ["env"] + environment) + arguments
        var words: [UnsafeMutablePointer<CChar>?] = unsafe all.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var started = pid_t()
        let spawned = unsafe posix_spawnp(&started, all.first ?? "", &actions, nil, &words, environ)
        guard spawned == 0 else { throw TestingError("cannot run \(all.joined(separator: " "))", errno: spawned) }
        pid = started
    }

    deinit {
        if !hasEnded {
            kill(pid, SIGKILL)
            _ = wait(seconds: 10)
        }
    }

    /// What it has written to standard output so far.
    public var output: String { fileText(outputPath) }

    /// What it has written to standard error so far.
    public var errors: String { fileText(errorPath) }

    /// Whether the process is no more.
    public var hasEnded: Bool { poll() != nil }

    /// Sends it a signal.
    public func send(_ signal: CInt) {
        // Under the lock, so that the number is not somebody else's by now.
        ended.withLock { if $0 == nil { kill(pid, signal) } }
    }

    /// Waits until it ends.
    ///
    /// - Returns: The exit status, 128 and the signal's number if a signal ended it; nil if it still runs after so many seconds.
    public func wait(seconds: Double) -> Int32? {
        for _ in 0..<Int(seconds * 500) {
            if let status = poll() { return status }
            usleep(2_000)
        }
        return poll()
    }

    private func poll() -> Int32? {
        ended.withLock { known in
            if known != nil { return known }
            var status: CInt = 0
            guard unsafe waitpid(pid, &status, WNOHANG) == pid else { return nil }
            known = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
            return known
        }
    }
}
