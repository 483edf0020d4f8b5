package import CDatapath
public import PolicyModel

extension CompiledPolicy {
    /// Judges a packet by the tables, with the very code the kernel runs: the `compiled` engine.
    public func verdict(for packet: Packet, at time: Instant = .now) -> Verdict {
        if usesInterfaces, interfaces[packet.interface] == nil {
            var other = self
            other.add(interface: packet.interface)
            return other.verdict(for: packet, at: time)
        }
        var query = pd_query(packet)
        var scan = pd_scan()
        var match = pd_match()
        var header = header
        var interface = interfaces[packet.interface] ?? pd_interface()
        let cells = cells
        unsafe cells.withUnsafeBytes { cells in
            unsafe chunks.withUnsafeBytes { chunks in
                unsafe classes.withUnsafeBufferPointer { classes in
                    unsafe rules.withUnsafeBufferPointer { rules in
                        unsafe withUnsafePointer(to: &interface) { interface in
                            var tables = unsafe pd_tables()
                            unsafe tables.cells = cells.baseAddress?.assumingMemoryBound(to: pd_line.self)
                            unsafe tables.chunks = chunks.baseAddress?.assumingMemoryBound(to: pd_chunk.self)
                            unsafe tables.classes = classes.baseAddress
                            unsafe tables.rules = rules.baseAddress
                            unsafe tables.interface = interface
                            unsafe tables.line_count = UInt32(cells.count / MemoryLayout<pd_line>.size)
                            unsafe tables.chunk_count = UInt32(chunks.count / MemoryLayout<pd_chunk>.size)
                            unsafe tables.class_count = UInt32(classes.count)
                            unsafe tables.rule_count = UInt32(rules.count)
                            unsafe tables.now = UInt64(max(time.seconds, 0))
                            unsafe pd_classify(&tables, &header, &query, &scan, &match)
                        }
                    }
                }
            }
        }
        return verdict(match)
    }

    private func verdict(_ match: pd_match) -> Verdict {
        verdict(
            action: Verdict.Action(kernel: match.action), number: match.rule,
            audited: audited(match.audits, [match.audit.0, match.audit.1, match.audit.2, match.audit.3]))
    }

    /// The rules of audit policies that were met, by their places in the rule table; of more than four only the first four are known.
    package func audited(_ count: UInt8, _ places: [UInt32]) -> [RuleReference] {
        places.prefix(Int(count)).compactMap { rules.indices.contains(Int($0)) ? references[rules[Int($0)].number] : nil }
    }

    /// The verdict that a rule's number, or none, stands for.
    package func verdict(action: Verdict.Action, number: UInt32, audited: [RuleReference]) -> Verdict {
        guard let reference = references[number] else { return Verdict(action: action, audited: audited) }
        return Verdict(action, by: reference, audited: audited)
    }
}

extension Verdict.Action {
    /// A verdict as the kernel's program writes it.
    package init(kernel verdict: UInt8) {
        switch UInt32(verdict) {
        case PD_DENY.rawValue: self = .deny
        case PD_REJECT.rawValue: self = .reject
        default: self = .allow
        }
    }
}

extension pd_query {
    /// What the kernel asks of a packet like this. The interface is not set.
    package init(_ packet: Packet) {
        self.init()
        direction = UInt8(packet.direction == .ingress ? PD_INGRESS.rawValue : PD_EGRESS.rawValue)
        family = UInt8(packet.family == .v4 ? PD_IPV4.rawValue : PD_IPV6.rawValue)
        `protocol` = packet.protocol
        has_ports = packet.hasPorts ? 1 : 0
        source_port = packet.hasPorts ? packet.sourcePort : 0
        destination_port = packet.hasPorts ? packet.destinationPort : 0
        if packet.isICMP { destination_port = UInt16(packet.icmpType) << 8 | UInt16(packet.icmpCode) }
        unsafe withUnsafeMutableBytes(of: &remote) { unsafe $0.copyBytes(from: packet.remote.bytes) }
        unsafe withUnsafeMutableBytes(of: &local) { unsafe $0.copyBytes(from: packet.local.bytes) }
    }
}
