import BPF
import CLibBPF
import Glibc
import Synchronization

/// A private network namespace for a test, which goes with the value.
///
/// It is named after this process and listed by `ip netns`, so commands can enter it. Nothing here ever touches the namespace the
/// process was started in.
///
///     let host = try NetworkNamespace()
///     let peer = try NetworkNamespace()
///     try host.connect("eth0", to: peer, "eth0")
///     try host.addAddress("10.0.0.1/24", to: "eth0")
///     let reply = try host.run { … }          // on a thread inside
///
/// Needs root and the `ip` command.
public final class NetworkNamespace: Sendable {
    /// What the names of all test namespaces begin with.
    public static let namePrefix = "bpftest-"

    private static let counter = Atomic<Int>(0)

    /// The name, as `ip netns` lists it.
    public let name: String
    private let descriptor: CInt

    /// Makes a namespace with its loopback interface up.
    public init() throws(TestingError) {
        let number = Self.counter.add(1, ordering: .relaxed).newValue
        name = "\(Self.namePrefix)\(getpid())-\(number)"
        Self.removeLeftovers()
        try mustRun(["ip", "netns", "add", name])
        descriptor = unsafe open("/run/netns/\(name)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            _ = try? runCommand(["ip", "netns", "delete", name])
            throw TestingError("cannot open namespace \(name)", errno: errno)
        }
        try ip("link", "set", "lo", "up")
        // Duplicate address detection would keep IPv6 addresses unusable for the first second or two.
        try run { () throws(TestingError) in
            try write("0", to: "/proc/sys/net/ipv6/conf/all/accept_dad")
            try write("0", to: "/proc/sys/net/ipv6/conf/default/accept_dad")
        }
    }

    deinit {
        close(descriptor)
        _ = try? runCommand(["ip", "netns", "delete", name])
    }

    /// Runs a closure on a fresh thread inside the namespace and waits for it.
    public func run<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        try onFreshThread { () throws(E) -> R in
            precondition(swiftbpf_setns(descriptor, CInt(SWIFTBPF_NEWNET)) == 0, "cannot enter namespace \(name): errno \(errno)")
            return try body()
        }
    }

    /// Runs a command inside the namespace to its end.
    @discardableResult
    public func run(command arguments: String...) throws(TestingError) -> CommandResult {
        try run { () throws(TestingError) in try runCommand(arguments) }
    }

    /// Runs `ip` inside the namespace; it must succeed.
    @discardableResult
    public func ip(_ arguments: String...) throws(TestingError) -> String {
        try mustRun(["ip", "-n", name] + arguments)
    }

    /// Joins two namespaces by a pair of interfaces, both up.
    ///
    /// - Throws: `TestingError` also if a name has more than 15 characters.
    public func connect(_ interface: String, to peer: NetworkNamespace, _ peerInterface: String) throws(TestingError) {
        try ip("link", "add", interface, "type", "veth", "peer", "name", peerInterface, "netns", peer.name)
        try ip("link", "set", interface, "up")
        try peer.ip("link", "set", peerInterface, "up")
    }

    /// Gives an interface an address, `10.0.0.1/24` or `2001:db8::1/64`.
    public func addAddress(_ address: String, to interface: String) throws(TestingError) {
        try ip("address", "add", address, "dev", interface)
    }

    /// The index of an interface inside.
    public func index(of interface: String) throws(TestingError) -> Int32 {
        let index = run { unsafe if_nametoindex(interface) }
        guard index > 0 else { throw TestingError("namespace \(name) has no interface \(interface)") }
        return Int32(index)
    }

    /// Refuses to go on when this thread is in the network namespace the machine runs in; where that cannot be told, in the one the
    /// process was started in.
    public static func requirePrivate() throws(TestingError) {
        var own = stat()
        var initial = stat()
        guard unsafe stat("/proc/thread-self/ns/net", &own) == 0,
            unsafe stat("/proc/1/ns/net", &initial) == 0 || stat("/proc/self/ns/net", &initial) == 0
        else {
            throw TestingError("cannot tell this thread's network namespace", errno: errno)
        }
        if own.st_ino == initial.st_ino {
            throw TestingError("this is the machine's own network namespace: nothing may be attached or changed here")
        }
    }

    /// The names of test namespaces that are there now, of this process or of any.
    public static func names(ofThisProcess isOwn: Bool = true) -> [String] {
        Directory.names(in: "/run/netns").filter { $0.hasPrefix(isOwn ? "\(namePrefix)\(getpid())-" : namePrefix) }
    }

    /// Takes away what test processes that were killed left behind.
    private static func removeLeftovers() {
        for name in names(ofThisProcess: false) {
            let parts = name.dropFirst(namePrefix.count).split(separator: "-")
            guard let pid = parts.first.flatMap({ pid_t($0) }), kill(pid, 0) != 0, errno == ESRCH else { continue }
            _ = try? runCommand(["ip", "netns", "delete", name])
        }
    }
}

/// Writes a text to a file of `/proc` or the like.
func write(_ text: String, to path: String) throws(TestingError) {
    let file = unsafe open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { throw TestingError("cannot open \(path)", errno: errno) }
    defer { close(file) }
    let count = unsafe Array(text.utf8).withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
    guard count == text.utf8.count else { throw TestingError("cannot write \(path)", errno: errno) }
}
