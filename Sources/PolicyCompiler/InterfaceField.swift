internal import PolicyModel

/// Which rules an interface satisfies. Interfaces come and go while a policy is in force, so this field has no trie: each protected
/// interface is given its class when it is met.
struct InterfaceField {
    private let selectors: [InterfaceSelector]
    /// By rule, the selectors that all have to match.
    private let ofRule: [[Int]]

    init(_ rules: [FlatRule]) {
        var numbers: [InterfaceSelector: Int] = [:]
        var selectors: [InterfaceSelector] = []
        ofRule = rules.map { flat in
            [flat.policy.interfaces, flat.rule.interfaces].compactMap { selector in
                guard let selector, selector != .all else { return nil }
                if let known = numbers[selector] { return known }
                numbers[selector] = selectors.count
                selectors.append(selector)
                return selectors.count - 1
            }
        }
        self.selectors = selectors
    }

    /// Whether any rule names interfaces.
    var isUsed: Bool { !selectors.isEmpty }

    /// The rules that packets of the interface can match.
    func vector(_ interface: String) -> BitVector {
        let matches = selectors.map { $0.matches(interface) }
        return BitVector(count: ofRule.count, ofRule.indices.filter { rule in ofRule[rule].allSatisfy { matches[$0] } })
    }
}
