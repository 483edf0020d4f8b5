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
