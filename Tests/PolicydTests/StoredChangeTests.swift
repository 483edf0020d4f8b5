import FoundationEssentials
import PolicyAPI
import PolicyModel
import Testing

@testable import policyd

/// Revisions that are stored as changes of others.
@Suite struct StoredChangeTests {
    private static func entry(_ text: String, expires: Int64? = nil) throws -> RuntimeEntry {
        RuntimeEntry(address: try #require(CIDR(text)), expires: expires.map { Timestamp(nanoseconds: $0) })
    }

    private static func change(
        _ number: UInt32, of base: UInt32 = 1, after: UInt32?, added: [String: [RuntimeEntry]] = [:], removed: [String: [CIDR]] = [:]
    ) -> StoredChange {
        StoredChange(
            number: number, created: Timestamp(nanoseconds: Int64(number)), origin: "change \(number)", documentsOf: base, entriesOf: after,
            entries: EntryChange(added: added, removed: removed))
    }

    @Test func changesAreReadOverWhatTheyChange() throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        let first = try Self.entry("192.0.2.7", expires: 9)
        let documents = RevisionStoreTests.documents()
        try store.write(RevisionStoreTests.revision(1, runtime: ["abusers": [first]]), RevisionStoreTests.items(documents))
        let (second, third) = (try Self.entry("2001:db8::/64"), try Self.entry("192.0.2.7", expires: 77))
        try store.write(Self.change(2, after: 1, added: ["abusers": [second]]))
        try store.write(Self.change(3, after: 2, added: ["abusers": [third]], removed: ["abusers": [second.address]]))
        for (number, expected) in [(2, [first, second]), (3, [third])] as [(UInt32, [RuntimeEntry])] {
            let loaded = try RevisionStore(path: folder.path).load(number)
            #expect(loaded.revision.runtimeEntries == ["abusers": expected])
            #expect(loaded.revision.number == number && loaded.revision.origin == "change \(number)")
            #expect(loaded.revision.created == Timestamp(nanoseconds: Int64(number)))
            #expect(loaded.revision.ruleNumbers == RevisionStoreTests.revision(1).ruleNumbers)
            #expect(loaded.documents.differences(from: documents).isEmpty)
            #expect(loaded.base == RevisionBase(number: 1, changes: Int(number) - 1))
        }
        #expect(try store.load(1).revision.runtimeEntries == ["abusers": [first]])
        #expect(try store.load(1).base == RevisionBase(number: 1))
        #expect(try store.numbers() == [1, 2, 3])
    }

    @Test func aChangeThatSaysAllEntriesNeedsNoOther() throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        let (first, second) = (try Self.entry("192.0.2.7"), try Self.entry("192.0.2.8"))
        try store.write(
            RevisionStoreTests.revision(1, runtime: ["abusers": [first]]), RevisionStoreTests.items(RevisionStoreTests.documents()))
        try store.write(Self.change(2, after: nil, added: ["abusers": [second]]))
        #expect(try store.load(2).revision.runtimeEntries == ["abusers": [second]])
        #expect(try store.load(2).base == RevisionBase(number: 1, changes: 1))
        try store.remove(2)
        #expect(try store.numbers() == [1])
    }

    @Test func whatKeptChangesNeedIsKept() throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        for number in 1...2 as ClosedRange<UInt32> {
            try store.write(
                RevisionStoreTests.revision(number), RevisionStoreTests.items(RevisionStoreTests.documents(list: "10.0.0.\(number)\n")))
        }
        for number in 3...40 as ClosedRange<UInt32> {
            let entries = ["abusers": [try Self.entry("192.0.2.\(number)")]]
            try store.write(Self.change(number, of: 2, after: number == 10 ? nil : number - 1, added: entries))
        }
        // Also by one that has to read the files for it.
        try RevisionStore(path: folder.path).prune()
        #expect(try store.numbers() == [2] + Array(10...40))
        #expect(try folder.names("lists").count == 1)
        #expect(try store.load(40).revision.runtimeEntries["abusers"]?.count == 31)
        try store.write(RevisionStoreTests.revision(41), RevisionStoreTests.items(RevisionStoreTests.documents(list: "10.0.0.9\n")))
        for number in 42...60 as ClosedRange<UInt32> { try store.write(Self.change(number, of: 41, after: number - 1)) }
        try store.prune(keeping: 12)
        #expect(try store.numbers() == [2] + [10, 11, 12] + Array(41...60))
        try store.prune()
        #expect(try store.numbers() == Array(41...60))
        #expect(try folder.names("lists").count == 1)
    }

    @Test func damageIsSaid() throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        try store.write(RevisionStoreTests.revision(1), RevisionStoreTests.items(RevisionStoreTests.documents()))
        try store.write(Self.change(3, after: 2))
        #expect(try #require(throws: RevisionStore.Damaged.self) { try store.load(3) }.description.contains("lacks revision 2"))
        try store.write(Self.change(4, after: 4))
        #expect(throws: RevisionStore.Damaged.self) { try store.load(4) }
        try store.write(Self.change(5, of: 3, after: nil))
        #expect(throws: RevisionStore.Damaged.self) { try store.load(5) }
        try folder.write("{\"number\":6", to: "revisions/6.change")
        #expect(throws: RevisionStore.Damaged.self) { try store.load(6) }
        // What cannot be understood takes nothing with it.
        try store.prune()
        #expect(try store.load(1).revision.number == 1)
    }

    @Test(arguments: [1, 2]) func theFolderOfAVersionBeforeIsRead(version: Int) throws {
        let folder = try TemporaryFolder()
        try RevisionStore(path: folder.path).write(
            RevisionStoreTests.revision(1), RevisionStoreTests.items(RevisionStoreTests.documents()))
        try folder.write("\(version)\n", to: "version")
        let store = try RevisionStore(path: folder.path)
        #expect(try store.load(1).documents.documents.count == 2)
        // Those before are not to take the folder for its own again.
        #expect(try folder.read("version") == "3\n")
    }
}
