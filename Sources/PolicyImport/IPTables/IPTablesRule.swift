internal import PolicyModel

/// Reads the words of one rule of iptables behind `-A CHAIN`.
struct IPTablesRule {
    private let family: IPAddress.Family
    private let sets: [String: NamedSet]
    private var match: Match
    /// `--ports` matches the source's or the destination's.
    private var eitherPorts: Ranges?
    private var problems: [String] = []
    private(set) var target = Target.none
    private var isLimited = false
    /// What a REJECT answers with, where it says.
    private(set) var answer: String?

    /// Modules whose options are read here, or that have none.
    private static let modules: Set<String> = [
        "tcp", "udp", "sctp", "icmp", "icmp6", "ipv6-icmp", "icmpv6", "multiport", "comment", "conntrack", "state", "set", "iprange",
        "limit",
    ]

    init(_ family: IPAddress.Family, sets: [String: NamedSet]) {
        self.family = family
        self.sets = sets
        match = Match(Families(family))
    }

    /// The rule that the words make.
    mutating func read(_ words: [String], _ origin: Origin) -> SourceRule {
        var rest = words[...]
        while let word = rest.popFirst() {
            do throws(Inexpressible) {
                try option(word, &rest)
            } catch {
                problems.append(error.reason)
            }
        }
        if isLimited, target != .log { problems.append("policies limit no rates") }
        if problems.isEmpty, let problem = match.problem { problems.append(problem) }
        var alternatives = [match]
        if let eitherPorts {
            var (one, two) = (match, match)
            one.ports = one.ports.intersection(eitherPorts)
            two.sourcePorts = two.sourcePorts.intersection(eitherPorts)
            alternatives = [one, two]
            if problems.isEmpty, let problem = one.problem { problems.append(problem) }
        }
        var rule = SourceRule(matches: alternatives, target: target, problem: nil, isLimited: isLimited, origin: origin)
        if !problems.isEmpty { rule.problem = problems.joined(separator: "; ") }
        return rule
    }

    private mutating func option(_ first: String, _ rest: inout ArraySlice<String>) throws(Inexpressible) {
        var word = first
        var isNegated = false
        if word == "!", let next = rest.popFirst() {
            isNegated = true
            word = next
        }
        // Older versions have the mark behind the option.
        if rest.first == "!" {
            rest.removeFirst()
            isNegated.toggle()
        }
        func value() throws(Inexpressible) -> String {
            guard let value = rest.popFirst() else { throw Inexpressible("\(word) has no value") }
            return value
        }
        func ranges(_ parts: [ClosedRange<UInt128>], bits: Int) -> Ranges {
            let ranges = Ranges(parts, bits: bits)
            return isNegated ? ranges.complement : ranges
        }
        switch word {
        case "-4", "-6": break
        case "-p", "--protocol", "--proto":
            let name = try value()
            guard name != "all", name != "0" else { break }
            let number = UInt128(try Vocabulary.protocolNumber(name))
            match.protocols = match.protocols.intersection(ranges([number...number], bits: 8))
        case "-s", "--source", "--src":
            match.source = match.source.intersection(try box(try value(), isNegated))
        case "-d", "--destination", "--dst":
            match.destination = match.destination.intersection(try box(try value(), isNegated))
        case "--src-range": match.source = match.source.intersection(try rangeBox(try value(), isNegated))
        case "--dst-range": match.destination = match.destination.intersection(try rangeBox(try value(), isNegated))
        case "-i", "--in-interface", "-o", "--out-interface":
            match.interfaces = match.interfaces.intersection(try Self.interfaces(try value(), isNegated))
        case "--dport", "--destination-port", "--dports", "--destination-ports":
            match.ports = match.ports.intersection(ranges(try Self.ports(try value()), bits: 16))
        case "--sport", "--source-port", "--sports", "--source-ports":
            match.sourcePorts = match.sourcePorts.intersection(ranges(try Self.ports(try value()), bits: 16))
        case "--ports", "--port":
            let ports = Ranges(try Self.ports(try value()), bits: 16)
            if isNegated {
                match.ports = match.ports.intersection(ports.complement)
                match.sourcePorts = match.sourcePorts.intersection(ports.complement)
            } else {
                eitherPorts = ports
            }
        case "--icmp-type", "--icmpv6-type":
            let name = try value()
            guard name != "any" else { break }
            match.icmp = match.icmp.intersection(ranges([try Vocabulary.icmp(name, family)], bits: 16))
        case "--ctstate", "--state": try states(try value(), isNegated)
        case "--match-set", "--set": try set(try value(), try value(), isNegated)
        case "--comment": _ = try value()
        case "--limit", "--limit-burst":
            _ = try value()
            isLimited = true
        case "-m", "--match":
            let module = try value()
            if !Self.modules.contains(module) { throw Inexpressible("policies have no match '\(module)'") }
        case "--syn", "--tcp-flags": throw unknown("policies match no TCP flags", &rest)
        case "-f", "--fragment": throw Inexpressible("policies match no fragments")
        case "-j", "--jump", "-g", "--goto": try jump(try value(), isGo: word == "-g" || word == "--goto")
        case "--reject-with": answer = try value()
        case "--log-prefix", "--log-level", "--nflog-prefix", "--nflog-group", "--nflog-size", "--nflog-threshold", "--nflog-range":
            _ = try value()
        case "--log-uid", "--log-ip-options", "--log-tcp-options", "--log-tcp-sequence", "--log-macdecode": break
        default:
            let error = unknown("policies have no '\(word)'", &rest)
            // The options of a target that policies do not have need no word beside the target's.
            switch target {
            case .jump, .go: break
            default: throw error
            }
        }
    }

    /// Skips the values of an option that is not known.
    private func unknown(_ reason: String, _ rest: inout ArraySlice<String>) -> Inexpressible {
        while let next = rest.first, next != "!", !next.hasPrefix("-") { rest.removeFirst() }
        return Inexpressible(reason)
    }

    private mutating func jump(_ name: String, isGo: Bool) throws(Inexpressible) {
        switch name {
        case "ACCEPT": target = .accept
        case "DROP": target = .drop
        case "REJECT": target = .reject
        case "RETURN": target = .back
        case "LOG", "NFLOG", "ULOG": target = .log
        default: target = isGo ? .go(name) : .jump(name)
        }
    }

    private mutating func states(_ text: String, _ isNegated: Bool) throws(Inexpressible) {
        var states: States = []
        for name in text.split(separator: ",") {
            guard let state = States(name) else { throw Inexpressible("policies know no connection state \(name)") }
            states.formUnion(state)
        }
        match.states.formIntersection(isNegated ? States.all.subtracting(states) : states)
    }

    private mutating func set(_ name: String, _ sides: String, _ isNegated: Bool) throws(Inexpressible) {
        guard let set = sets[name] else {
            throw Inexpressible("the members of set '\(name)' are not known, or are no addresses; give the output of ipset save by --ipset")
        }
        guard set.family == family else {
            // The kernel looks an address of the other family up in vain.
            if !isNegated { match.families = [] }
            return
        }
        guard sides == "src" || sides == "dst" else {
            throw Inexpressible("set '\(name)' is one of addresses, and '\(sides)' is not one side")
        }
        var box = AddressBox()
        if isNegated { box.exceptSets = [name] } else { box.sets = [name] }
        if sides == "src" { match.source = match.source.intersection(box) } else { match.destination = match.destination.intersection(box) }
    }

    private func box(_ text: String, _ isNegated: Bool) throws(Inexpressible) -> AddressBox {
        var prefixes: [CIDR] = []
        for part in text.split(separator: ",") { prefixes.append(try Vocabulary.prefix(part)) }
        guard prefixes.allSatisfy({ $0.family == family }) else { throw Inexpressible("'\(text)' is of the other address family") }
        return box(Ranges(prefixes, family), isNegated)
    }

    private func rangeBox(_ text: String, _ isNegated: Bool) throws(Inexpressible) -> AddressBox {
        let (family, range) = try Vocabulary.addressRange(text)
        guard family == self.family else { throw Inexpressible("'\(text)' is of the other address family") }
        return box(Ranges([range], bits: family.bitWidth), isNegated)
    }

    private func box(_ ranges: Ranges, _ isNegated: Bool) -> AddressBox {
        var box = AddressBox()
        box[family] = isNegated ? ranges.complement : ranges
        return box
    }

    private static func ports(_ text: String) throws(Inexpressible) -> [ClosedRange<UInt128>] {
        var parts: [ClosedRange<UInt128>] = []
        for part in text.split(separator: ",") { parts.append(try Vocabulary.ports(part, separator: ":")) }
        return parts
    }

    /// An interface, or with `+` at its end all whose names begin so.
    static func interfaces(_ text: String, _ isNegated: Bool, wildcard: Character = "+") throws(Inexpressible) -> InterfaceBox {
        let isPrefix = text.last == wildcard
        let name = isPrefix ? String(text.dropLast()) : text
        let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"*?!\"\\".utf8.contains($0) }
        guard isPlain, !name.isEmpty || isPrefix, name.utf8.count < 16 else { throw Inexpressible("'\(text)' is no name of an interface") }
        if isPrefix, name.isEmpty, !isNegated { return InterfaceBox() }
        let pattern = InterfaceBox.Pattern(name: name, isPrefix: isPrefix)
        return isNegated ? InterfaceBox(positives: nil, negatives: [pattern]) : InterfaceBox(positives: [pattern])
    }
}
