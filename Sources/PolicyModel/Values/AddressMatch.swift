/// One entry of `from`, `to` or `local`, without its negation.
public enum AddressTerm: Hashable, Sendable {
    /// Every address of both families.
    case any
    /// The addresses of a prefix.
    case prefix(CIDR)
    /// The entries of the set with this name.
    case set(String)
}

extension AddressTerm: CustomStringConvertible {
    /// The term as a document says it.
    public var description: String {
        switch self {
        case .any: "any"
        case .prefix(let prefix): prefix.description
        case .set(let name): "set:\(name)"
        }
    }
}

/// The addresses a rule matches on one side: those of any positive term that are in no negative one.
///
/// Without a positive term every address of both families is meant, less the negatives.
public struct AddressMatch: Hashable, Sendable {
    /// The terms of which one has to match; if there is none, every address does.
    public var positives: [AddressTerm]
    /// The terms of which none may match.
    public var negatives: [AddressTerm]

    public init(_ positives: [AddressTerm] = [], except negatives: [AddressTerm] = []) {
        self.positives = positives
        self.negatives = negatives
    }

    /// Every address.
    public static let any = AddressMatch()

    /// Whether the field leaves nothing out.
    public var isAny: Bool {
        negatives.isEmpty && (positives.isEmpty || positives.contains(.any))
    }

    /// The names of the sets in both lists, as often as they stand there.
    public var setNames: [String] {
        (positives + negatives).compactMap { if case .set(let name) = $0 { name } else { nil } }
    }
}
