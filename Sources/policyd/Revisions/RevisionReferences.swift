import FoundationEssentials
import PolicyAPI
import Synchronization

/// What the files of revisions refer to: lists, and other revisions. A revision's file is read for it once: it does not change, and may
/// be large.
final class RevisionReferences: Sendable {
    /// What one revision needs beside its own file.
    struct Needed: Sendable {
        /// The names of its files in the state folder's `lists`.
        var lists: Set<String> = []
        var revisions: Set<UInt32> = []
    }

    private let known = Mutex<[UInt32: Needed]>([:])

    /// What a revision's file says of its lists; the rest of it is passed over.
    private struct Whole: Decodable {
        struct Document: Decodable {
            var lists: [String: String]
        }
        var documents: [Document]
    }

    /// What a revision refers to; nil if its file is not there or cannot be understood.
    func needed(by number: UInt32, reading file: () throws -> RevisionFile?) throws -> Needed? {
        if let needed = known.withLock({ $0[number] }) { return needed }
        let needed: Needed
        switch try file() {
        case .whole(let data):
            guard let whole: Whole = try? JSON.decode(from: data) else { return nil }
            needed = Needed(lists: Set(whole.documents.flatMap(\.lists.values)))
        case .change(let data):
            guard let change: StoredChange = try? JSON.decode(from: data) else { return nil }
            needed = Needed(change)
        case nil: return nil
        }
        set(needed, of: number)
        return needed
    }

    /// Says what a revision that was just written refers to; nil for one that is gone.
    func set(_ needed: Needed?, of number: UInt32) {
        known.withLock { $0[number] = needed }
    }
}

extension RevisionReferences.Needed {
    init(_ documents: [StoredDocument]) { lists = Set(documents.flatMap(\.lists.values)) }

    init(_ change: StoredChange) { revisions = Set([change.documentsOf] + (change.entriesOf.map { [$0] } ?? [])) }
}

/// A revision's file as it was read.
enum RevisionFile {
    case whole(Data)
    case change(Data)
}
