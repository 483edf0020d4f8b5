public import PolicyModel

/// A rule of ClassBench's filter files: IPv4 prefixes of both sides, port ranges, and a protocol or any.
///
/// A line is `@SOURCE/LENGTH DESTINATION/LENGTH LOW : HIGH LOW : HIGH PROTOCOL/MASK FLAGS/MASK`, with blanks or tabs between. TCP flags
/// are left out: policies have no such field.
public struct ClassBenchRule: Hashable, Sendable {
    public var source: CIDR
    public var destination: CIDR
    public var sourcePorts: ClosedRange<UInt16>
    public var destinationPorts: ClosedRange<UInt16>
    /// Nil for every protocol.
    public var `protocol`: UInt8?

    public init(
        source: CIDR, destination: CIDR, sourcePorts: ClosedRange<UInt16> = 0...65535, destinationPorts: ClosedRange<UInt16> = 0...65535,
        protocol: UInt8? = nil
    ) {
        self.source = source
        self.destination = destination
        self.sourcePorts = sourcePorts
        self.destinationPorts = destinationPorts
        self.protocol = `protocol`
    }

    /// Reads a line; nil if it is none of ClassBench's.
    public init?(line: some StringProtocol) {
        let fields = Substring(line).split(whereSeparator: \.isWhitespace)
        guard fields.count >= 9, fields[0].first == "@", fields[3] == ":", fields[6] == ":",
            let source = CIDR(fields[0].dropFirst()), let destination = CIDR(fields[1]),
            let sourcePorts = Self.ports(fields[2], fields[4]), let destinationPorts = Self.ports(fields[5], fields[7])
        else { return nil }
        let numbers = fields[8].split(separator: "/").map { UInt8($0.hasPrefix("0x") ? $0.dropFirst(2) : $0, radix: 16) }
        guard numbers.count == 2, let number = numbers[0], let mask = numbers[1], mask == 0 || mask == 255 else { return nil }
        self.init(
            source: source, destination: destination, sourcePorts: sourcePorts, destinationPorts: destinationPorts,
            protocol: mask == 0 ? nil : number)
    }

    private static func ports(_ low: Substring, _ high: Substring) -> ClosedRange<UInt16>? {
        guard let low = UInt16(low), let high = UInt16(high), low <= high else { return nil }
        return low...high
    }

    /// Whether a packet's header matches. Ports that leave something out want a protocol that has ports.
    public func matches(_ header: ClassBenchHeader) -> Bool {
        guard Self.holds(source, header.source), Self.holds(destination, header.destination) else { return false }
        if let number = `protocol`, number != header.protocol { return false }
        let isOpen = sourcePorts == 0...65535 && destinationPorts == 0...65535
        if isOpen { return true }
        // TCP, UDP and SCTP.
        guard [6, 17, 132].contains(header.protocol) else { return false }
        return sourcePorts.contains(header.sourcePort) && destinationPorts.contains(header.destinationPort)
    }

    private static func holds(_ prefix: CIDR, _ address: UInt32) -> Bool {
        prefix.length == 0 || (address ^ UInt32(truncatingIfNeeded: prefix.address.low)) >> UInt32(32 - prefix.length) == 0
    }

    /// The rule as one of a policy.
    public func rule(_ name: String) -> Rule {
        var rule = Rule(name: name, action: .deny)
        rule.protocols = `protocol`.map { [.number($0)] } ?? []
        if destinationPorts != 0...65535 { rule.ports = [PortRange(destinationPorts)] }
        if sourcePorts != 0...65535 { rule.sourcePorts = [PortRange(sourcePorts)] }
        if source.length > 0 { rule.remote = AddressMatch([.prefix(source)]) }
        if destination.length > 0 { rule.local = AddressMatch([.prefix(destination)]) }
        return rule
    }
}

/// A packet's header of ClassBench's trace files: source, destination, source port, destination port and protocol as decimal numbers;
/// what follows them on the line is left out.
public struct ClassBenchHeader: Hashable, Sendable {
    public var source: UInt32
    public var destination: UInt32
    public var sourcePort: UInt16
    public var destinationPort: UInt16
    public var `protocol`: UInt8

    public init(source: UInt32, destination: UInt32, sourcePort: UInt16, destinationPort: UInt16, protocol: UInt8) {
        self.source = source
        self.destination = destination
        self.sourcePort = sourcePort
        self.destinationPort = destinationPort
        self.protocol = `protocol`
    }

    /// Reads a line; nil if it is none of ClassBench's.
    public init?(line: some StringProtocol) {
        let fields = Substring(line).split(whereSeparator: \.isWhitespace)
        guard fields.count >= 5, let source = UInt32(fields[0]), let destination = UInt32(fields[1]), let sourcePort = UInt16(fields[2]),
            let destinationPort = UInt16(fields[3]), let number = UInt8(fields[4])
        else { return nil }
        self.init(source: source, destination: destination, sourcePort: sourcePort, destinationPort: destinationPort, protocol: number)
    }

    /// The header as a packet that comes in.
    public var packet: Packet {
        let hasPorts = ProtocolMatch.hasPorts(`protocol`)
        return Packet(
            direction: .ingress, interface: "eth0", protocol: `protocol`, source: IPAddress(v4: source),
            destination: IPAddress(v4: destination), sourcePort: hasPorts ? sourcePort : 0, destinationPort: hasPorts ? destinationPort : 0)
    }
}
