internal import PolicyModel

/// Reads the tables, sets, chains and rules of nftables' JSON.
struct NFTRuleset {
    private let path: String
    private(set) var ruleset = Ruleset(families: .both)
    private(set) var findings: [ImportFinding] = []
    /// The sets and maps by `family table name`, whose entries rules are written out with.
    private var elements: [String: NFTElements] = [:]
    private var priorities: [String: Int] = [:]

    init(path: String) {
        self.path = path
    }

    mutating func read(_ root: JSONNode) throws(ImportError) {
        guard let objects = root["nftables"]?.list else {
            throw ImportError(file: path, line: root.line, "expected an object with the key 'nftables', as nft -j list ruleset prints it")
        }
        // Rules may name sets and chains that stand behind them.
        for object in objects {
            switch object.single {
            case ("set", let set)?, ("map", let set)?: try readSet(set)
            case ("chain", let chain)?: try readChain(chain)
            default: continue
            }
        }
        ruleset.sets = NamedSet.named(ruleset.sets)
        for object in objects {
            guard let (key, value) = object.single else {
                throw ImportError(file: path, line: object.line, "expected an object of one key: table, chain, set or rule")
            }
            switch key {
            case "rule": try readRule(value)
            case "metainfo", "table", "chain", "set", "map", "counter", "ct helper", "ct timeout", "ct expectation", "limit", "quota",
                "secmark", "synproxy":
                continue
            case "flowtable":
                findings.append(
                    ImportFinding(
                        .notExpressed, file: path, line: value.line, text: "flowtable \(value["name"]?.text ?? "")",
                        "policies have no flow tables"))
            default:
                throw ImportError(
                    file: path, line: object.line, "\(FieldReader.shown(key)) is not known: expected table, chain, set, map or rule")
            }
        }
        for direction in Direction.allCases {
            ruleset.bases[direction]?.sort { (priorities[$0] ?? 0, $0) < (priorities[$1] ?? 0, $1) }
        }
    }

    /// The name of something of a table in the whole ruleset.
    private func key(_ node: JSONNode, _ field: String = "name") throws(ImportError) -> (key: String, table: String, name: String) {
        guard let family = node["family"]?.text, let table = node["table"]?.text, let name = node[field]?.text else {
            throw ImportError(file: path, line: node.line, "expected the keys 'family', 'table' and '\(field)'")
        }
        return ("\(family) \(table) \(name)", "\(family) \(table)", name)
    }

    private mutating func readSet(_ node: JSONNode) throws(ImportError) {
        let (key, _, name) = try key(node)
        var flags: Set<String> = []
        for flag in node["flags"]?.list ?? [] { if let text = flag.text { flags.insert(text) } }
        if let flag = node["flags"]?.text { flags.insert(flag) }
        let set = NFTElements(
            nodes: node["elem"]?.list ?? [], types: node["type"]?.list?.map { $0.text ?? "" } ?? [node["type"]?.text ?? ""],
            isDynamic: flags.contains("dynamic"))
        elements[key] = set
        if flags.contains("timeout"), !flags.contains("dynamic") {
            findings.append(
                ImportFinding(
                    .note, file: path, line: node.line, text: "set \(key)",
                    "has entries that time out; they are imported as they are now, to stay"))
        }
        guard !set.isDynamic, node["map"] == nil, set.types.count == 1, let family = NFTField.family(ofType: set.types[0]) else { return }
        if let ranges = try? NFTField.addresses(family).ranges(.init(content: .list(set.nodes), line: node.line)) {
            ruleset.sets[key] = NamedSet(name: name, setName: "", family: family, ranges: ranges)
        }
    }

    private mutating func readChain(_ node: JSONNode) throws(ImportError) {
        let (key, table, name) = try key(node)
        let hook = node["hook"]?.text
        let type = node["type"]?.text ?? "filter"
        let priority = node["prio"]?.integer
        let words = hook.map { ": type \(type) hook \($0) priority \(priority ?? 0); policy \(node["policy"]?.text ?? "accept")" } ?? ""
        var chain = Chain(
            name: key, origin: Origin(file: path, line: node.line, chain: name, text: "chain \(table) \(name)\(words)", number: "policy"))
        if node["policy"]?.text == "drop" { chain.policy = .drop }
        chain.families = Self.families(table)
        ruleset.chains[key] = chain
        guard let hook else { return }
        priorities[key] = priority ?? 0
        let isHost = table.hasPrefix("ip ") || table.hasPrefix("ip6 ") || table.hasPrefix("inet ")
        switch (isHost, type, hook) {
        case (true, "filter", "input"): ruleset.bases[.ingress, default: []].append(key)
        case (true, "filter", "output"), (true, "route", "output"): ruleset.bases[.egress, default: []].append(key)
        case (_, "nat", _):
            ruleset.foreign.append((key, "translates addresses, which policyd does not; policies see the addresses that packets come with"))
        case (_, _, "forward"):
            ruleset.foreign.append(
                (key, "is about forwarded packets; policyd judges these by the same rules as others, where they enter and leave the host"))
        case (false, _, _): ruleset.foreign.append((key, "is of a family that policies are not about: they judge IP packets of the host"))
        default: ruleset.foreign.append((key, "is at hook \(hook), where policies are not"))
        }
    }

    private static func families(_ table: String) -> Families {
        table.hasPrefix("ip ") ? .v4 : table.hasPrefix("ip6 ") ? .v6 : .both
    }

    private mutating func readRule(_ node: JSONNode) throws(ImportError) {
        let (key, table, chain) = try key(node, "chain")
        let handle = node["handle"]?.integer.map { "\($0)" } ?? "?"
        guard let expressions = node["expr"]?.list else { throw ImportError(file: path, line: node.line, "rule: expected a list 'expr'") }
        let comment = node["comment"]?.text.map { " (\($0))" } ?? ""
        let origin = Origin(
            file: path, line: node.line, chain: chain,
            text: "\(table) \(chain) handle \(handle)\(comment): \(JSONNode(content: .list(expressions), line: 0).compact())",
            number: "h\(handle)")
        var reader = NFTRule(table: table, families: Self.families(table), elements: elements, sets: ruleset.sets, origin: origin)
        for expression in expressions { reader.read(expression) }
        let rules = reader.finish()
        for rule in rules {
            if let answer = reader.answer, rule.target == .reject {
                findings.append(
                    ImportFinding(
                        .note, origin,
                        "answers with \(answer); policyd answers with a TCP reset, and otherwise with ICMP administratively prohibited"))
            }
            var rule = rule
            switch rule.target {
            case .jump(let name), .go(let name):
                if ruleset.chains[name] == nil { rule.problem = "there is no chain '\(name)'" }
            default: break
            }
            ruleset.chains[key, default: Chain(name: key, origin: origin)].rules.append(rule)
        }
    }
}

/// The elements of a set or map.
struct NFTElements: Sendable {
    var nodes: [JSONNode]
    var types: [String]
    /// Whether rules add to it.
    var isDynamic: Bool
}
