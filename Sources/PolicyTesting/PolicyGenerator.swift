public import PolicyModel

/// Makes random policy sets that use every construct of the language, most of all its edges.
///
/// The same seed gives the same sets and packets.
///
/// ```swift
/// var generator = PolicyGenerator(seed: 7)
/// let policySet = generator.policySet()
/// let packet = generator.packet(for: policySet)
/// let verdict = ReferenceEvaluator(policySet).verdict(for: packet, at: PolicyGenerator.time)
/// ```
public struct PolicyGenerator: Sendable {
    /// How large the sets are.
    public struct Limits: Sendable {
        public var policies = 4
        public var rules = 8
        public var sets = 4
        public var setEntries = 12
        /// The names of the interfaces that packets come by.
        public var interfaces = ["eth0", "eth1", "wg0"]

        public init() {}
    }

    /// The time to judge packets at: rules expire right before it, at it, right after it, and far from it on both sides.
    public static let time = Instant(seconds: 2_000_000_000)

    public var limits: Limits
    var random: SplitMix64
    var addresses: AddressGenerator

    public init(seed: UInt64, limits: Limits = Limits()) {
        self.limits = limits
        random = SplitMix64(seed: seed)
        addresses = AddressGenerator(seed: seed ^ 0xA5A5_A5A5)
    }

    /// A new random policy set.
    public mutating func policySet() -> PolicySet {
        addresses.startPool()
        let setNames = (0..<Int.random(in: 0...limits.sets, using: &random)).map { "set-\($0)" }
        let sets = setNames.enumerated().map { index, name in
            // An empty set has to work as well.
            let count = random.oneIn(6) ? 0 : Int.random(in: 1...limits.setEntries, using: &random)
            let entries = (0..<count).map { _ in addresses.prefix() }
            let split = Int.random(in: 0...entries.count, using: &random)
            let runtime = random.oneIn(3) ? [addresses.prefix()] : []
            return AddressSet(
                name: name, addresses: Array(entries[..<split]),
                // Only later sets, so that none contains itself; two ways may lead to one set.
                sets: random.oneIn(2) ? some(Array(setNames[(index + 1)...]), 0...2) : [], fileEntries: Array(entries[split...]),
                runtimeEntries: runtime)
        }
        var places: Set<[Int]> = []
        let policies = (0..<Int.random(in: 1...limits.policies, using: &random)).compactMap { index -> HostPolicy? in
            let policy = policy("policy-\(index)", setNames)
            return places.insert([policy.tier.order, policy.priority]).inserted ? policy : nil
        }
        // Names and places are unique and sets are there, so nothing is thrown.
        return (try? PolicySet(policies: policies, sets: sets)) ?? .empty
    }

    private mutating func policy(_ name: String, _ setNames: [String]) -> HostPolicy {
        let ingress = Int.random(in: 0...limits.rules, using: &random)
        let egress = Int.random(in: 0...limits.rules, using: &random)
        return HostPolicy(
            name: name, tier: random.pick(Tier.allCases, otherwise: .application),
            priority: Int.random(in: 0...3, using: &random), interfaces: random.oneIn(3) ? interfaces() : nil,
            mode: random.oneIn(5) ? .audit : .enforce,
            ingress: (0..<ingress).map { rule("in-\($0)", setNames) },
            egress: (0..<egress).map { rule("out-\($0)", setNames) })
    }

    private mutating func rule(_ name: String, _ setNames: [String]) -> Rule {
        let actions: [Action] = [.allow, .allow, .allow, .deny, .deny, .reject, .reject, .pass]
        var rule = Rule(name: name, action: random.pick(actions, otherwise: .deny))
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1:
            // No protocol with ports means all three.
            rule.protocols = some([.tcp, .udp, .sctp], 0...3)
            rule.ports = ports(1...3)
            if random.oneIn(4) { rule.sourcePorts = ports(1...2) }
        case 2:
            rule.protocols = some([.tcp, .udp, .sctp], 0...1)
            rule.sourcePorts = ports(1...2)
        case 3:
            rule.protocols = some([.icmp, .icmpv4, .icmpv6], 0...2)
            rule.icmp = (0..<Int.random(in: 1...2, using: &random)).compactMap { _ in message(rule.protocols) }
        case 4:
            let numbers = [0, 1, 6, 17, 47, 50, 58, 132, 255].map { ProtocolMatch.number($0) }
            let any = ProtocolMatch.number(.random(in: 0...255, using: &random))
            rule.protocols = some(numbers + [.icmp, .icmpv4, .icmpv6, any], 1...4)
        default:
            break
        }
        if !random.oneIn(3) { rule.remote = addressMatch(setNames) }
        if random.oneIn(4) { rule.local = addressMatch(setNames) }
        if random.oneIn(5) { rule.interfaces = interfaces() }
        rule.log = random.pick(Rule.Log.allCases, otherwise: .none)
        if random.oneIn(6) { rule.mode = random.oneIn(3) ? .enforce : .audit }
        if random.oneIn(6) { rule.expires = Instant(seconds: random.pick(Self.edgeSeconds, otherwise: 1)) }
        if rule.action == .deny || rule.action == .reject, random.oneIn(5) { rule.established = .keep }
        return rule
    }

    private mutating func some<Element>(_ elements: [Element], _ count: ClosedRange<Int>) -> [Element] {
        Array(elements.shuffled(using: &random).prefix(Int.random(in: count, using: &random)))
    }

    /// The ports at which off-by-one mistakes show.
    static let edgePorts: [UInt16] = [0, 1, 22, 53, 80, 443, 1023, 1024, 8000, 8100, 32767, 32768, 65534, 65535]

    mutating func port() -> UInt16 {
        random.oneIn(4) ? .random(in: 0...65535, using: &random) : random.pick(Self.edgePorts, otherwise: 0)
    }

    /// When rules expire: for every clock in the past, around `time`, and at the end of what a policy can say.
    static let edgeSeconds: [Int64] = [1, time.seconds - 1, time.seconds, time.seconds + 1, 4_291_747_199]

    /// Ranges of which some are equal, adjacent or nested.
    private mutating func ports(_ count: ClosedRange<Int>) -> [PortRange] {
        var ranges: [PortRange] = []
        for _ in 0..<Int.random(in: count, using: &random) {
            let last = ranges.last ?? ports()
            switch Int.random(in: 0..<8, using: &random) {
            case 0: ranges.append(last)
            case 1 where last.upper < .max: ranges.append(PortRange(last.upper + 1))
            case 2 where last.lower > 0: ranges.append(PortRange(0...last.lower - 1))
            case 3: ranges.append(PortRange(.random(in: last.lower...last.upper, using: &random)))
            default: ranges.append(ports())
            }
        }
        return ranges
    }

    private mutating func ports() -> PortRange {
        if random.oneIn(20) { return .all }
        let (one, other) = (port(), port())
        return random.oneIn(2) ? PortRange(one) : PortRange(min(one, other)...max(one, other))
    }

    /// Names where both families are meant, as only they can say that, else numbers.
    private mutating func message(_ protocols: [ProtocolMatch]) -> ICMPMatch? {
        let scope = ICMPMatch.Scope(protocols)
        guard case .one = scope else {
            let names = (ICMPName.messages + ICMPName.codes).map(\.name)
            return try? ICMPMatch.parse(random.pick(names, otherwise: "echo-request"), scope)
        }
        let type = random.pick([0, 1, 2, 3, 4, 8, 11, 128, 129, 135, 255], otherwise: 0)
        let code = random.oneIn(3) ? "/\(random.pick([0, 1, 4, 255], otherwise: 0))" : ""
        return try? ICMPMatch.parse("\(type)\(code)", scope)
    }

    private mutating func interfaces() -> InterfaceSelector {
        let patterns = limits.interfaces + ["eth*", "w?0", "*", "*1", "none"]
        return InterfaceSelector(some(patterns, 0...2), except: random.oneIn(2) ? some(patterns, 1...1) : [])
    }

    private mutating func addressMatch(_ setNames: [String]) -> AddressMatch {
        let positives = (0..<Int.random(in: 0...3, using: &random)).map { _ in term(setNames) }
        let negatives = random.oneIn(3) ? (0..<Int.random(in: 1...2, using: &random)).map { _ in term(setNames) } : []
        return AddressMatch(positives, except: negatives.filter { $0 != .any })
    }

    private mutating func term(_ setNames: [String]) -> AddressTerm {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: .any
        case 1, 2: setNames.randomElement(using: &random).map { .set($0) } ?? .any
        default: .prefix(addresses.prefix())
        }
    }
}
