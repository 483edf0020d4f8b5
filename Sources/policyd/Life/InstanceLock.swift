import FoundationEssentials
import Glibc

/// Holds a file or folder for this process alone, so that a second daemon on the same one is refused.
///
/// The lock is flock(2): the kernel lets go of it when the process ends, however it ends.
final class InstanceLock: Sendable {
    private let descriptor: CInt

    /// Somebody else holds the lock.
    struct Held: Error, CustomStringConvertible {
        /// What is locked, in words: `the state folder /var/lib/policyd`.
        var what: String
        var pid: Int?

        var description: String {
            "another policyd\(pid.map { " (pid \($0))" } ?? "") already uses \(what); stop it first, or give this one a folder of its own"
        }
    }

    /// Locks a file, which is made if it is not there.
    convenience init(file path: String, what: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
        try self.init(taking: descriptor, path: path, what: what)
    }

    /// Locks a folder itself, which is possible where files cannot be made, as in bpffs.
    convenience init(folder path: String, what: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemCallError("open \(path)") }
        try self.init(taking: descriptor, path: path, what: what)
    }

    private init(taking descriptor: CInt, path: String, what: String) throws {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let failure = errno
            let holder = Self.holder(of: descriptor)
            close(descriptor)
            if failure == EWOULDBLOCK { throw Held(what: what, pid: holder) }
            throw SystemCallError("lock \(path)", errno: failure)
        }
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Who holds the lock, as /proc/locks tells: `1: FLOCK  ADVISORY  WRITE 1234 00:1f:12345 0 EOF`.
    private static func holder(of descriptor: CInt) -> Int? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, let locks = try? String(contentsOfFile: "/proc/locks", encoding: .utf8) else { return nil }
        for line in locks.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count >= 6, fields[1] == "FLOCK", fields[5].split(separator: ":").last == "\(status.st_ino)",
                let pid = Int(fields[4]), pid > 0
            else { continue }
            return pid
        }
        return nil
    }
}
