import PolicyAPI
import PolicyCompiler
import PolicyModel

/// The revision in force, in all the forms it is needed in.
struct InForce: Sendable {
    var number: UInt32
    /// Where it is in the state folder; nil before it is.
    var base: RevisionBase?
    var created: Timestamp
    var origin: String
    var documents: DocumentCollection
    /// Where the lists of each document are kept in the state folder.
    var storedLists: [String: [String: String]]
    /// Entries added at run time, by set.
    var runtimeEntries: [String: [RuntimeEntry]]
    /// The documents put together, run-time entries and all.
    var policySet: PolicySet
    var compiled: CompiledPolicy

    var message: RevisionMessage { RevisionMessage(number: number, created: created, origin: origin) }

    var stored: StoredRevision {
        StoredRevision(
            number: number, created: created, origin: origin, documents: [], runtimeEntries: runtimeEntries, ruleNumbers: compiled.numbers)
    }

    /// The documents with the places of their lists, to store.
    var items: [RevisionStore.Item] {
        documents.documents.map { RevisionStore.Item(document: $0, storedLists: storedLists[$0.identity] ?? [:]) }
    }

    /// Where the lists of other documents are kept that are the same here: what is in the state folder already is not written again.
    func listsKept(for others: DocumentCollection) -> [String: [String: String]] {
        var kept: [String: [String: String]] = [:]
        for document in others.documents where !document.lists.isEmpty {
            guard let old = documents[document.kind, document.name], let places = storedLists[document.identity] else { continue }
            kept[document.identity] = places.filter { old.lists[$0.key] == document.lists[$0.key] }
        }
        return kept
    }
}

extension PolicySet {
    /// How much it holds.
    var counts: CountsMessage {
        CountsMessage(
            policies: policies.count, rules: ruleCount, sets: sets.count, entries: sets.values.reduce(0) { $0 + $1.count })
    }

    /// With the run-time entries of sets that are still there.
    func adding(_ entries: [String: [RuntimeEntry]]) -> PolicySet {
        var policySet = self
        for (name, entries) in entries where sets[name] != nil {
            try? policySet.setRuntimeEntries(entries.map(\.address), of: name)
        }
        return policySet
    }
}

extension DocumentCollection {
    /// What differs from another collection: `+ HostPolicy/web` is only here, `- …` only there, `~ …` in both and not the same.
    func differences(from other: DocumentCollection) -> [String] {
        let ours = Dictionary(documents.map { ($0.identity, $0) }) { $1 }
        let theirs = Dictionary(other.documents.map { ($0.identity, $0) }) { $1 }
        var changes: [(name: String, sign: String)] = []
        for (name, document) in ours {
            guard let before = theirs[name] else {
                changes.append((name, "+"))
                continue
            }
            if !document.isSame(as: before) { changes.append((name, "~")) }
        }
        changes += theirs.keys.filter { ours[$0] == nil }.map { ($0, "-") }
        return changes.sorted { $0.name < $1.name }.map { "\($0.sign) \($0.name)" }
    }
}

extension Document {
    /// Whether both say the same; where their files lie does not matter.
    func isSame(as other: Document) -> Bool {
        source.text == other.source.text && lists.count == other.lists.count
            && lists.values.sorted { $0.count < $1.count }.elementsEqual(other.lists.values.sorted { $0.count < $1.count })
    }
}
