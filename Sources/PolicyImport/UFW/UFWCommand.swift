internal import PolicyModel

/// One rule as ufw's command line has it: `allow in on eth0 from 192.0.2.0/24 to any port 22 proto tcp`.
struct UFWCommand {
    private var match = Match()
    private var direction: Direction? = .ingress
    private var target: Target?
    private var isLogged = false
    private var problem: String?
    private var hasPorts = false
    private let origin: Origin

    /// Reads the words behind `ufw`.
    init(words: [String], origin: Origin) {
        self.origin = origin
        do throws(Inexpressible) {
            try read(words)
        } catch {
            problem = error.reason
        }
        finishPorts()
    }

    /// Reads a line of the table that `ufw status` prints: columns with at least two blanks between them.
    init(status line: Substring, origin: Origin) {
        self.origin = origin
        do throws(Inexpressible) {
            try readStatus(String(line))
        } catch {
            problem = error.reason
        }
        finishPorts()
    }

    /// The rule, with one in front of it that reports if it does, and their direction if that can be told.
    var rules: (direction: Direction?, rules: [SourceRule]) {
        let reason = problem ?? match.problem ?? (target == nil ? "the rule is not understood" : nil)
        let rule = SourceRule(matches: [match], target: target ?? .none, problem: reason, origin: origin)
        let log = SourceRule(matches: [match], target: .log, problem: reason, isLimited: true, origin: origin)
        return (direction, isLogged && reason == nil ? [log, rule] : [rule])
    }

    /// Without a protocol, ufw's ports are those of TCP and UDP.
    private mutating func finishPorts() {
        if hasPorts, match.protocols.isAll { match.protocols = .numbers([6, 17]) }
    }

    private mutating func read(_ words: [String]) throws(Inexpressible) {
        var rest = words[...]
        if rest.first == "route" {
            direction = nil
            throw Inexpressible("is about forwarded packets; policyd judges these by the same rules as others")
        }
        guard let verb = rest.popFirst() else { throw Inexpressible("the rule is not understood") }
        target = UFWDefaults.target(verb)
        if target == nil {
            // A limit allows some of the packets, so nothing of it can be kept.
            throw Inexpressible(verb == "limit" ? "policies limit no rates" : "'\(verb)' is no action")
        }
        var isSource = false
        var isFull = false
        while let word = rest.popFirst() {
            switch word {
            case "in": direction = .ingress
            case "out": direction = .egress
            case "log", "log-all": isLogged = true
            case "on": try narrowInterface(rest.popFirst())
            case "from", "to":
                isFull = true
                isSource = word == "from"
                try narrowAddress(rest.popFirst() ?? "", isSource: isSource)
            case "port": try narrowPorts(rest.popFirst() ?? "", isSource: isSource)
            case "app": throw Inexpressible("the ports of an application profile are not known here")
            case "proto": try narrowProtocol(rest.popFirst() ?? "")
            case "comment": rest.removeAll()
            default:
                guard !isFull else { throw Inexpressible("'\(word)' is not understood") }
                try narrowService(word, isSource: false)
            }
        }
    }

    private mutating func readStatus(_ line: String) throws(Inexpressible) {
        let text = String(line.prefix { $0 != "#" })
        let columns = Self.columns(text)
        guard columns.count == 3 else { throw Inexpressible("the line is not understood") }
        let action: [String] = columns[1].split(separator: " ").map { String($0) }
        switch action.last {
        case "FWD":
            direction = nil
            throw Inexpressible("is about forwarded packets; policyd judges these by the same rules as others")
        case "OUT": direction = .egress
        default: direction = .ingress
        }
        let verb: String = action.first ?? ""
        target = UFWDefaults.target(verb)
        if target == nil { throw Inexpressible(verb == "LIMIT" ? "policies limit no rates" : "'\(columns[1])' is no action") }
        let isSix = columns.contains { $0.hasSuffix("(v6)") }
        isLogged = columns.contains { $0.hasSuffix("(log)") || $0.hasSuffix("(log-all)") }
        match.families = .both
        try narrowColumn(columns[0], isSource: false)
        try narrowColumn(columns[2], isSource: true)
        let named = isSix || columns.contains { $0.hasPrefix("Anywhere") }
        // `Anywhere` is IPv4, `Anywhere (v6)` IPv6.
        if named { match.families.formIntersection(isSix ? .v6 : .v4) }
    }

    private mutating func narrowColumn(_ column: String, isSource: Bool) throws(Inexpressible) {
        let marks: Set<String> = ["(v6)", "(log)", "(log-all)"]
        var words: [String] = Words.split(column[...]).filter { !marks.contains($0) }
        if let index = words.firstIndex(of: "on") {
            try narrowInterface(index + 1 < words.count ? words[index + 1] : nil)
            words.removeSubrange(index..<min(index + 2, words.count))
        }
        for word in words where word != "Anywhere" {
            let parts: [String] = word.split(separator: "/").map { String($0) }
            if let first = parts.first, IPAddress(first) != nil {
                // `192.0.2.1/tcp` has a protocol, `192.0.2.0/24` a length.
                if let last = parts.last, parts.count > 1, Int(last) == nil {
                    try narrowAddress(parts.dropLast().joined(separator: "/"), isSource: isSource)
                    try narrowProtocol(last)
                } else {
                    try narrowAddress(word, isSource: isSource)
                }
            } else if word.hasPrefix("Anywhere/") {
                try narrowProtocol(String(word.dropFirst("Anywhere/".count)))
            } else {
                try narrowService(word, isSource: isSource)
            }
        }
    }

    private static func columns(_ line: String) -> [String] {
        var columns: [String] = []
        var column = ""
        var blanks = 0
        for scalar in line.unicodeScalars {
            if scalar == " " {
                blanks += 1
                continue
            }
            if blanks >= 2, !column.isEmpty {
                columns.append(column)
                column = ""
            } else if blanks == 1, !column.isEmpty {
                column += " "
            }
            blanks = 0
            column.unicodeScalars.append(scalar)
        }
        if !column.isEmpty { columns.append(column) }
        return columns
    }

    private mutating func narrowInterface(_ name: String?) throws(Inexpressible) {
        guard let name else { throw Inexpressible("the name of an interface is missing") }
        match.interfaces = match.interfaces.intersection(try IPTablesRule.interfaces(name, false))
    }

    private mutating func narrowAddress(_ text: String, isSource: Bool) throws(Inexpressible) {
        guard text != "any" else { return }
        let prefix = try Vocabulary.prefix(text)
        var box = AddressBox()
        box[prefix.family] = Ranges([prefix], prefix.family)
        match.families.formIntersection(Families(prefix.family))
        if isSource { match.source = match.source.intersection(box) } else { match.destination = match.destination.intersection(box) }
    }

    private mutating func narrowProtocol(_ text: String) throws(Inexpressible) {
        guard text != "any" else { return }
        let number = try Vocabulary.protocolNumber(text)
        // ufw has ipv6 and igmp for IPv4 only.
        if number == 41 || number == 2 { match.families.formIntersection(.v4) }
        match.protocols = match.protocols.intersection(.numbers([number]))
    }

    /// `22`, `22/tcp`, `80,443/tcp`, `6000:6007/tcp` or a service's name.
    private mutating func narrowService(_ text: String, isSource: Bool) throws(Inexpressible) {
        let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
        if parts.count == 2 { try narrowProtocol(parts[1]) }
        guard let first = parts.first, first.first?.isUppercase != true else {
            throw Inexpressible("the ports of application profile '\(text)' are not known here")
        }
        try narrowPorts(first, isSource: isSource)
    }

    private mutating func narrowPorts(_ text: String, isSource: Bool) throws(Inexpressible) {
        var parts: [ClosedRange<UInt128>] = []
        for part in text.split(separator: ",") { parts.append(try Vocabulary.ports(part, separator: ":")) }
        hasPorts = true
        let ranges = Ranges(parts, bits: 16)
        if isSource {
            match.sourcePorts = match.sourcePorts.intersection(ranges)
        } else {
            match.ports = match.ports.intersection(ranges)
        }
    }
}
