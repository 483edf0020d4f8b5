import BPF
import BPFTesting
import FoundationEssentials
import Glibc
import PolicyAPI
import Synchronization
import Testing

/// Two private namespaces joined by a veth pair, and the two programs at work: `policyd` guards the first one.
///
/// The guarded host is 192.0.2.1 and 2001:db8::1, the other 192.0.2.2 and 2001:db8::2; both ends are called `eth0`.
/// Everything goes with the value; ``end()`` does it earlier, and checks that nothing is left.
final class GuardedHost: Sendable {
    let host: NetworkNamespace
    let peer: NetworkNamespace
    let bpffs: PrivateBPFFS
    let folder: Folder
    /// The policy folder the daemon is started with.
    let policies: String
    private let flags: [String]
    /// The number of connections that is told by flag; nil leaves it to the configuration file.
    private let connectionLimit: Int?
    private let running = Mutex<ChildProcess?>(nil)
    private let counter = Atomic<Int>(0)

    /// An address of each family, of the guarded host and of the other.
    static let addresses: [(family: TestSocket.Family, host: String, peer: String)] = [
        (.v4, "192.0.2.1", "192.0.2.2"), (.v6, "2001:db8::1", "2001:db8::2"),
    ]

    /// - Parameters:
    ///   - flags: Flags of the daemon beside those that keep it to this test's folders.
    ///   - connectionLimit: The number of connections, told by flag; nil leaves it to a configuration file.
    ///   - isStarted: Whether to start it already.
    init(flags: [String] = [], connectionLimit: Int? = 4_096, starting isStarted: Bool = true) throws {
        host = try NetworkNamespace()
        peer = try NetworkNamespace()
        bpffs = try PrivateBPFFS()
        folder = try Folder()
        policies = try folder.folder("policies")
        self.flags = flags
        self.connectionLimit = connectionLimit
        try host.connect("eth0", to: peer, "eth0")
        for address in Self.addresses {
            let length = address.family == .v4 ? 24 : 64
            try host.addAddress("\(address.host)/\(length)", to: "eth0")
            try peer.addAddress("\(address.peer)/\(length)", to: "eth0")
        }
        if isStarted { try start() }
    }

    deinit {
        // The daemon before its namespace and its bpffs.
        running.withLock { $0 = nil }
    }

    var socket: String { "\(folder.path)/socket" }
    var pinFolder: String { bpffs.path("policyd") }

    /// A name that was not used yet, for files of one run of a program.
    private func fresh(_ name: String) -> String { "\(name)-\(counter.add(1, ordering: .relaxed).newValue)" }
}

// MARK: - The daemon

extension GuardedHost {
    var daemon: ChildProcess {
        get throws {
            guard let daemon = running.withLock({ $0 }) else { throw Failure("the daemon is not running") }
            return daemon
        }
    }

    /// Starts the daemon in the guarded namespace, without waiting for it.
    ///
    /// `nsenter` and not `ip netns exec`, which gives it a mount namespace of its own, where the bpffs is another.
    func launch(
        _ program: String = Programs.policyd, socket: String? = nil, state: String? = nil, bpffs: String? = nil, flags: [String] = [],
        interfaces: [String] = ["*", "!lo"]
    ) throws -> ChildProcess {
        var own = [
            "--socket", socket ?? self.socket, "--state-dir", state ?? "\(folder.path)/state", "--bpffs", bpffs ?? pinFolder,
            "--policies", policies,
        ]
        if let connectionLimit { own += ["--connection-limit", "\(connectionLimit)"] }
        own.append("--interfaces")
        return try ChildProcess(
            ["nsenter", "--net=/run/netns/\(host.name)", program] + self.flags + flags + own + interfaces,
            folder: folder.path, name: fresh("policyd"))
    }

    /// Starts the daemon and waits until it answers.
    func start(_ program: String = Programs.policyd, flags: [String] = [], interfaces: [String] = ["*", "!lo"]) throws {
        let process = try launch(program, flags: flags, interfaces: interfaces)
        running.withLock { $0 = process }
        try folder.note(process.pid)
        guard try eventually(seconds: 20, { try process.hasEnded || policyctl("status").status == 0 }), !process.hasEnded else {
            throw Failure("policyd does not come up: \(process.errors)")
        }
    }

    /// Ends the daemon by a signal and says its exit status.
    @discardableResult
    func stop(_ signal: CInt = SIGTERM) throws -> Int32? {
        let process = try daemon
        process.send(signal)
        let status = process.wait(seconds: 10)
        running.withLock { $0 = nil }
        return status
    }
}

// MARK: - The command

extension GuardedHost {
    /// What a command printed and its exit status.
    struct Result {
        var status: Int32
        var output: String
        var errors: String

        /// The output as one JSON value.
        func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
            do {
                return try JSONDecoder().decode(type, from: Data(output.utf8))
            } catch {
                throw Failure("not what was expected: \(error)\n\(output)\n\(errors)")
            }
        }
    }

    /// Starts `policyctl` with this daemon's socket, without waiting for its end.
    ///
    /// - Parameter before: A command that runs it, as in `["setpriv", "--reuid=1"]`.
    func launchPolicyctl(
        _ arguments: [String], before: [String] = [], socket: String? = nil, input: String = "/dev/null", environment: [String] = []
    ) throws -> ChildProcess {
        try ChildProcess(
            before + [Programs.policyctl] + arguments, folder: folder.path, name: fresh("policyctl"), input: input,
            environment: environment + ["POLICYD_SOCKET=\(socket ?? self.socket)"])
    }

    /// Runs `policyctl` to its end, which comes within 20 seconds.
    func policyctl(_ arguments: [String], before: [String] = [], socket: String? = nil, input: String = "/dev/null") throws -> Result {
        let process = try launchPolicyctl(arguments, before: before, socket: socket, input: input)
        guard let status = process.wait(seconds: 20) else {
            throw Failure("policyctl \(arguments.joined(separator: " ")) does not end: \(process.output)\(process.errors)")
        }
        return Result(status: status, output: process.output, errors: process.errors)
    }

    func policyctl(_ arguments: String...) throws -> Result { try policyctl(arguments) }

    /// Runs `policyctl`, which must succeed.
    @discardableResult
    func done(_ arguments: String...) throws -> Result {
        let result = try policyctl(arguments)
        guard result.status == 0 else {
            throw Failure("policyctl \(arguments.joined(separator: " ")) ended with \(result.status): \(result.output)\(result.errors)")
        }
        return result
    }

    /// Applies the shipped essentials and documents of the test, as the whole policy.
    @discardableResult
    func apply(_ text: String) throws -> ChangeMessage {
        let path = try folder.file("applied.yaml", text)
        return try done("apply", "--replace", "-o", "json", "-f", Programs.essentials, path).json()
    }

    func status() throws -> StatusMessage { try done("status", "-o", "json").json() }

    /// The revision packets are judged by.
    var revision: UInt32? { get throws { try status().revision?.number } }

    /// What a rule has judged.
    func counters(_ policy: String, _ rule: String) throws -> CounterMessage {
        let rules: [RuleMessage] = try done("get", "rules", "-o", "json").json()
        guard let found = rules.first(where: { $0.policy == policy && $0.rule == rule }) else { throw Failure("no rule \(policy)/\(rule)") }
        return found.counters
    }
}

// MARK: - What is in the kernel

extension GuardedHost {
    /// The numbers of the programs on the tcx hooks of the guarded interface.
    func attachedPrograms(_ interface: String = "eth0") throws -> [UInt32] {
        try host.run {
            let index = try host.index(of: interface)
            return try TrafficDirection.allCases.flatMap { try TCXChain(interface: index, $0).entries.map(\.programID) }
        }
    }

    /// Ends the daemon, takes the pins away with their filesystem, and checks that the programs and all else are gone.
    func end(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let programs = try Set(attachedPrograms() + Pin.programs(in: pinFolder))
        #expect(!programs.isEmpty, sourceLocation: sourceLocation)
        if running.withLock({ $0 != nil }) { try stop(SIGKILL) }
        Pin.removeAll(in: pinFolder)
        #expect(bpffs.pins.isEmpty, "\(bpffs.pins)", sourceLocation: sourceLocation)
        #expect(try eventually { try attachedPrograms().isEmpty }, sourceLocation: sourceLocation)
        #expect(eventually { programs.allSatisfy { !Pin.isLoaded(program: $0) } }, "programs \(programs)", sourceLocation: sourceLocation)
    }
}
