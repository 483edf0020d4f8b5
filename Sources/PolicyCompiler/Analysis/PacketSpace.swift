internal import PolicyModel

/// What a packet can be, field by field: for each field some of its classes.
struct Box {
    /// The classes of the remote address, the local one, the transport, the source port and the interface.
    var fields: [Runs]

    static let fieldCount = 5

    var isEmpty: Bool { fields.contains(where: \.isEmpty) }

    func intersects(_ other: Box) -> Bool {
        (0..<Self.fieldCount).allSatisfy { fields[$0].intersects(other.fields[$0]) }
    }

    func intersection(_ other: Box) -> Box {
        Box(fields: (0..<Self.fieldCount).map { fields[$0].intersection(other.fields[$0]) })
    }

    func isSubset(of other: Box) -> Bool {
        (0..<Self.fieldCount).allSatisfy { fields[$0].isSubset(of: other.fields[$0]) }
    }

    func contains(_ point: [Int32]) -> Bool {
        (0..<Self.fieldCount).allSatisfy { fields[$0].contains(point[$0]) }
    }
}

/// The packets of one direction and family, put into classes by all rules of one policy set or of several.
///
/// Every rule is a box of classes; a class of each field is a point, which stands for a packet.
struct PacketSpace {
    let direction: Direction
    let family: IPAddress.Family
    /// The rules of each policy set in the order of evaluation.
    let lists: [[SpaceRule]]
    /// For each field what makes a class the lightest: how few rules name it, and how pleasant it looks.
    let lightest: [LightestClass]
    /// Every packet.
    let all: Box
    /// Whether every packet there can be is in a class.
    let isComplete: Bool

    private let remote: ValueClasses
    private let local: ValueClasses
    private let transport: ValueClasses
    private let source: ValueClasses
    private let interfaces: InterfaceClasses

    init(_ policySets: [PolicySet], _ direction: Direction, _ family: IPAddress.Family, at instant: Instant) {
        var terms = SpaceTerms(policySets, direction, family)
        var drafts: [[SpaceTerms.Draft]] = []
        for (number, policySet) in policySets.enumerated() {
            drafts.append(terms.drafts(of: policySet, number, at: instant))
        }
        let width = family == .v4 ? UInt128(UInt32.max) : .max
        let addresses = PleasantValues.address(family)
        remote = ValueClasses(terms.remote.ranges, domain: [0...width], pleasant: addresses)
        local = ValueClasses(terms.local.ranges, domain: [0...width], pleasant: addresses)
        transport = ValueClasses(
            terms.transports, domain: SpaceTerms.transports(family), pleasant: PleasantValues.transport(family))
        source = ValueClasses(terms.sources, domain: [0...65535], pleasant: PleasantValues.sourcePort)
        interfaces = InterfaceClasses(terms.selectors)
        let counts = [remote.count, local.count, transport.count, source.count, interfaces.count]
        let all = Box(fields: counts.map { Runs(all: $0) })
        let (remote, local, transport, source, interfaces) = (remote, local, transport, source, interfaces)
        let lists = drafts.map { list in
            list.map { draft in
                let box = Box(fields: [
                    terms.remote.runs(draft.remote, remote), terms.local.runs(draft.local, local),
                    draft.transport.map { transport.terms[$0] } ?? all.fields[2], draft.source.map { source.terms[$0] } ?? all.fields[3],
                    interfaces.runs(draft.selectors),
                ])
                return SpaceRule(policy: draft.policy, rule: draft.rule, box: box)
            }
        }
        let scores = [remote.scores, local.scores, transport.scores, source.scores, Array(repeating: 0, count: interfaces.count)]
        lightest = (0..<Box.fieldCount).map { field in
            LightestClass(weights: Self.weights(lists, field, scores[field]))
        }
        self.lists = lists
        self.all = all
        self.direction = direction
        self.family = family
        isComplete = interfaces.isComplete
    }

    /// By class the number of rules that match it, and then its score.
    private static func weights(_ lists: [[SpaceRule]], _ field: Int, _ scores: [Int32]) -> [Int32] {
        var steps = Array(repeating: Int32(0), count: scores.count + 1)
        for rule in lists.joined() {
            for run in rule.box.fields[field].runs {
                steps[Int(run.lowerBound)] += 1
                steps[Int(run.upperBound)] -= 1
            }
        }
        var count: Int32 = 0
        return scores.enumerated().map { number, score in
            count += steps[number]
            return count * 4 + score
        }
    }

    /// The lightest point of a box that is not empty.
    func point(in box: Box) -> [Int32] {
        (0..<Box.fieldCount).map { lightest[$0].lightest(of: box.fields[$0]) }
    }

    /// The packet that a point stands for.
    func packet(_ point: [Int32]) -> Packet {
        let remote = IPAddress(family: family, value: remote.representatives[Int(point[0])])
        var local = IPAddress(family: family, value: local.representatives[Int(point[1])])
        // A host rarely speaks with itself; another address of the same class does as well.
        if local == remote, let other = self.local.terms.isEmpty ? Self.neighbour(local) : nil { local = other }
        let transport = transport.representatives[Int(point[2])]
        var packet = Packet(
            direction: direction, interface: interfaces.names[Int(point[4])], protocol: UInt8(truncatingIfNeeded: transport >> 16),
            source: direction == .ingress ? remote : local, destination: direction == .ingress ? local : remote)
        if packet.hasPorts {
            packet.destinationPort = UInt16(truncatingIfNeeded: transport)
            packet.sourcePort = UInt16(truncatingIfNeeded: source.representatives[Int(point[3])])
        } else if packet.isICMP {
            packet.icmpType = UInt8(truncatingIfNeeded: transport >> 8)
            packet.icmpCode = UInt8(truncatingIfNeeded: transport)
        }
        return packet
    }

    private static func neighbour(_ address: IPAddress) -> IPAddress? {
        IPAddress(family: address.family, value: address.value ^ 0x10)
    }
}

/// A rule of a policy set in its place in the order of evaluation, with the packets that match it.
struct SpaceRule {
    var policy: HostPolicy
    var rule: Rule
    var box: Box

    /// Whether the match is only reported.
    var isAudit: Bool { policy.audits(rule) }
    /// Whether the whole policy only reports.
    var isOfAuditPolicy: Bool { policy.mode == .audit }
}
