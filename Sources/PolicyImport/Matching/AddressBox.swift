internal import PolicyModel

/// The addresses of one side of a packet: numbers of both families, less or restricted to named sets.
struct AddressBox: Hashable, Sendable {
    var v4 = Ranges.all(bits: 32)
    var v6 = Ranges.all(bits: 128)
    /// Sets in each of which the address has to be.
    var sets: Set<String> = []
    /// Sets in none of which it may be.
    var exceptSets: Set<String> = []

    subscript(family: IPAddress.Family) -> Ranges {
        get { family == .v4 ? v4 : v6 }
        set {
            switch family {
            case .v4: v4 = newValue
            case .v6: v6 = newValue
            }
        }
    }

    /// Whether nothing is left out in these families.
    func isAny(_ families: Families) -> Bool {
        sets.isEmpty && exceptSets.isEmpty && families.all.allSatisfy { self[$0].isAll }
    }

    func intersection(_ other: AddressBox) -> AddressBox {
        AddressBox(
            v4: v4.intersection(other.v4), v6: v6.intersection(other.v6), sets: sets.union(other.sets),
            exceptSets: exceptSets.union(other.exceptSets))
    }

    /// Whether every address of the other box is certainly in this one.
    func isSuperset(of other: AddressBox, _ families: Families) -> Bool {
        sets.isSubset(of: other.sets) && exceptSets.isSubset(of: other.exceptSets)
            && families.all.allSatisfy { self[$0].isSuperset(of: other[$0]) }
    }
}

/// Address families.
struct Families: OptionSet, Hashable, Sendable {
    let rawValue: UInt8
    static let v4 = Families(rawValue: 1)
    static let v6 = Families(rawValue: 2)
    static let both: Families = [.v4, .v6]

    init(rawValue: UInt8) { self.rawValue = rawValue }
    init(_ family: IPAddress.Family) { self = family == .v4 ? .v4 : .v6 }

    /// The families by themselves.
    var all: [IPAddress.Family] { IPAddress.Family.allCases.filter { contains(Families($0)) } }
}

/// What connection tracking says of a packet.
struct States: OptionSet, Hashable, Sendable {
    let rawValue: UInt8
    static let new = States(rawValue: 1)
    static let established = States(rawValue: 2)
    static let related = States(rawValue: 4)
    static let invalid = States(rawValue: 8)
    static let untracked = States(rawValue: 16)
    static let all = States(rawValue: 31)

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The state of this name, in upper or lower case.
    init?(_ name: some StringProtocol) {
        switch name.lowercased() {
        case "new": self = .new
        case "established": self = .established
        case "related": self = .related
        case "invalid": self = .invalid
        case "untracked": self = .untracked
        default: return nil
        }
    }
}
