import FoundationEssentials
import Glibc
import PolicyModel
import Testing

/// A folder that goes away with the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        path =
            FileManager.default.temporaryDirectory.path
            + "/policy-model-\(ProcessInfo.processInfo.processIdentifier)-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let file = "\(path)/\(name)"
        let folder = file[..<(file.lastIndex(of: "/") ?? file.endIndex)]
        try FileManager.default.createDirectory(atPath: String(folder), withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: file))
        return file
    }
}

@Suite struct FileTests {
    static let set = """
        apiVersion: policyd/v1
        kind: AddressSet
        metadata: { name: abusers }
        spec: { addresses: [203.0.113.9], files: [lists/bad.netset] }
        """

    private func summaries(_ path: String) -> [String] {
        DocumentLoader.load(paths: [path]).diagnostics.map(\.summary)
    }

    @Test func `a file that cannot be used ends in one clear sentence`() throws {
        let folder = try TemporaryFolder()
        let missing = "\(folder.path)/missing.yaml"
        #expect(summaries(missing) == ["\(missing): error: no such file"])
        #expect(summaries("\(missing)/x") == ["\(missing)/x: error: no such file"])
        #expect(summaries(folder.path) == ["\(folder.path): error: is a directory, not a file; name the files in it"])
        let binary = try folder.write("binary.yaml", [0x7F, 0x45, 0x4C, 0x46, 0, 1])
        #expect(summaries(binary) == ["\(binary): error: is a binary file, not a policy"])
        let latin = try folder.write("latin.yaml", [0x61, 0xE4, 0x0A])
        #expect(summaries(latin) == ["\(latin): error: is not text in UTF-8"])
        let empty = try folder.write("empty.yaml", [])
        #expect(summaries(empty) == ["\(empty): error: holds no document"])
        let looped = "\(folder.path)/loop.yaml"
        try FileManager.default.createSymbolicLink(atPath: looped, withDestinationPath: looped)
        #expect(summaries(looped) == ["\(looped): error: cannot be read: Too many levels of symbolic links"])
        // Whoever may read everything finds no unreadable file.
        let secret = try folder.write("secret.yaml", "x".utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: secret)
        if !FileManager.default.isReadableFile(atPath: secret) {
            #expect(summaries(secret) == ["\(secret): error: cannot be read: permission denied"])
        }
    }

    @Test func `a file too large is refused by its size without being read`() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write("large.yaml", [])
        #expect(truncate(file, 100 << 20) == 0)
        let time = ContinuousClock().measure {
            #expect(
                summaries(file) == [
                    "\(file): error: has 100 MiB, and at most 16 MiB are read; put long lists into files that an AddressSet names"
                ])
        }
        #expect(time < .milliseconds(100))
        #expect(
            summaries("/dev/zero") == [
                "/dev/zero: error: is larger than that, and at most 16 MiB are read; put long lists into files that an AddressSet names"
            ])
    }

    @Test func `list files are found beside the document that names them`() throws {
        let folder = try TemporaryFolder()
        let document = try folder.write("sets.yaml", Self.set.utf8)
        let list = try folder.write("lists/bad.netset", "# bad\n198.51.100.0/24\n\n  2001:db8::/32 ; a comment\n192.0.2.1# one\r\n".utf8)
        let loaded = DocumentLoader.load(paths: [document])
        #expect(loaded.diagnostics.isEmpty)
        guard case .set(let set) = try #require(loaded.documents.first).value else { throw NotAPolicy() }
        #expect(set.files == ["lists/bad.netset"])
        #expect(set.fileEntries.map(\.description) == ["198.51.100.0/24", "2001:db8::/32", "192.0.2.1"])
        #expect(set.count == 4)

        // The bundle is enough elsewhere, where there are no files.
        let bundle = loaded.documents[0].bundle
        #expect(Array(bundle.lists.keys) == [list])
        let sent = try JSONDecoder().decode(SourceBundle.self, from: JSONEncoder().encode(bundle))
        try FileManager.default.removeItem(atPath: list)
        guard case .set(let again) = try #require(DocumentLoader.load(bundles: [sent]).documents.first).value else { throw NotAPolicy() }
        #expect(again == set)
        #expect(summaries(document) == ["\(document):4:43: error: files: \(list): no such file"])
        let alone = SourceBundle(files: bundle.files)
        let expected = "\(document):4:43: error: files: \(list): was not sent with the documents"
        #expect(DocumentLoader.load(bundles: [alone]).diagnostics.map(\.summary) == [expected])
    }

    /// Found by broken documents: 10,000 mistakes in a line of 160 KB took 2.5 s. The place shown is the place meant, wherever it is.
    @Test func placesInALongLineAreShownAsTheyAre() throws {
        let rules = (0..<400).map {
            "{ name: r\($0), action: deny, from: [192.0.2.\($0 % 256)], expires: \($0 % 7 == 0 ? "née" : "2040-01-01T00:00:00Z") }"
        }
        let text =
            "{ apiVersion: policyd/v1, kind: HostPolicy, metadata: { name: é }, spec: { ingress: [\(rules.joined(separator: ", "))] } }"
        let diagnostics = DocumentLoader.load(text: text).diagnostics.filter { $0.message.hasPrefix("expires") }
        #expect(diagnostics.count == 58)
        for diagnostic in diagnostics {
            let line = try #require(diagnostic.sourceLine)
            #expect(line.unicodeScalars.count <= 162)
            #expect(String(line.unicodeScalars.dropFirst(diagnostic.sourceColumn - 1).prefix(3)) == "née", "\(diagnostic)")
        }
    }

    /// What is sent unread must be all that the daemon needs.
    @Test func filesThatMayNameOthersAreNotSentUnread() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "plain-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func path(_ name: String, _ text: String) throws -> String {
            let path = folder.appending(path: name).path
            try Data(text.utf8).write(to: URL(filePath: path))
            return path
        }
        let head = "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: s }\n"
        let plain = try path("plain.yaml", head + "spec: { addresses: [192.0.2.1] }\n")
        #expect(DocumentLoader.plainSources(paths: [plain])?.map(\.path) == [plain])
        for text in ["spec: { files: [a] }\n", "spec: { \"fi\\x6ces\": [a] }\n", "spec: { 'files': [a] }\n", "\0"] {
            let other = try path("other.yaml", head + text)
            #expect(DocumentLoader.plainSources(paths: [plain, other]) == nil)
        }
        #expect(DocumentLoader.plainSources(paths: ["-"]) == nil)
        #expect(DocumentLoader.plainSources(paths: [plain, "\(folder.path)/none.yaml"]) == nil)
    }

    /// Found by broken documents: messages name files, and files have any name.
    @Test func aNameCannotSteerATerminal() {
        let text = "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: s }\nspec: { files: [\"a\\e[2Jb\\nc\\x9bd\"] }\n"
        let messages = DocumentLoader.load(text: text, path: "s\u{1b}[31m.yaml").diagnostics.map(\.summary)
        #expect(messages == ["s?[31m.yaml:4:17: error: files: a?[2Jb?c?d: was not sent with the documents"])
    }

    /// Found by broken documents: a token repeated 512 times within the name of a list.
    @Test func aNameThatIsAMistakeIsCut() {
        let name = String(repeating: "from", count: 512)
        let loaded = DocumentLoader.load(
            text: "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: s }\nspec: { files: [lists/\(name)] }\n", path: "s.yaml")
        let message = loaded.diagnostics.map(\.summary).joined()
        #expect(message.contains("files: lists/fromfrom") && message.contains("…") && message.count < 500, "\(message)")
    }

    @Test func `mistakes in list files have their line and column`() throws {
        let folder = try TemporaryFolder()
        let document = try folder.write("sets.yaml", Self.set.utf8)
        let list = try folder.write("lists/bad.netset", "1.2.3.4\n  10.0.0.1/8\n\nexample.org # x\n1.2.3.4-1.2.3.9\n".utf8)
        #expect(
            summaries(document) == [
                "\(list):2:3: error: '10.0.0.1/8' has bits set behind its length; did you mean '10.0.0.0/8'?",
                "\(list):4:1: error: 'example.org' is not an address or prefix",
                "\(list):5:1: error: '1.2.3.4-1.2.3.9': ranges of addresses are not supported; write prefixes",
            ])
        try folder.write("lists/bad.netset", [0x31, 0, 0x0A])
        #expect(summaries(document) == ["\(list): error: is a binary file, not a list of addresses"])
        try folder.write("lists/bad.netset", String(repeating: "x\n", count: 5000).utf8)
        let many = summaries(document)
        #expect(many.count == 101 && many.last == "\(list): error: 4900 more mistakes in this file are not shown")
    }

    @Test func `a folder's documents are its yaml files in the order of their names`() throws {
        let folder = try TemporaryFolder()
        try folder.write("b.yaml", policyText("egress: [{ action: deny }]", name: "b").utf8)
        try folder.write("a.yml", policyText("egress: [{ action: deny }]", name: "a").utf8)
        try folder.write(".hidden.yaml", "x".utf8)
        try folder.write("notes.txt", "x".utf8)
        let loaded = DocumentLoader.load(folder: folder.path)
        #expect(loaded.diagnostics.isEmpty)
        #expect(loaded.documents.map(\.name) == ["a", "b"])
        #expect(
            DocumentLoader.load(folder: folder.path + "/none").diagnostics.map(\.summary) == ["\(folder.path)/none: error: no such folder"])
    }

    @Test func `mistakes of all files come together`() throws {
        let folder = try TemporaryFolder()
        let one = try folder.write("one.yaml", ruleText("action: alow").utf8)
        let other = try folder.write("other.yaml", "x: [".utf8)
        let found = DocumentLoader.load(paths: [one, "\(folder.path)/none", other]).diagnostics.map(\.location.file)
        #expect(found == [one, "\(folder.path)/none", other])
    }
}
