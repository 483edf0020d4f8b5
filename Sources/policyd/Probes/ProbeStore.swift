import FoundationEssentials
import PolicyAPI
import PolicyModel
import Probes

/// The probes that outlive the daemon, in the state folder: `probes/NAME.json`, and `objects/SHA-256` for their bytes.
struct ProbeStore: Sendable {
    /// A probe as the folder keeps it: enough to load it again, or to find it at work.
    struct Stored: Codable, Sendable {
        var source: SourceFile
        /// The SHA-256 of the object, which its file is named by.
        var object: String
        /// The pins' generation.
        var generation: Int
        var loaded: Timestamp
        /// What is pinned; nil if it has to be loaded again.
        var record: LoadedProbe.Record?
    }

    private let folder: StateFolder

    /// Opens the folder, making what is missing.
    init(path: String) throws {
        folder = StateFolder(path: path)
        try makeFolder("\(path)/probes")
        try makeFolder("\(path)/objects")
    }

    private static func file(_ name: String) -> String { "probes/\(name).json" }
    private static func objectFile(_ digest: String) -> String { "objects/\(digest)" }

    /// The names there are.
    func names() throws -> [String] {
        try folder.names(in: "probes").compactMap { $0.hasSuffix(".json") ? String($0.dropLast(5)) : nil }.sorted()
    }

    /// Reads a probe and its object's bytes.
    ///
    /// - Throws: if the files are damaged.
    func load(_ name: String) throws -> (stored: Stored, document: Document, object: [UInt8]) {
        guard let data = try folder.read(Self.file(name)) else { throw RevisionStore.Damaged("probe \(name) is not in the state folder") }
        let stored: Stored
        do {
            stored = try JSON.decode(from: data)
        } catch {
            throw RevisionStore.Damaged("probe \(name) in the state folder is damaged: \(error)")
        }
        let loaded = DocumentLoader.load(bundles: [SourceBundle(files: [stored.source])])
        guard let document = loaded.documents.first, document.identity == "Probe/\(name)" else {
            throw RevisionStore.Damaged("probe \(name) in the state folder does not load: \(Diagnostics(loaded.diagnostics))")
        }
        guard let bytes = try folder.read(Self.objectFile(stored.object)).map({ [UInt8]($0) }),
            SHA256Digest(of: bytes).description == stored.object
        else { throw RevisionStore.Damaged("the object of probe \(name) in the state folder is gone or damaged") }
        return (stored, document, bytes)
    }

    /// Writes a probe; when this returns it is on disk.
    func write(_ stored: Stored, name: String, object: [UInt8]) throws {
        let file = Self.objectFile(stored.object)
        if try folder.read(file) == nil { try folder.write(object, to: file) }
        try folder.write(try JSON.encode(stored), to: Self.file(name))
        prune()
    }

    /// Takes a probe out; it may be gone already.
    func remove(_ name: String) throws {
        try folder.remove(Self.file(name), forGood: true)
        prune()
    }

    /// Takes out the objects nobody refers to any more; they stay if one of the probes cannot be read. What cannot be taken out stays until
    /// the next change: what is to be kept is kept all the same.
    private func prune() {
        guard let names = try? names(), let objects = try? folder.names(in: "objects") else { return }
        var used: Set<String> = []
        for name in names {
            guard let data = try? folder.read(Self.file(name)), let stored = try? JSON.decode(Stored.self, from: data) else { return }
            used.insert(stored.object)
        }
        for object in objects where !used.contains(object) { try? folder.remove(Self.objectFile(object)) }
    }
}
