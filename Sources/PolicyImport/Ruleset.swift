internal import PolicyModel

/// Where a rule of the source stands.
struct Origin: Hashable, Sendable {
    var file: String
    var line: Int
    /// The chain, or whatever the rule stands in.
    var chain: String
    /// The rule as it stands there.
    var text: String
    /// What tells it from the other rules of its chain: `12`, its line, or `h5`, its handle.
    var number: String
}

/// What a rule of the source does with the packets that match.
enum Target: Hashable, Sendable {
    case accept
    case drop
    case reject
    /// Back to the chain that jumped here.
    case back
    case jump(String)
    /// As `jump`, without coming back to this chain.
    case go(String)
    /// Reports the packet and goes on.
    case log
    /// Counts, or nothing.
    case none
}

/// A rule of the source.
struct SourceRule: Sendable {
    /// A packet matches if it is one of these.
    var matches: [Match]
    var target: Target
    /// Why a policy cannot say the rule. `matches` then has all packets of the rule, and others.
    var problem: String?
    /// Whether a log is limited in rate.
    var isLimited = false
    var origin: Origin
}

/// A list of rules that a hook or another chain goes through.
struct Chain: Sendable {
    var name: String
    var rules: [SourceRule] = []
    /// The families whose packets go through it.
    var families = Families.both
    /// What happens to packets at its end; only chains at hooks have one.
    var policy: Target = .accept
    /// Where the policy stands.
    var origin: Origin
}

/// The rules of a host as iptables, nftables or ufw have them.
struct Ruleset: Sendable {
    var families: Families
    var chains: [String: Chain] = [:]
    /// The chains that packets for the host go through, and those from it, one after the other.
    var bases: [Direction: [String]] = [:]
    /// Chains at other hooks, with the reason why their rules are not imported.
    var foreign: [(chain: String, reason: String)] = []
    var sets: [String: NamedSet] = [:]

    /// The chains that these lead to, themselves included.
    func reachable(from names: [String]) -> Set<String> {
        var reached: Set<String> = []
        var waiting = names
        while let name = waiting.popLast() {
            guard let chain = chains[name], reached.insert(name).inserted else { continue }
            for rule in chain.rules {
                switch rule.target {
                case .jump(let next), .go(let next): waiting.append(next)
                default: continue
                }
            }
        }
        return reached
    }
}

/// A rule of one direction, as the first match of a flat list.
struct FlatRule: Sendable {
    var match: Match
    var action: Action
    var log: Rule.Log?
    /// The rule or the chain's policy that decides.
    var origin: Origin
}
