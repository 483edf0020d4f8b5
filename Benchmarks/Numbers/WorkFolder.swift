import Foundation
import Glibc

/// A temporary folder that goes with the value, named after this process and what it is for.
final class WorkFolder {
    private static let prefix = "policyd-numbers-"

    let path: String

    init(_ name: String) throws {
        path = "/tmp/\(Self.prefix)\(getpid())-\(name)"
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and says its path.
    @discardableResult
    func file(_ name: String, _ text: String) throws -> String {
        try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
        return "\(path)/\(name)"
    }

    /// Notes a process that works in this folder, for whoever finds it left behind.
    func note(_ process: pid_t) throws { try file("pid", "\(process)") }

    /// Takes away what measurements that were killed left behind: processes, then their folders.
    static func removeLeftovers() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? [] where name.hasPrefix(prefix) {
            let owner = name.dropFirst(prefix.count).split(separator: "-").first.flatMap { pid_t($0) }
            guard let owner, kill(owner, 0) != 0, errno == ESRCH else { continue }
            let path = "/tmp/\(name)"
            // By its number, and only if that is still the process that was started for this folder.
            if let text = try? String(contentsOfFile: "\(path)/pid", encoding: .utf8), let process = pid_t(text),
                let words = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8), words.contains("\(path)/")
            {
                kill(process, SIGKILL)
            }
            try? FileManager.default.removeItem(atPath: path)
        }
    }
}
