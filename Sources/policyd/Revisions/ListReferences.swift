import FoundationEssentials
import PolicyAPI
import Synchronization

/// Which files of the state folder's `lists` each revision refers to. A revision's file is read for it once: it does not change, and is large.
final class ListReferences: Sendable {
    private let known = Mutex<[UInt32: Set<String>]>([:])

    /// What a revision's file says of its lists; the rest of it is passed over.
    private struct Stored: Decodable {
        struct Document: Decodable {
            var lists: [String: String]
        }
        var documents: [Document]
    }

    /// The names of a revision's lists; nil if its file is not there or cannot be understood.
    func lists(of number: UInt32, reading read: () throws -> Data?) throws -> Set<String>? {
        if let lists = known.withLock({ $0[number] }) { return lists }
        guard let data = try read(), let stored: Stored = try? JSON.decode(from: data) else { return nil }
        let lists = Set(stored.documents.flatMap(\.lists.values))
        known.withLock { $0[number] = lists }
        return lists
    }

    /// Says what a revision that was just written refers to; nil for one that is gone.
    func set(_ documents: [StoredDocument]?, of number: UInt32) {
        known.withLock { $0[number] = documents.map { Set($0.flatMap(\.lists.values)) } }
    }
}
