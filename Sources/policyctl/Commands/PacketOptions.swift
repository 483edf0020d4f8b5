import ArgumentParser
import PolicyModel

/// The options that describe one packet.
struct PacketOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("ingress or egress.", valueName: "DIRECTION")) var direction: String?
    @Option(name: .long, help: ArgumentHelp("The interface it enters or leaves by.", valueName: "NAME")) var interface: String?
    @Option(name: .long, help: ArgumentHelp("A protocol's name or number; not needed with --icmp.", valueName: "PROTOCOL"))
    var `protocol`: String?
    @Option(name: .long, help: ArgumentHelp("Where it comes from; an IPv6 address with a port goes in [ ].", valueName: "A[:PORT]"))
    var from: String?
    @Option(name: .long, help: ArgumentHelp("Where it goes.", valueName: "A[:PORT]")) var to: String?
    @Option(name: .long, help: ArgumentHelp("The ICMP message, by name or number.", valueName: "TYPE[/CODE]")) var icmp: String?

    /// Whether any of the options is there.
    var isGiven: Bool { [direction, interface, `protocol`, from, to, icmp].contains { $0 != nil } }

    /// Whether there is an option that a capture has no use for.
    var describesPacket: Bool { [`protocol`, from, to, icmp].contains { $0 != nil } }

    /// The direction, if one is given.
    func givenDirection() throws -> Direction? {
        guard let direction else { return nil }
        guard let read = Direction(rawValue: direction) else {
            throw ValidationError("--direction: '\(direction)' is neither ingress nor egress")
        }
        return read
    }

    /// The packet that is described.
    ///
    /// - Throws: `ValidationError` naming the option that is missing or wrong.
    func packet() throws -> Packet {
        func needed(_ value: String?, _ name: String) throws -> String {
            guard let value else { throw ValidationError("--\(name) is missing: say what the packet is, or give --packets FILE") }
            return value
        }
        let directionText = try needed(direction, "direction")
        guard let direction = Direction(rawValue: directionText) else {
            throw ValidationError("--direction: '\(directionText)' is neither ingress nor egress")
        }
        let interface = try needed(interface, "interface")
        let source = try Endpoint(needed(from, "from"), option: "from")
        let destination = try Endpoint(needed(to, "to"), option: "to")
        guard source.address.family == destination.address.family else {
            throw ValidationError("--from \(source.address) and --to \(destination.address) are of different families")
        }
        let family = source.address.family
        var packet = Packet(
            direction: direction, interface: interface, protocol: try number(family), source: source.address,
            destination: destination.address)
        if let icmp {
            guard packet.isICMP else {
                throw ValidationError("--icmp goes with protocol icmp, not \(ProtocolName.display(packet.protocol))")
            }
            (packet.icmpType, packet.icmpCode) = try Self.message(icmp, family)
        } else if packet.isICMP {
            throw ValidationError("--icmp is missing: say which message, as in --icmp echo-request")
        }
        if packet.hasPorts {
            guard let port = destination.port else { throw ValidationError("--to \(destination.address) has no port") }
            packet.destinationPort = port
            // Where it comes from is rarely known, and rarely matters.
            packet.sourcePort = source.port ?? 0
        } else if source.port != nil || destination.port != nil {
            throw ValidationError("protocol \(ProtocolName.display(packet.protocol)) has no ports")
        }
        return packet
    }

    private func number(_ family: IPAddress.Family) throws -> UInt8 {
        guard let text = `protocol` else {
            if icmp != nil { return ProtocolMatch.icmpNumber(family) }
            throw ValidationError("--protocol is missing")
        }
        switch text.lowercased() {
        case "icmp": return ProtocolMatch.icmpNumber(family)
        case "icmpv4" where family == .v4: return 1
        case "icmpv6" where family == .v6: return 58
        case "icmpv4", "icmpv6": throw ValidationError("--protocol \(text) does not go with addresses of IP\(family)")
        default:
            guard let number = UInt8(text) ?? ProtocolName.number(of: text) else {
                throw ValidationError("--protocol: '\(text)' is not the name or number of a protocol")
            }
            return number
        }
    }

    private static func message(_ text: String, _ family: IPAddress.Family) throws -> (UInt8, UInt8) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let type = UInt8(parts[0]) ?? ICMPName.type(of: parts[0], family) else {
            throw ValidationError("--icmp: '\(parts[0])' is not the name or number of an ICMP message of IP\(family)")
        }
        guard parts.count > 1 else { return (type, 0) }
        guard let code = UInt8(parts[1]) else { throw ValidationError("--icmp: '\(parts[1])' is not a code (0-255)") }
        return (type, code)
    }
}

/// An address, and perhaps a port: `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`.
struct Endpoint: Equatable {
    var address: IPAddress
    var port: UInt16?

    init(_ text: String, option: String) throws {
        func port(_ text: Substring) throws -> UInt16 {
            guard let port = UInt16(text) else { throw ValidationError("--\(option): '\(text)' is not a port (0-65535)") }
            return port
        }
        if text.hasPrefix("["), let end = text.firstIndex(of: "]"), let address = IPAddress(text[text.index(after: text.startIndex)..<end])
        {
            self.address = address
            let rest = text[text.index(after: end)...]
            if rest.isEmpty { return }
            guard rest.hasPrefix(":") else { throw ValidationError("--\(option): '\(text)' is not an address with a port") }
            self.port = try port(rest.dropFirst())
        } else if let address = IPAddress(text) {
            self.address = address
        } else if let colon = text.lastIndex(of: ":"), let address = IPAddress(text[..<colon]), address.family == .v4 {
            self.address = address
            self.port = try port(text[text.index(after: colon)...])
        } else {
            throw ValidationError(
                "--\(option): '\(text)' is not an address, with or without a port (an IPv6 address with a port goes in [ ])")
        }
    }
}
