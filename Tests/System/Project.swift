import BPFTesting
import Glibc
import Testing

/// The project's own folder, for tests of its files and programs.
enum Project {
    /// Where Package.swift lies.
    static let root: String = {
        let file = #filePath
        return file.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/\($1)" }
    }()

    /// A program of this build.
    static func program(_ name: String) -> String { "\(root)/.build/debug/\(name)" }

    /// Runs a command line in the project's folder.
    static func shell(_ line: String) throws -> CommandResult {
        try runCommand(["bash", "-c", "cd '\(root)' && { \(line); }"])
    }
}

/// A folder that goes with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/policyd-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failure("cannot make a temporary folder: errno \(errno)") }
        path = String(cString: made)
    }

    deinit {
        _ = try? runCommand(["rm", "-rf", "--one-file-system", path])
    }

    func write(_ text: String, to name: String) throws {
        guard let file = fopen("\(path)/\(name)", "w") else { throw Failure("cannot write \(name): errno \(errno)") }
        defer { fclose(file) }
        fputs(text, file)
    }
}
