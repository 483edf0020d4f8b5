internal import PolicyModel

/// Reads the expressions of one rule of nftables, one after the other.
struct NFTRule {
    /// Up to how many entries concatenations and verdict maps are written out.
    private static let expandedLimit = 4096

    private let table: String
    private let elements: [String: NFTElements]
    private let sets: [String: NamedSet]
    private let origin: Origin
    private var matches: [Match]
    private var problems: [String] = []
    private var isLimited = false
    private var rules: [SourceRule] = []
    /// What a reject answers with, where it says.
    private(set) var answer: String?

    init(table: String, families: Families, elements: [String: NFTElements], sets: [String: NamedSet], origin: Origin) {
        self.table = table
        self.elements = elements
        self.sets = sets
        self.origin = origin
        matches = [Match(families)]
    }

    /// The rules that it comes to, in order: reports, then what is done.
    mutating func finish() -> [SourceRule] {
        // Something that changes packets is told although it decides nothing.
        if !problems.isEmpty, !rules.contains(where: { $0.problem != nil }) { add(.none) }
        return rules
    }

    mutating func read(_ expression: JSONNode) {
        let (key, value) = expression.single ?? (expression.text ?? "", expression)
        do throws(Inexpressible) {
            switch key {
            case "match": try compare(value)
            case "vmap": try verdictMap(value)
            case "counter", "comment", "": break
            case "log": add(.log)
            case "limit":
                isLimited = true
            case "accept": add(.accept)
            case "drop": add(.drop)
            case "reject":
                let type = value["type"]?.text
                let reason = value["expr"]?.text
                if type != "tcp reset", reason != "admin-prohibited" {
                    answer = [type ?? "icmpx", reason ?? "port-unreachable"].joined(separator: " ")
                }
                add(.reject)
            case "return": add(.back)
            case "continue": break
            case "jump": add(.jump(chain(value)))
            case "goto": add(.go(chain(value)))
            case "queue": throw Inexpressible("queue leaves the decision to a program")
            case "ct count", "quota", "meter", "connlimit": throw Inexpressible("policies count no packets or connections: \(key)")
            case "set", "map": throw Inexpressible("policies change no sets; policyctl set add does")
            case "snat", "dnat", "masquerade", "redirect": throw Inexpressible("policyd translates no addresses: \(key)")
            case "mangle", "notrack", "tproxy", "dup", "fwd", "ct helper", "ct timeout", "ct expectation", "flow", "synproxy", "secmark":
                throw Inexpressible("policies change no packets or what is known of them: \(key)")
            case "xt":
                throw Inexpressible("a match or target of iptables that nft does not say; import the output of iptables-save instead")
            default: throw Inexpressible("policies have no '\(key)'")
            }
        } catch {
            problems.append(error.reason)
        }
    }

    private func chain(_ node: JSONNode) -> String { "\(table) \(node["target"]?.text ?? "")" }

    private mutating func add(_ target: Target) {
        var rule = SourceRule(matches: matches, target: target, isLimited: isLimited, origin: origin)
        var all = problems
        if isLimited, target != .log { all.append("policies limit no rates") }
        if all.isEmpty, let problem = matches.compactMap(\.problem).first { all.append(problem) }
        if !all.isEmpty { rule.problem = all.joined(separator: "; ") }
        rules.append(rule)
    }

    private mutating func compare(_ node: JSONNode) throws(Inexpressible) {
        guard let left = node["left"], let right = node["right"] else { throw Inexpressible("a comparison without two sides") }
        let op = node["op"]?.text ?? "=="
        if let keys = left.single, keys.key == "concat", let fields = keys.value.list {
            guard op == "==" || op == "in" else { throw Inexpressible("policies cannot say the opposite of several fields at once") }
            return try compare(fields, entries: try entries(right))
        }
        let field = try NFTField(left)
        switch op {
        case "==", "in", "!=":
            try narrow(field, right, isNegated: op == "!=")
        case "<", ">", "<=", ">=":
            let bound = try field.ranges(right)
            guard let number = bound.parts.first?.lowerBound, bound.count == 1 else {
                throw Inexpressible("policies cannot say '\(op)' of this")
            }
            let below = number == 0 ? [] : [0...(number - 1)]
            let atMost = Ranges(
                [0...number], bits: bound.limit == 255 ? 8 : bound.limit == 65535 ? 16 : bound.limit == 0xFFFF_FFFF ? 32 : 128)
            let lower = Ranges(below, bits: bound.limit == 255 ? 8 : bound.limit == 65535 ? 16 : bound.limit == 0xFFFF_FFFF ? 32 : 128)
            let numbers = op == "<" ? lower : op == "<=" ? atMost : op == ">" ? atMost.complement : lower.complement
            try each { match throws(Inexpressible) in try field.narrow(match, to: numbers, isNegated: false) }
        default: throw Inexpressible("policies have no comparison '\(op)'")
        }
    }

    private mutating func each(_ change: (Match) throws(Inexpressible) -> Match) throws(Inexpressible) {
        var changed: [Match] = []
        for match in matches { changed.append(try change(match)) }
        matches = changed
    }

    private mutating func narrow(_ field: NFTField, _ right: JSONNode, isNegated: Bool) throws(Inexpressible) {
        guard let text = right.text, text.hasPrefix("@") else {
            return try each { match throws(Inexpressible) in try field.narrow(match, to: right, isNegated: isNegated) }
        }
        let key = "\(table) \(text.dropFirst())"
        if let set = sets[key] {
            return try each { match throws(Inexpressible) in
                try field.narrow(match, toSet: key, set.family, isNegated: isNegated)
            }
        }
        let entries = try entries(right)
        let list = JSONNode(content: .list(entries), line: right.line)
        try each { match throws(Inexpressible) in try field.narrow(match, to: list, isNegated: isNegated) }
    }

    /// The elements of an anonymous or a named set.
    private func entries(_ node: JSONNode) throws(Inexpressible) -> [JSONNode] {
        guard let text = node.text, text.hasPrefix("@") else { return NFTField.leaves(node) }
        guard let set = elements["\(table) \(text.dropFirst())"] else { throw Inexpressible("there is no set '\(text)'") }
        guard !set.isDynamic else { throw Inexpressible("set '\(text)' is filled by rules, which policies do not do") }
        return set.nodes.flatMap { NFTField.leaves($0) }
    }

    /// Narrows each match to each of the entries, which have a value for every field.
    private mutating func compare(_ fields: [JSONNode], entries: [JSONNode]) throws(Inexpressible) {
        guard entries.count * matches.count <= Self.expandedLimit else {
            throw Inexpressible("written out, the set has more than \(Self.expandedLimit) entries")
        }
        var result: [Match] = []
        for entry in entries {
            for match in matches { result.append(try narrow(match, fields, entry)) }
        }
        matches = result
    }

    private func narrow(_ match: Match, _ fields: [JSONNode], _ entry: JSONNode) throws(Inexpressible) -> Match {
        guard let values = entry.single?.value.list, entry.single?.key == "concat", values.count == fields.count else {
            throw Inexpressible("\(entry.compact(limit: 60)) has not a value for every field")
        }
        var match = match
        for (field, value) in zip(fields, values) { match = try NFTField(field).narrow(match, to: value, isNegated: false) }
        return match
    }

    /// A verdict for each value of a field, or of several.
    private mutating func verdictMap(_ node: JSONNode) throws(Inexpressible) {
        guard let left = node["key"], let data = node["data"] else { throw Inexpressible("a verdict map without key or data") }
        let pairs: [JSONNode]
        if let text = data.text {
            guard let map = elements["\(table) \(text.dropFirst())"], !map.isDynamic else {
                throw Inexpressible("the map '\(text)' is not known, or is filled by rules")
            }
            pairs = map.nodes
        } else {
            pairs = data["set"]?.list ?? []
        }
        guard pairs.count * matches.count <= Self.expandedLimit else {
            throw Inexpressible("written out, the map has more than \(Self.expandedLimit) entries")
        }
        let before = matches
        defer { matches = before }
        for pair in pairs {
            guard let values = pair.list, values.count == 2 else {
                throw Inexpressible("\(pair.compact(limit: 60)) is no entry of a verdict map")
            }
            matches = before
            if let concat = left.single, concat.key == "concat", let fields = concat.value.list {
                try compare(fields, entries: NFTField.leaves(values[0]))
            } else {
                try narrow(try NFTField(left), values[0], isNegated: false)
            }
            read(values[1])
        }
    }
}
