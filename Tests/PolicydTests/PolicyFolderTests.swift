import FoundationEssentials
import PolicyAPI
import PolicyCompiler
import PolicyModel
import Testing

@testable import policyd

@Suite struct PolicyFolderTests {
    static let set = """
        apiVersion: policyd/v1
        kind: AddressSet
        metadata: { name: a }
        spec: { files: [a.list] }
        """

    static func inForce(_ folder: TemporaryFolder) throws -> InForce {
        let documents = DocumentCollection(DocumentLoader.load(folder: folder.path).documents)
        let policySet = try documents.policySet()
        let compiled = try CompiledPolicy.compile(policySet, revision: 1, numbers: RuleNumbers(), interfaces: [])
        return InForce(
            number: 1, created: Timestamp(nanoseconds: 0), origin: "test", documents: documents, storedLists: [:], runtimeEntries: [:],
            policySet: policySet, compiled: compiled)
    }

    @Test func whatIsInForceIsTheSameUntilAFileChanges() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.set, to: "a.yaml")
        try folder.write("10.0.0.1\n", to: "a.list")
        let inForce = try Self.inForce(folder)
        let watched = PolicyFolder()
        #expect(watched.message(folder.path, inForce).state == .same)
        #expect(watched.message(folder.path, inForce).state == .same)
        try folder.write("10.0.0.1\n10.0.0.2\n", to: "a.list")
        #expect(watched.message(folder.path, inForce).differences == ["~ AddressSet/a"])
        try folder.write("10.0.0.1\n", to: "a.list")
        #expect(watched.message(folder.path, inForce).state == .same)
        try folder.write(Self.set.replacing("name: a", with: "name: b"), to: "b.yaml")
        #expect(watched.message(folder.path, inForce) == FolderMessage(path: folder.path, state: .differs, differences: ["+ AddressSet/b"]))
    }

    @Test func mistakesAndEmptinessAreSaid() throws {
        let folder = try TemporaryFolder()
        let watched = PolicyFolder()
        #expect(watched.message(folder.path, nil).state == .absent)
        #expect(watched.message(folder.path + "/none", nil).state == .absent)
        try folder.write(Self.set, to: "a.yaml")
        let missing = watched.message(folder.path, nil)
        #expect(missing.state == .invalid)
        #expect(missing.differences.first?.contains("a.list") == true)
        // Put right, it is seen although no document changed.
        try folder.write("10.0.0.1\n", to: "a.list")
        #expect(watched.message(folder.path, nil).state == .differs)
    }
}
