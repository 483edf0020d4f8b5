import Logging
import PolicyAPI
import PolicyCompiler
import PolicyModel
import Synchronization

/// The kernel's side of the daemon: the only file that speaks with the datapath.
final class Enforcement: Sendable {
    /// What the kernel counted and how full it is.
    struct Health: Sendable {
        var interfaces: [InterfaceMessage] = []
        var maps: [MapMessage] = []
        var reasons: [ReasonMessage] = []
        var lostEvents = 0
    }

    /// A rule's counters.
    struct Counter: Sendable {
        var packets: UInt64
        var bytes: UInt64
        var lostEvents: UInt64
    }

    let adopted: Bool
    private let installed = Mutex<UInt32?>(nil)

    init(_ configuration: Configuration, logger: Logger) throws {
        adopted = false
    }

    var revisionInForce: UInt32? { installed.withLock { $0 } }

    func compile(_ policySet: PolicySet, revision: UInt32, numbers: RuleNumbers) throws -> CompiledPolicy {
        try CompiledPolicy.compile(policySet, revision: revision, numbers: numbers, interfaces: interfaceNames())
    }

    /// Takes a policy for the one that the kernel enforces already.
    func adopt(_ policy: CompiledPolicy) {}

    /// - Parameter fresh: numbers of rules that are new: their counters start at 0.
    func install(_ policy: CompiledPolicy, fresh: [UInt32]) throws {
        installed.withLock { $0 = policy.revision }
    }

    func synchronizeInterfaces(_ selector: InterfaceSelector) throws -> [InterfaceMessage] { [] }

    func interfaceNames() throws -> [String] { [] }

    func interfaceChanges() -> AsyncStream<Void> { AsyncStream { _ in } }

    func counters() throws -> [UInt32: Counter] { [:] }

    func health() throws -> Health { Health() }

    func verdicts(for packets: [Packet], by policy: CompiledPolicy) throws -> [Verdict] { packets.map(policy.verdict) }

    /// Hands every batch of events to a closure, with the number of those lost before it, until the task is cancelled.
    ///
    /// - Parameter names: the names of a revision's rules by number.
    func readEvents(names: @Sendable (UInt32) -> [UInt32: RuleName], _ deliver: @Sendable ([EventRecord], _ lost: Int) -> Void) async throws {
        while !Task.isCancelled { try await Task.sleep(for: .seconds(3600)) }
    }

    func remove() throws {
        installed.withLock { $0 = nil }
    }
}
