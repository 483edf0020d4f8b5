internal import PolicyModel

/// What the rules of a classifier ask of one of a packet's two addresses: terms, and what each of them does for which rules.
///
/// It says nothing of the entries of sets, so it stays what it is while these come and go.
struct AddressPlan: Sendable {
    struct Term: Sendable {
        var term: AddressTerm
        var satisfies: [Int] = []
        var excludes: [Int] = []
    }

    /// How many rules there are.
    let rules: Int
    private(set) var terms: [Term] = []
    /// The rules that every address satisfies, before negations.
    private(set) var open: [Int] = []

    init(_ rules: [FlatRule], _ side: KeyPath<Rule, AddressMatch>) {
        self.rules = rules.count
        var numbers: [AddressTerm: Int] = [:]

        func number(_ term: AddressTerm) -> Int {
            if let known = numbers[term] { return known }
            numbers[term] = terms.count
            terms.append(Term(term: term))
            return terms.count - 1
        }

        for (index, flat) in rules.enumerated() {
            let match = flat.rule[keyPath: side]
            if match.positives.isEmpty || match.positives.contains(.any) {
                open.append(index)
            } else {
                for term in match.positives { terms[number(term)].satisfies.append(index) }
            }
            for term in match.negatives { terms[number(term)].excludes.append(index) }
        }
    }

    /// The names of the sets in it.
    var sets: [String] {
        terms.compactMap { if case .set(let name) = $0.term { name } else { nil } }
    }

    /// The field over all addresses.
    func field<Value: AddressValue>(_ sets: SetIndex, _ policySet: PolicySet) -> Field<Value> {
        field { (name: String) -> [ClosedRange<Value>] in sets.ranges(of: name, policySet) }
    }

    /// The field as far as it speaks of a part of the addresses; what it says of others is of no meaning.
    func field<Value: AddressValue>(_ sets: SetIndex, _ policySet: PolicySet, in part: ClosedRange<Value>) -> Field<Value> {
        field(in: part) { (name: String) -> [ClosedRange<Value>] in sets.ranges(of: name, policySet, in: part) }
    }

    private func field<Value: AddressValue>(
        in part: ClosedRange<Value> = .min ... .max, _ entries: (String) -> [ClosedRange<Value>]
    ) -> Field<Value> {
        var field = Field<Value>(rules: rules)
        for rule in open { field.leaveOpen(rule) }
        for term in terms {
            var ranges: [ClosedRange<Value>] = []
            switch term.term {
            case .any: ranges = [.min ... .max]
            case .prefix(let prefix):
                let range = Value.range(prefix)
                if prefix.family == Value.family, range.overlaps(part) { ranges = [range] }
            case .set(let name): ranges = entries(name)
            }
            // What is nowhere needs no number.
            if ranges.isEmpty { continue }
            let number = field.addTerm(ranges)
            for rule in term.satisfies { field.satisfy(rule, byTerm: number) }
            for rule in term.excludes { field.exclude(rule, byTerm: number) }
        }
        return field
    }
}
