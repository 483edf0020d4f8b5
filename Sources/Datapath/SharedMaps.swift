internal import BPF
internal import CDatapath
internal import PolicyCompiler

/// The maps that both generations use and that outlive every policy: connections, counters, events.
struct SharedMaps: ~Copyable {
    var connections: ConnectionMaps
    let fragments: Map<pd_fragment_key, pd_fragment>
    let refused: Map<pd_refused_key, pd_refused>
    let replies: Map<pd_reply_key, pd_reply>
    let counters: RuleCounters
    let ethertypes: PerCPUMap<UInt16, pd_counter>
    let events: RingBuffer
}

extension SharedMaps {
    /// The names in the object, which are also the names of the pins.
    private enum Name {
        static let fragments = "policyd_frags"
        static let refused = "policyd_refused"
        static let replies = "policyd_reply"
        static let counters = "policyd_counter"
        static let ethertypes = "policyd_ether"
        static let events = "policyd_events"
    }

    /// Makes them, empty.
    init(creating configuration: DatapathConfiguration) throws(BPFError) {
        self.init(
            connections: try ConnectionMaps(creating: configuration.connectionLimit),
            fragments: try .create(.lruHash, name: Name.fragments, maxEntries: 4096),
            refused: try .create(.lruHash, name: Name.refused, maxEntries: 16_384),
            replies: try .create(.lruHash, name: Name.replies, maxEntries: 4096),
            counters: try .create(name: Name.counters, count: Self.counters(rules: configuration.ruleLimit)),
            ethertypes: try .create(.lruPerCPUHash, name: Name.ethertypes, maxEntries: 256),
            events: try RingBuffer.create(name: Name.events, byteCount: configuration.ringBytes()))
    }

    /// Counters for so many rules: twice as many, because those of the policy before keep their numbers until the switch.
    private static func counters(rules: Int) -> Int { 2 * rules + Int(PD_REASONS.rawValue) }

    /// The rules there are counters for.
    var ruleLimit: Int { (counters.count - Int(PD_REASONS.rawValue)) / 2 }

    /// Refuses rules that would be counted nowhere.
    func checkRoom(for numbers: RuleNumbers) throws(DatapathError) {
        guard let largest = numbers.largest, Int(largest) >= counters.count else { return }
        throw DatapathError(
            "\(numbers.count) rules, the last with number \(largest); the kernel's counters have room for \(ruleLimit) rules: raise limits.rules in policyd.yaml"
        )
    }

    /// Opens those that are pinned.
    init(pinned pins: Pins) throws(BPFError) {
        self.init(
            connections: try ConnectionMaps(pinned: pins),
            fragments: try Map(pinnedAt: pins.shared(Name.fragments)),
            refused: try Map(pinnedAt: pins.shared(Name.refused)),
            replies: try Map(pinnedAt: pins.shared(Name.replies)),
            counters: try RuleCounters(pinnedAt: pins.shared(Name.counters)),
            ethertypes: try PerCPUMap(pinnedAt: pins.shared(Name.ethertypes)),
            events: try RingBuffer(pinnedAt: pins.shared(Name.events)))
    }

    func pin(_ pins: Pins) throws(BPFError) {
        try connections.pin(pins)
        try fragments.pin(at: pins.shared(Name.fragments))
        try refused.pin(at: pins.shared(Name.refused))
        try replies.pin(at: pins.shared(Name.replies))
        try counters.pin(at: pins.shared(Name.counters))
        try ethertypes.pin(at: pins.shared(Name.ethertypes))
        try events.pin(at: pins.shared(Name.events))
    }

    /// Has a program object use them.
    func lend(to object: inout OpenObject) throws(BPFError) {
        try connections.lend(to: &object)
        try object.reuse(fragments, asMap: Name.fragments)
        try object.reuse(refused, asMap: Name.refused)
        try object.reuse(replies, asMap: Name.replies)
        try counters.lend(to: &object, asMap: Name.counters)
        try object.reuse(ethertypes, asMap: Name.ethertypes)
        try object.reuse(descriptor: events.fileDescriptor, asMap: Name.events)
    }

    /// Has an object that is only asked, never attached, use maps as small as can be.
    static func shrink(_ object: inout OpenObject) throws(BPFError) {
        for name in ConnectionMaps.names + [Name.fragments, Name.refused, Name.replies, Name.ethertypes] {
            try object.setMaxEntries(64, ofMap: name)
        }
        try object.setMaxEntries(systemPageSize, ofMap: Name.events)
    }
}
