internal import PolicyModel

/// Reads what `ufw show added` and `ufw status verbose` print.
struct UFWText {
    private(set) var findings: [ImportFinding] = []
    private var defaults: UFWDefaults
    private var chains: [Direction: Chain] = [:]

    init(_ defaults: UFWDefaults) {
        self.defaults = defaults
    }

    /// The rules of both directions.
    var ruleset: Ruleset {
        var ruleset = Ruleset(families: .both)
        for (direction, var chain) in chains {
            chain.policy = direction == .ingress ? defaults.input : defaults.output
            ruleset.chains[chain.name] = chain
            ruleset.bases[direction] = [chain.name]
        }
        return ruleset
    }

    mutating func read(_ path: String, _ text: String) throws(ImportError) {
        var isStatus = false
        var isRecognised = false
        for (direction, name) in [(Direction.ingress, "in"), (.egress, "out")] where chains[direction] == nil {
            let origin = Origin(file: path, line: 1, chain: name, text: "ufw default, \(name)", number: "default")
            chains[direction] = Chain(name: name, rules: [UFWRules.beforeRules(.both, direction, origin)], origin: origin)
        }
        for (number, line) in Words.lines(text) {
            let words = Words.split(line)
            guard let first = words.first else { continue }
            let origin = Origin(file: path, line: number, chain: "ufw", text: String(line), number: "\(number)")
            switch first {
            case "Status:", "Added":
                isRecognised = true
                if words.dropFirst().first == "inactive" {
                    findings.append(ImportFinding(.note, origin, "ufw is not active; its rules are not shown"))
                }
            case "Default:": readDefaults(words)
            case "Logging:", "New", "--": continue
            case "To":
                isStatus = true
                isRecognised = true
            case "ufw":
                isRecognised = true
                add(UFWCommand(words: Array(words.dropFirst()), origin: origin).rules)
            default:
                guard isStatus else {
                    throw ImportError(
                        file: path, line: number,
                        "expected the output of ufw show added or ufw status verbose, found \(FieldReader.shown(String(line.prefix(100))))")
                }
                add(UFWCommand(status: line, origin: origin).rules)
            }
        }
        guard isRecognised else {
            throw ImportError(
                file: path, "expected user.rules and user6.rules of /etc/ufw, or what ufw show added or ufw status verbose print")
        }
        findings.append(UFWRules.beforeNote(path))
    }

    /// `Default: deny (incoming), allow (outgoing), disabled (routed)`
    private mutating func readDefaults(_ words: [String]) {
        for (word, next) in zip(words, words.dropFirst()) {
            guard let target = UFWDefaults.target(word) else { continue }
            if next.hasPrefix("(incoming") {
                defaults.input = target
                defaults.isKnown = true
            }
            if next.hasPrefix("(outgoing") { defaults.output = target }
        }
    }

    private mutating func add(_ found: (direction: Direction?, rules: [SourceRule])) {
        guard let direction = found.direction else {
            findings += found.rules.map { ImportFinding(.notExpressed, $0.origin, $0.problem ?? "") }
            return
        }
        chains[direction]?.rules += found.rules
    }
}
