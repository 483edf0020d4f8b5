internal import PolicyModel

/// Interfaces by name or by how their name begins, which is all that iptables and nftables can say.
struct InterfaceBox: Hashable, Sendable {
    /// A name, or what names begin with.
    struct Pattern: Hashable, Sendable {
        var name: String
        var isPrefix: Bool

        func isSuperset(of other: Pattern) -> Bool {
            isPrefix ? other.name.utf8.starts(with: name.utf8) : self == other
        }
    }

    /// The patterns of which one has to match; nil is every interface.
    var positives: [Pattern]?
    /// The patterns of which none may match.
    var negatives: [Pattern] = []

    var isAny: Bool { positives == nil && negatives.isEmpty }

    var isEmpty: Bool {
        positives.map { positives in positives.allSatisfy { positive in negatives.contains { $0.isSuperset(of: positive) } } }
            ?? negatives.contains { $0.isPrefix && $0.name.isEmpty }
    }

    /// Two patterns are nested or have nothing in common, as both are names or beginnings of names.
    func intersection(_ other: InterfaceBox) -> InterfaceBox {
        var result = self
        result.negatives += other.negatives.filter { !negatives.contains($0) }
        if let mine = positives, let theirs = other.positives {
            var common: [Pattern] = []
            for one in mine {
                for two in theirs {
                    if one.isSuperset(of: two) { common.append(two) } else if two.isSuperset(of: one) { common.append(one) }
                }
            }
            result.positives = common.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        } else {
            result.positives = positives ?? other.positives
        }
        // What takes nothing away from names need not be said.
        if let positives = result.positives {
            result.negatives.removeAll { negative in
                !positives.contains { $0.isSuperset(of: negative) || negative.isSuperset(of: $0) }
            }
        }
        return result
    }

    func isSuperset(of other: InterfaceBox) -> Bool {
        if isAny { return true }
        let keeps = negatives.allSatisfy { negative in
            other.negatives.contains { $0.isSuperset(of: negative) }
                || other.positives.map { positives in
                    !positives.contains { $0.isSuperset(of: negative) || negative.isSuperset(of: $0) }
                } ?? false
        }
        guard keeps else { return false }
        guard let positives else { return true }
        return other.positives.map { theirs in theirs.allSatisfy { their in positives.contains { $0.isSuperset(of: their) } } } ?? false
    }

    /// The interfaces as a rule says them; nil for every one.
    var selector: InterfaceSelector? {
        guard !isAny else { return nil }
        func glob(_ pattern: Pattern) -> String { pattern.isPrefix ? pattern.name + "*" : pattern.name }
        return InterfaceSelector((positives ?? []).map(glob), except: negatives.map(glob))
    }
}
