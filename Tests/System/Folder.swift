import Glibc
import Synchronization

/// A temporary folder of one test, which goes with the value and everything in it. Other users may look into it.
final class Folder: Sendable {
    private static let prefix = "/tmp/policyd-system-"
    private static let counter = Atomic<Int>(0)

    let path: String

    init() throws {
        Self.removeLeftovers()
        path = "\(Self.prefix)\(getpid())-\(Self.counter.add(1, ordering: .relaxed).newValue)"
        guard mkdir(path, 0o755) == 0, chmod(path, 0o755) == 0 else { throw Failure("cannot make \(path): errno \(errno)") }
    }

    deinit { Self.remove(path) }

    /// Writes a file and says its path.
    @discardableResult
    func file(_ name: String, _ text: String) throws -> String { try file(name, bytes: Array(text.utf8)) }

    @discardableResult
    func file(_ name: String, bytes: [UInt8], times: Int = 1) throws -> String {
        let whole = "\(path)/\(name)"
        let descriptor = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure("cannot write \(whole): errno \(errno)") }
        defer { close(descriptor) }
        for _ in 0..<times where write(descriptor, bytes, bytes.count) != bytes.count {
            throw Failure("cannot write \(whole): errno \(errno)")
        }
        return whole
    }

    /// Makes a folder inside and says its path.
    @discardableResult
    func folder(_ name: String) throws -> String {
        let whole = "\(path)/\(name)"
        guard mkdir(whole, 0o755) == 0 || errno == EEXIST else { throw Failure("cannot make \(whole): errno \(errno)") }
        return whole
    }

    func remove(_ name: String) { unlink("\(path)/\(name)") }

    private static func remove(_ path: String) {
        for entry in FolderEntry.all(in: path) {
            if entry.isFolder { remove("\(path)/\(entry.name)") } else { unlink("\(path)/\(entry.name)") }
        }
        rmdir(path)
    }

    /// Notes a process that works in this folder, for whoever finds it left behind.
    func note(_ process: pid_t) throws { try file("pid", "\(process)") }

    /// Takes away what test processes that were killed left behind, daemons first.
    private static func removeLeftovers() {
        for entry in FolderEntry.all(in: "/tmp") {
            let path = "/tmp/\(entry.name)"
            guard path.hasPrefix(prefix), let owner = path.dropFirst(prefix.count).split(separator: "-").first.flatMap({ pid_t($0) }),
                kill(owner, 0) != 0, errno == ESRCH
            else { continue }
            // By its number, and only if that is still the process that was started for this folder.
            if let text = FolderEntry.text("\(path)/pid"), let daemon = pid_t(text),
                FolderEntry.text("/proc/\(daemon)/cmdline")?.contains("\(path)/") == true
            {
                kill(daemon, SIGKILL)
            }
            remove(path)
        }
    }
}

/// What is in a folder.
struct FolderEntry {
    var name: String
    var isFolder: Bool

    /// The entries, without `.` and `..`; none if the folder cannot be read.
    static func all(in path: String) -> [FolderEntry] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var entries: [FolderEntry] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { entries.append(FolderEntry(name: name, isFolder: entry.pointee.d_type == UInt8(DT_DIR))) }
        }
        return entries
    }

    /// The beginning of a file's text; nil if it cannot be read.
    static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }
}

/// Why a test cannot go on.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
