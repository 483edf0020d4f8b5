internal import BPF
internal import BPFObjects
internal import CDatapath
public import PolicyCompiler
public import PolicyModel

/// The `kernel` engine of `why`: the datapath's own program, loaded once more with a policy's tables and asked by test-run.
///
/// It is attached nowhere and knows no connections, so each packet is judged by the rules alone. Requires what `Datapath` does.
public final class KernelEngine: Sendable {
    let policy: CompiledPolicy
    let tables: TableMaps

    /// Test-runs without an interface happen on the loopback device, whose index is 1 in every namespace.
    private static let loopback: UInt32 = 1

    /// Loads the program with the tables of a policy.
    public convenience init(_ policy: CompiledPolicy) throws(DatapathError) {
        try self.init(policy, hasLoop: KernelFeatures.hasLoop)
    }

    init(_ policy: CompiledPolicy, hasLoop: Bool) throws(DatapathError) {
        self.policy = policy
        tables = try doing("cannot load the program to ask it") { () throws(BPFError) in
            let tables = try TableMaps(loading: .policy, capacity: .init(holding: policy), hasLoop: hasLoop) {
                object throws(BPFError) in
                try SharedMaps.shrink(&object)
                try object.setGlobal("stateless", to: UInt8(1))
            }
            try tables.fill(policy, timeouts: pd_timeouts(.init()), eventInterval: 0)
            return tables
        }
    }

    /// What the kernel does with a packet. Of the rules of audit policies it met, only the first is told.
    ///
    /// - Throws: `DatapathError` also when the program answers what it never should.
    public func verdict(for packet: Packet, at time: Instant = .now) throws(DatapathError) -> Verdict {
        if packet.isExtensionHeader {
            throw DatapathError(
                "protocol \(packet.protocol) is an IPv6 extension header: the kernel looks behind it, and no packet has it as its protocol")
        }
        var policy = policy
        if policy.usesInterfaces, policy.add(interface: packet.interface) {
            return try KernelEngine(policy).verdict(for: packet, at: time)
        }
        if policy.usesInterfaces, let classes = policy.interfaces[packet.interface] {
            try doing("cannot tell the kernel of interface \(packet.interface)") { () throws(BPFError) in
                try tables.setInterface(classes, index: Self.loopback)
            }
        }
        tables.setTime(time)
        let answer = try judge(packet.frame, packet.direction)
        guard answer.reason == .rule || answer.reason == .defaultAllow else {
            throw DatapathError("the kernel's program answered \(answer.reason.rawValue) where a rule or none decides")
        }
        return policy.verdict(
            action: answer.action, number: answer.rule, audited: policy.audited(answer.audits, [answer.firstAudit]))
    }

    /// What the program leaves of its judgement.
    struct Answer {
        /// Whether the packet does not pass.
        var isDenied: Bool
        var action: Verdict.Action
        /// The rule's number.
        var rule: UInt32
        var reason: PacketEvent.Reason
        /// How many rules of audit policies were met, and where the first of them is in the rule table.
        var audits: UInt8
        var firstAudit: UInt32
    }

    /// Runs the program on a frame, which may be anything of at least 14 bytes.
    func judge(_ frame: [UInt8], _ direction: Direction) throws(DatapathError) -> Answer {
        let result = try doing("cannot ask the kernel") { () throws(BPFError) in
            let direction = direction == .ingress ? PD_INGRESS.rawValue : PD_EGRESS.rawValue
            return try tables.program.testRun(data: frame, context: TestRunContext(controlWords: [direction, 0, 0, 0, 0]))
        }
        guard let words = result.context?.controlWords, words.count >= 5 else {
            throw DatapathError("the kernel's test-run gave no context back")
        }
        return Answer(
            // TC_ACT_SHOT of linux/pkt_cls.h.
            isDenied: result.returnValue == 2, action: Verdict.Action(kernel: UInt8(truncatingIfNeeded: words[2] >> 8)), rule: words[1],
            reason: EventDecoder.reason(UInt8(truncatingIfNeeded: words[2])),
            audits: UInt8(clamping: words[3]), firstAudit: words[4])
    }
}
