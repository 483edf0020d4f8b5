/// Reads documents from files, folders or texts, and says everything that is wrong with all of them.
///
/// ```swift
/// let loaded = DocumentLoader.load(paths: ["web.yaml", "sets.yaml"])
/// let policySet = try loaded.policySet()
/// ```
public struct DocumentLoader {
    /// Where the contents of list files come from.
    private enum Lists {
        case disk
        case bundled([String: [UInt8]])
    }

    private let lists: Lists
    private let readsLists: Bool
    private var result = LoadedDocuments()

    private init(_ lists: Lists, readsLists: Bool = true) {
        self.lists = lists
        self.readsLists = readsLists
    }

    /// Reads files from disk, and the list files they name; `-` is standard input.
    public static func load(paths: [String]) -> LoadedDocuments { load(paths: paths, readingLists: true) }

    /// As the public one.
    ///
    /// - Parameter readingLists: If false what is in the list files is not looked at; the sets are without the entries of their files.
    package static func load(paths: [String], readingLists: Bool) -> LoadedDocuments {
        var loader = DocumentLoader(.disk, readsLists: readingLists)
        for path in paths {
            do throws(FileProblem) {
                let bytes = try FileContents.read(
                    path, limit: FileContents.documentLimit, remedy: "; put long lists into files that an AddressSet names",
                    standardInput: true)
                loader.read(bytes, path: path == "-" ? "<stdin>" : path, firstLine: 1)
            } catch {
                let folder = error.reason.hasPrefix("is a directory") ? "; name the files in it" : ""
                loader.fail(error.path, error.reason + folder)
            }
        }
        return loader.result
    }

    /// The files as they are, where it is plain without reading documents that they name no list files: then they are all that somebody
    /// else needs. Nil where it is not, and where a file cannot be sent so.
    package static func plainSources(paths: [String]) -> [SourceFile]? {
        var sources: [SourceFile] = []
        for path in paths where path != "-" {
            guard let bytes = try? FileContents.read(path, limit: FileContents.documentLimit, remedy: ""),
                let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0), !namesFiles(text)
            else { return nil }
            sources.append(SourceFile(path: path, text: text))
        }
        return sources.count == paths.count && !sources.isEmpty ? sources : nil
    }

    /// Whether the key `files` may be in a text: in double quotes it can also be written with escapes.
    private static func namesFiles(_ text: String) -> Bool {
        let key = Array("files".utf8)
        let bytes = text.utf8.span
        for place in 0..<bytes.count {
            if bytes[place] == UInt8(ascii: "\\") { return true }
            guard bytes[place] == key[0], place + key.count <= bytes.count else { continue }
            if key.indices.allSatisfy({ bytes[place + $0] == key[$0] }) { return true }
        }
        return false
    }

    /// Reads all documents of a folder: its files `*.yaml` and `*.yml`, not those of folders in it.
    public static func load(folder: String) -> LoadedDocuments {
        do throws(FileProblem) {
            return load(paths: try FileContents.documents(in: folder))
        } catch {
            var loader = DocumentLoader(.disk)
            loader.fail(error.path, error.reason)
            return loader.result
        }
    }

    /// Reads texts; list files have to be in the bundles, nothing is read from disk.
    public static func load(bundles: [SourceBundle]) -> LoadedDocuments {
        var result = LoadedDocuments()
        for bundle in bundles {
            var loader = DocumentLoader(.bundled(bundle.lists))
            for file in bundle.files {
                if file.text.utf8.count > FileContents.documentLimit {
                    loader.fail(file.path, "has more than \(FileContents.documentLimit >> 20) MiB")
                } else {
                    loader.read(Array(file.text.utf8), path: file.path, firstLine: file.firstLine)
                }
            }
            result.append(loader.result)
        }
        return result
    }

    /// Reads one text that names no list files.
    public static func load(text: String, path: String = "<text>") -> LoadedDocuments {
        load(bundles: [SourceBundle(files: [SourceFile(path: path, text: text)])])
    }

    /// Reads one file's bytes, which need not be text; list files have to be among those given.
    package static func load(bytes: [UInt8], path: String, lists: [String: [UInt8]]) -> LoadedDocuments {
        var loader = DocumentLoader(.bundled(lists))
        loader.read(bytes, path: path, firstLine: 1)
        return loader.result
    }

    private mutating func fail(_ path: String, _ reason: String) {
        result.add([Diagnostic(at: SourceLocation(file: path), reason)])
        result.isComplete = false
    }

    private mutating func read(_ bytes: [UInt8], path: String, firstLine: Int) {
        // libyaml takes a byte order mark for a column of the first line.
        let bytes = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
        guard !bytes.contains(0) else { return fail(path, FileProblem.binary(path, "a policy").reason) }
        guard String(validating: bytes, as: UTF8.self) != nil else { return fail(path, "is not text in UTF-8") }
        let sink = DiagnosticSink(file: path, text: bytes, firstLine: firstLine)
        if let (line, column, name) = LineBreaks.disputed(bytes) {
            let reason = "\(name) ends a line for some programs and not for others: take it out, or write it as an escape in double quotes"
            sink.report(.error, line: line, column: column, reason)
            result.isComplete = false
            return result.add(sink.diagnostics)
        }
        let composer = YAMLComposer(bytes)
        for error in composer.errors {
            sink.report(.error, line: error.line, column: error.column, error.message)
            result.isComplete = false
        }
        let reader = DocumentReader(sink: sink, readsLists: readsLists, listFile: listFile)
        let lines = SourceSlices(bytes)
        for (index, document) in composer.documents.enumerated() where !document.root.isNull {
            let next = composer.documents.indices.contains(index + 1) ? composer.documents[index + 1].firstLine : nil
            let source = SourceFile(
                path: path, text: lines.text(from: document.firstLine, upTo: next), firstLine: firstLine + document.firstLine - 1)
            if let document = reader.document(document.root, source: source) {
                result.drafts.append(document)
            } else {
                result.isComplete = false
            }
        }
        if composer.errors.isEmpty, composer.documents.allSatisfy(\.root.isNull) {
            result.add([Diagnostic(at: SourceLocation(file: path), "holds no document")])
        }
        result.add(sink.diagnostics)
    }

    /// The contents of a list file.
    private func listFile(_ name: String, file: String) throws(FileProblem) -> (path: String, bytes: [UInt8]) {
        let path = SourceBundle.resolve(name, relativeTo: file)
        switch lists {
        case .disk:
            return (path, try FileContents.read(path, limit: FileContents.listLimit, remedy: ""))
        case .bundled(let contents):
            guard let bytes = contents[path] else { throw FileProblem(path: path, reason: "was not sent with the documents") }
            return (path, bytes)
        }
    }
}

/// Cuts a text into the lines of its documents.
private struct SourceSlices {
    private let bytes: [UInt8]
    private let starts: [Int]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        starts = LineBreaks.starts(bytes)
    }

    /// The text from one line up to another, which is not part of it; nil is the end.
    func text(from line: Int, upTo end: Int?) -> String {
        let end = end.map { position($0) } ?? bytes.count
        return String(decoding: bytes[min(position(line), end)..<end], as: UTF8.self)
    }

    private func position(_ line: Int) -> Int {
        line - 1 < starts.count ? starts[max(line - 1, 0)] : bytes.count
    }
}
