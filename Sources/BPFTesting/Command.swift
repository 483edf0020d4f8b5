import CLibBPF
import Glibc

/// A finished command: what it printed on either stream, and its exit status.
public struct CommandResult: Sendable, Hashable {
    /// Standard output and standard error together.
    public let output: String
    /// The exit status; 128 and the signal's number if a signal ended it.
    public let status: Int32
}

/// Runs a command to its end, in this thread's namespaces.
///
/// - Parameter arguments: The program, searched in `PATH`, and its arguments.
@discardableResult
public func runCommand(_ arguments: [String]) throws(TestingError) -> CommandResult {
    var ends: [CInt] = [-1, -1]
    guard unsafe swiftbpf_pipe(&ends, O_CLOEXEC) == 0 else { throw TestingError("pipe", errno: errno) }
    defer { close(ends[0]) }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var pid = pid_t()
    let spawned = unsafe posix_spawnp(&pid, arguments.first ?? "", &actions, nil, &words, environ)
    close(ends[1])
    guard spawned == 0 else { throw TestingError("cannot run \(arguments.joined(separator: " "))", errno: spawned) }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = unsafe read(ends[0], &chunk, chunk.count)
        if count > 0 { output += chunk[..<count] } else if count == 0 || errno != EINTR { break }
    }
    var status: CInt = 0
    while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let code = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    return CommandResult(output: String(decoding: output, as: UTF8.self), status: code)
}

/// Runs a command that must succeed.
@discardableResult
func mustRun(_ arguments: [String]) throws(TestingError) -> String {
    let result = try runCommand(arguments)
    guard result.status == 0 else {
        throw TestingError("\(arguments.joined(separator: " ")) ended with \(result.status): \(result.output)")
    }
    return result.output
}
