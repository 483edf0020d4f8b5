import Glibc
import Synchronization

/// A temporary folder of one test, which goes with the value and everything in it. Other users may look into it.
final class Folder: Sendable {
    private static let counter = Atomic<Int>(0)

    let path: String

    init() throws {
        path = "/tmp/policyd-system-\(getpid())-\(Self.counter.add(1, ordering: .relaxed).newValue)"
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
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                guard name != ".", name != ".." else { continue }
                if entry.pointee.d_type == UInt8(DT_DIR) { remove("\(path)/\(name)") } else { unlink("\(path)/\(name)") }
            }
            closedir(folder)
        }
        rmdir(path)
    }
}

/// Why a test cannot go on.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Tries until something holds; false if it does not within the time.
func eventually(seconds: Double = 5, _ holds: () throws -> Bool) rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
        if try holds() { return true }
        if ContinuousClock.now > end { return false }
        usleep(10_000)
    }
}
