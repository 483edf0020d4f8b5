extension ICMPMatch {
    /// The families an entry can be about, which the rule's protocols tell.
    package enum Scope: Sendable {
        case both
        case one(IPAddress.Family)

        /// The scope of a rule with these protocols; both families where there are none.
        package init(_ protocols: [ProtocolMatch]) {
            let hasFour = protocols.contains { $0 == .icmp || $0 == .icmpv4 }
            let hasSix = protocols.contains { $0 == .icmp || $0 == .icmpv6 }
            self = hasFour == hasSix ? .both : .one(hasFour ? .v4 : .v6)
        }

        func includes(_ family: IPAddress.Family) -> Bool {
            switch self {
            case .both: true
            case .one(let own): family == own
            }
        }
    }

    /// Why a text is no ICMP message.
    package struct ParseError: Error {
        package var message: String
        package var suggestion: String?
    }

    /// Reads `echo-request`, `destination-unreachable/port-unreachable`, `port-unreachable` and, for one
    /// family, `8` and `3/4`.
    package static func parse(_ text: String, _ scope: Scope) throws(ParseError) -> ICMPMatch {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let type = parts[0]
        var match = ICMPMatch(text, v4: nil, v6: nil)
        if let number = FieldReader.integer(type) {
            guard (0...255).contains(number) else { throw ParseError(message: "\(number) is not an ICMP type (0-255)") }
            guard case .one(let family) = scope else {
                throw ParseError(message: "type numbers differ by family: \(number) needs protocol icmpv4 or icmpv6, or a name")
            }
            match.set(Message(type: UInt8(number)), family)
        } else {
            let names = ICMPName.messages + (parts.count == 1 ? ICMPName.codes : [])
            guard let entry = names.first(where: { $0.name == type }) else {
                throw ParseError(
                    message: "\(FieldReader.quoted(type)) is not the name of an ICMP message",
                    suggestion: Spelling.nearest(to: type, among: names.map(\.name)))
            }
            match.v4 = scope.includes(.v4) ? entry.v4 : nil
            match.v6 = scope.includes(.v6) ? entry.v6 : nil
            guard match.v4 != nil || match.v6 != nil else {
                throw ParseError(message: "'\(type)' is a message of \(entry.v4 == nil ? "ICMPv6 on IPv6" : "ICMP on IPv4") only")
            }
        }
        if parts.count == 2 { try match.setCode(parts[1], scope) }
        return match
    }

    private mutating func set(_ message: Message?, _ family: IPAddress.Family) {
        switch family {
        case .v4: v4 = message
        case .v6: v6 = message
        }
    }

    private mutating func setCode(_ code: String, _ scope: Scope) throws(ParseError) {
        if let number = FieldReader.integer(code) {
            guard (0...255).contains(number) else { throw ParseError(message: "\(number) is not an ICMP code (0-255)") }
            if v4 != nil, v6 != nil {
                throw ParseError(message: "code numbers differ by family: '\(text)' needs protocol icmpv4 or icmpv6, or a name")
            }
            v4?.code = UInt8(number)
            v6?.code = UInt8(number)
            return
        }
        // A code's name counts in the family in which it belongs to this type.
        let entries = ICMPName.codes
        let entry = entries.first { entry in
            entry.name == code && ((v4 != nil && entry.v4?.type == v4?.type) || (v6 != nil && entry.v6?.type == v6?.type))
        }
        guard let entry else {
            throw ParseError(
                message: "\(FieldReader.quoted(code)) is not the name of a code of this ICMP message",
                suggestion: Spelling.nearest(to: code, among: entries.map(\.name)).flatMap { $0 == code ? nil : $0 })
        }
        v4 = v4?.type == entry.v4?.type ? entry.v4 : nil
        v6 = v6?.type == entry.v6?.type ? entry.v6 : nil
    }
}
