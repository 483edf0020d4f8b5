import Glibc
import PolicyModel

/// What is read at the start, while the kernel's side is being made: the newest revision, or where there is none the policy folder.
struct FirstReading: Sendable {
    /// A revision of the state folder, with its documents put together.
    struct Revision: Sendable {
        var number: UInt32
        var loaded: RevisionStore.Loaded
        var policySet: PolicySet

        init(_ number: UInt32, of store: RevisionStore) throws {
            self.number = number
            loaded = try store.load(number)
            policySet = try loaded.documents.policySet().adding(loaded.revision.runtimeEntries)
        }
    }

    var revision: Revision?
    var folder: LoadedDocuments?

    /// Nothing, where nothing is to come into force. What cannot be read is left out: who needs it reads it again and says why.
    init(_ store: RevisionStore, folder path: String) {
        guard !store.isDown else { return }
        guard let newest = try? store.numbers().last else {
            if access(path, F_OK) == 0 { folder = DocumentLoader.load(folder: path) }
            return
        }
        revision = try? Revision(newest, of: store)
    }
}
