import BPF
import Glibc
import Synchronization

/// A control group of the unified hierarchy for a test, which goes with the value.
///
/// It is named after this process. What is attached to it sees the processes that entered it and no others. A process that enters is in
/// it with all its threads: do so in one of its own, an exit test for example.
///
///     let group = try ControlGroup()
///     try group.enter()
///     …
///     try group.leave()
public final class ControlGroup: Sendable {
    private static let prefix = "bpftest-"
    private static let counter = Atomic<Int>(0)

    /// The group's folder.
    public let path: String
    /// Where this process was before.
    private let former: String

    /// Makes a group below the root of the hierarchy.
    public init() throws(TestingError) {
        let root = try Self.root()
        Self.removeLeftovers(in: root)
        path = "\(root)/\(Self.prefix)\(getpid())-\(Self.counter.add(1, ordering: .relaxed).newValue)"
        // "0::/path" is the line of the unified hierarchy; the group of a process outside shows as "/..", and the root is as good.
        let own = fileLines("/proc/self/cgroup").first { $0.hasPrefix("0::/") }.map { $0.dropFirst(3) } ?? "/"
        former = own.hasPrefix("/..") ? root : "\(root)\(own)"
        guard unsafe mkdir(path, 0o755) == 0 else { throw TestingError("cannot make \(path)", errno: errno) }
    }

    deinit {
        try? leave()
        unsafe rmdir(path)
    }

    /// The number that links and programs know the group by.
    public var id: UInt64 {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    /// Moves this process into the group.
    public func enter() throws(TestingError) { try write("\(getpid())", to: "\(path)/cgroup.procs") }

    /// Moves this process back.
    public func leave() throws(TestingError) { try write("\(getpid())", to: "\(former)/cgroup.procs") }

    /// Where the unified hierarchy is mounted: at `/sys/fs/cgroup`, or beside the older ones.
    private static func root() throws(TestingError) -> String {
        for line in fileLines("/proc/self/mounts") {
            let parts = line.split(separator: " ")
            if parts.count > 2, parts[2] == "cgroup2" { return String(parts[1]) }
        }
        throw TestingError("no cgroup2 hierarchy is mounted")
    }

    private static func removeLeftovers(in root: String) {
        for name in Directory.names(in: root) where name.hasPrefix(prefix) {
            guard let pid = name.dropFirst(prefix.count).split(separator: "-").first.flatMap({ pid_t($0) }), kill(pid, 0) != 0,
                errno == ESRCH
            else { continue }
            unsafe rmdir("\(root)/\(name)")
        }
    }
}
