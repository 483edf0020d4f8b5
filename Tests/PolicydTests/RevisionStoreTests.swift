import FoundationEssentials
import Glibc
import PolicyAPI
import PolicyCompiler
import PolicyModel
import Testing

@testable import policyd

@Suite struct RevisionStoreTests {
    static let text = """
        # a comment
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: web }
        spec: { ingress: [ { name: rest, action: deny, from: ["set:abusers"] } ] }
        ---
        apiVersion: policyd/v1
        kind: AddressSet
        metadata: { name: abusers }
        spec: { addresses: [192.0.2.1], files: [lists/a.netset] }
        """

    static func documents(list: String = "198.51.100.0/24\n") -> DocumentCollection {
        let bundle = SourceBundle(files: [SourceFile(path: "p/web.yaml", text: text)], lists: ["p/lists/a.netset": Array(list.utf8)])
        return DocumentCollection(DocumentLoader.load(bundles: [bundle]).documents)
    }

    static func revision(_ number: UInt32, runtime: [String: [RuntimeEntry]] = [:]) -> StoredRevision {
        var numbers = RuleNumbers()
        if let policySet = try? documents().policySet() { numbers.assign(for: policySet) }
        return StoredRevision(
            number: number, created: Timestamp(nanoseconds: 7), origin: "test", documents: [], runtimeEntries: runtime, ruleNumbers: numbers
        )
    }

    static func items(_ documents: DocumentCollection, _ stored: [String: [String: String]] = [:]) -> [RevisionStore.Item] {
        documents.documents.map { RevisionStore.Item(document: $0, storedLists: stored[$0.identity] ?? [:]) }
    }

    /// While its tables are made a revision is on disk, and nobody finds it there: they may turn out not to be made.
    @Test func `a revision is there once it is committed`() throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        _ = try store.prepare(Self.revision(1), Self.items(Self.documents()))
        #expect(access("\(folder.path)/revisions/1.json.new", F_OK) == 0 && access("\(folder.path)/revisions/1.json", F_OK) != 0)
        try store.commit(1)
        #expect(try store.numbers() == [1])
        _ = try store.prepare(Self.revision(2), Self.items(Self.documents()))
        try store.remove(2)
        try store.prune()
        #expect(try store.numbers() == [1])
        #expect(access("\(folder.path)/revisions/2.json.new", F_OK) != 0 && access("\(folder.path)/lists/2-1-0", F_OK) != 0)
        #expect(access("\(folder.path)/lists/1-1-0", F_OK) == 0)
    }

    @Test func aRevisionComesBackAsItWas() throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        let runtime = ["abusers": [RuntimeEntry(address: try #require(CIDR("2001:db8::/32")), expires: Timestamp(nanoseconds: 99))]]
        try store.write(Self.revision(3, runtime: runtime), Self.items(Self.documents()))

        let loaded = try RevisionStore(path: folder.path).load(3)
        #expect(loaded.revision.origin == "test")
        #expect(loaded.revision.created == Timestamp(nanoseconds: 7))
        #expect(loaded.revision.runtimeEntries == runtime)
        #expect(loaded.revision.ruleNumbers == Self.revision(3).ruleNumbers)
        #expect(loaded.documents.documents.map(\.identity) == ["HostPolicy/web", "AddressSet/abusers"])
        #expect(loaded.documents.differences(from: Self.documents()).isEmpty)
        // Places in files stay what they were, also of the second document of a file.
        let policySet = try loaded.documents.policySet()
        #expect(policySet.sets["abusers"]?.location.lineText == "p/web.yaml:7")
        #expect(policySet.sets["abusers"]?.fileEntries == [try #require(CIDR("198.51.100.0/24"))])
    }

    @Test func anUnfinishedFileIsNoRevision() throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        try store.write(Self.revision(1), Self.items(Self.documents()))
        // A daemon killed while it wrote leaves this.
        try folder.write("{\"number\":2,", to: "revisions/2.json.new")
        let after = try RevisionStore(path: folder.path)
        #expect(try after.numbers() == [1])
        #expect(try folder.names("revisions") == ["1.json"])
        _ = try after.load(1)
    }

    @Test func aDamagedRevisionIsNamed() throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        try folder.write("{\"number\":2,", to: "revisions/2.json")
        let error = try #require(throws: RevisionStore.Damaged.self) { try store.load(2) }
        #expect(error.description.contains("revision 2"))
        #expect(throws: RevisionStore.Damaged.self) { try store.load(5) }
        try store.write(Self.revision(3), Self.items(Self.documents()))
        for name in try folder.names("lists") { unlink("\(folder.path)/lists/\(name)") }
        let missing = try #require(throws: RevisionStore.Damaged.self) { try store.load(3) }
        #expect(missing.description.contains("lists/a.netset"))
    }

    @Test func listsAreWrittenOnceForManyRevisions() throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        let documents = Self.documents()
        var places = try store.write(Self.revision(1), Self.items(documents))
        for number in 2...5 as ClosedRange<UInt32> { places = try store.write(Self.revision(number), Self.items(documents, places)) }
        #expect(try folder.names("lists").count == 1)
        try store.write(Self.revision(6), Self.items(Self.documents(list: "203.0.113.0/24\n")))
        #expect(try folder.names("lists").count == 2)
        #expect(try store.load(5).documents.documents.last?.lists.values.first == Array("198.51.100.0/24\n".utf8))
    }

    @Test(arguments: [false, true]) func oldRevisionsGoAndTheirListsWithThem(isAnother: Bool) throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        for number in 1...30 as ClosedRange<UInt32> {
            try store.write(Self.revision(number), Self.items(Self.documents(list: "10.0.0.\(number)\n")))
        }
        // What the lists are needed for is in the files, too.
        try (isAnother ? RevisionStore(path: folder.path) : store).prune()
        #expect(try store.numbers() == Array(11...30))
        #expect(try folder.names("lists").count == RevisionStore.kept)
        _ = try store.load(11)
    }

    @Test func aFolderOfAnotherVersionIsRefusedInWords() throws {
        let folder = try TemporaryFolder()
        try folder.write("99\n", to: "version")
        let error = try #require(throws: ConfigurationError.self) { try RevisionStore(path: folder.path) }
        #expect(error.description.contains("version '99'") && error.description.contains("versions 1 to 3"))
    }

    @Test func takenOutIsRemembered() throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        #expect(!store.isDown)
        try store.setDown(true)
        #expect(try RevisionStore(path: folder.path).isDown)
        try store.setDown(false)
        try store.setDown(false)
        #expect(!store.isDown)
    }

    @Test(arguments: [2, nil] as [UInt32?]) func whatWaitsToBeConfirmedIsRemembered(back: UInt32?) throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        #expect(try store.confirmation() == nil)
        let waiting = Confirmation(revision: 3, back: back, until: Timestamp(nanoseconds: 1_800_000_000_123_456_789))
        try store.setConfirmation(waiting)
        #expect(try RevisionStore(path: folder.path).confirmation() == waiting)
        try store.setConfirmation(nil)
        try store.setConfirmation(nil)
        #expect(try store.confirmation() == nil)
        try folder.write("{\"revision\":3", to: "confirmation.json")
        #expect(throws: RevisionStore.Damaged.self) { try store.confirmation() }
    }

    @Test func theRevisionToGoBackToIsKept() throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        for number in 1...30 as ClosedRange<UInt32> {
            try store.write(Self.revision(number), Self.items(Self.documents(list: "10.0.0.\(number)\n")))
        }
        try store.prune(keeping: 4)
        #expect(try store.numbers() == [4] + Array(11...30))
        _ = try store.load(4)
        try store.prune()
        #expect(try store.numbers() == Array(11...30))
    }

    @Test func onlyTheOwnerCanRead() throws {
        let folder = try TemporaryFolder()
        let store = try RevisionStore(path: folder.path)
        try store.write(Self.revision(1), Self.items(Self.documents()))
        var status = stat()
        #expect(stat("\(folder.path)/revisions/1.json", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
    }

    @Test func differencesAreNamed() throws {
        let documents = Self.documents()
        var fewer = documents
        fewer.remove(.hostPolicy, "web")
        #expect(documents.differences(from: fewer) == ["+ HostPolicy/web"])
        #expect(fewer.differences(from: documents) == ["- HostPolicy/web"])
        #expect(Self.documents(list: "1.2.3.4\n").differences(from: documents) == ["~ AddressSet/abusers"])
    }
}
