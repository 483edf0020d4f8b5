import PolicyAPI
import PolicyModel

/// Entries that come and go at run time, by set.
struct EntryChange: Codable, Sendable, Hashable {
    /// Entries that come, or get another time to live.
    var added: [String: [RuntimeEntry]] = [:]
    /// Entries that go.
    var removed: [String: [CIDR]] = [:]

    /// The sets it is about.
    var sets: Set<String> { Set(added.keys).union(removed.keys) }

    /// The addresses of a set that come or go.
    func prefixes(of set: String) -> [CIDR] { (added[set] ?? []).map(\.address) + (removed[set] ?? []) }

    /// Makes the change; where an entry is added that is there already, the later counts.
    func apply(to entries: inout [String: [RuntimeEntry]]) {
        for name in sets {
            let changed = prefixes(of: name)
            var ofSet = entries[name] ?? []
            // Most changes are of an address or two, and a set may have been given a hundred thousand.
            if changed.count <= 4 {
                ofSet.removeAll { changed.contains($0.address) }
            } else {
                let changed = Set(changed)
                ofSet.removeAll { changed.contains($0.address) }
            }
            ofSet += added[name] ?? []
            entries[name] = ofSet.isEmpty ? nil : ofSet
        }
    }
}

/// A revision that differs from an earlier one in entries of run time alone, as the state folder keeps it.
struct StoredChange: Codable, Sendable {
    /// The revision's number; packets and events carry it.
    var number: UInt32
    var created: Timestamp
    /// The request that made it, for people.
    var origin: String
    /// The revision whose documents and rule numbers it has; that one is stored whole.
    var documentsOf: UInt32
    /// The revision whose entries it changes; nil if what it adds is all there is.
    var entriesOf: UInt32?
    var entries: EntryChange
}

/// Where a revision's documents are stored, and how far its entries are from that.
struct RevisionBase: Sendable, Hashable {
    /// The revision that is stored whole.
    var number: UInt32
    /// The changes that are read over it, one after the other.
    var changes = 0
}
