import BPF
import Glibc
import Synchronization

/// A bpf filesystem of a test's own, in a temporary folder; what is pinned there goes with the value.
public final class PrivateBPFFS: Sendable {
    private static let prefix = "/tmp/bpftest-fs-"
    private static let counter = Atomic<Int>(0)

    /// The folder.
    public let path: String

    /// Mounts a new bpf filesystem.
    public init() throws {
        Self.removeLeftovers()
        path = "\(Self.prefix)\(getpid())-\(Self.counter.add(1, ordering: .relaxed).newValue)"
        guard unsafe mkdir(path, 0o700) == 0 else { throw TestingError("cannot make \(path)", errno: errno) }
        do {
            try BPFFilesystem.mount(at: path)
        } catch {
            unsafe rmdir(path)
            throw error
        }
    }

    deinit {
        try? BPFFilesystem.unmount(at: path)
        unsafe rmdir(path)
    }

    /// The path of a pin.
    public func path(_ name: String) -> String { "\(path)/\(name)" }

    /// The names of what is pinned, without the two files the kernel puts into every bpf filesystem.
    public var pins: [String] { Directory.names(in: path).filter { $0 != "maps.debug" && $0 != "progs.debug" } }

    /// The mounts of this process's tests that are there now.
    public static var mounts: [String] {
        Directory.names(in: "/tmp").map { "/tmp/\($0)" }.filter { $0.hasPrefix("\(prefix)\(getpid())-") }
    }

    private static func removeLeftovers() {
        for path in Directory.names(in: "/tmp").map({ "/tmp/\($0)" }) where path.hasPrefix(prefix) {
            guard let pid = path.dropFirst(prefix.count).split(separator: "-").first.flatMap({ pid_t($0) }), kill(pid, 0) != 0,
                errno == ESRCH
            else { continue }
            try? BPFFilesystem.unmount(at: path)
            unsafe rmdir(path)
        }
    }
}
