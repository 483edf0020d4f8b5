import FoundationEssentials
import PolicyAPI
import PolicyModel

/// The history of revisions in the state folder: `revisions/N.json`, and `lists/` for the contents of list files, which are large
/// and stay the same over many revisions. A revision that differs from another in entries of run time alone is `revisions/N.change`,
/// a few lines.
///
/// A revision is written before the kernel switches to it. What the kernel says is in force decides; a newer file is an apply that
/// was cut short.
struct RevisionStore: Sendable {
    /// How many revisions are kept.
    static let kept = 20
    /// The version of what is in the folder; in 2 there were no probes, in 1 no changes of entries either.
    static let version = 3
    /// The versions before, which are read as they are.
    static let readable = ["1", "2"]
    /// Changes that are read one over the other, before one says all entries again.
    static let changesInARow = 64

    private let folder: StateFolder
    private let references = RevisionReferences()

    /// A document to store, and the file its lists are in already, if they are.
    struct Item {
        var document: Document
        var storedLists: [String: String]
    }

    /// What came out of the folder.
    struct Loaded {
        var revision: StoredRevision
        /// The revision that is stored whole, itself or another, and how many changes were made to it.
        var base: RevisionBase
        var documents: DocumentCollection
        /// Where the lists of each document are kept, by the document's identity.
        var storedLists: [String: [String: String]]
    }

    /// Opens the folder, making what is missing.
    ///
    /// - Throws: if the folder is of another version, or cannot be used.
    init(path: String) throws {
        folder = StateFolder(path: path)
        try makeFolder("\(path)/revisions")
        try makeFolder("\(path)/lists")
        if let data = try folder.read("version") {
            let text = String(decoding: data, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
            guard text == String(Self.version) || Self.readable.contains(text) else {
                throw ConfigurationError(
                    "the state folder \(path) is of version '\(text)', and this policyd reads versions 1 to \(Self.version); "
                        + "use the policyd that wrote it, or another folder")
            }
            // What is written from now on they would not understand.
            if text != String(Self.version) { try writeVersion() }
        } else {
            try writeVersion()
        }
        _ = try folder.names(in: "revisions")
    }

    private func writeVersion() throws { try folder.write(Data("\(Self.version)\n".utf8), to: "version") }

    /// The numbers there are, oldest first.
    func numbers() throws -> [UInt32] {
        let numbers = try folder.names(in: "revisions").compactMap { name in
            [".json", ".change"].first { name.hasSuffix($0) }.flatMap { UInt32(name.dropLast($0.count)) }
        }
        return Set(numbers).sorted()
    }

    /// Whether enforcement was taken out on purpose: then no start puts it back.
    var isDown: Bool { (try? folder.read("down")) != nil }

    func setDown(_ isDown: Bool) throws {
        if isDown { try folder.write(Data("taken out by policyctl down\n".utf8), to: "down") } else { try folder.remove("down") }
    }

    /// What waits to be confirmed; nil if nothing does.
    ///
    /// - Throws: ``Damaged`` if the file cannot be understood.
    func confirmation() throws -> Confirmation? {
        guard let data = try folder.read("confirmation.json") else { return nil }
        do {
            return try JSON.decode(from: data)
        } catch {
            throw Damaged("what waits to be confirmed is damaged in the state folder: \(error)")
        }
    }

    /// Says what waits to be confirmed; when this returns it is on disk.
    func setConfirmation(_ confirmation: Confirmation?) throws {
        guard let confirmation else { return try folder.remove("confirmation.json", forGood: true) }
        try folder.write(try JSON.encode(confirmation), to: "confirmation.json")
    }

    /// Writes a revision; when this returns it is on disk.
    ///
    /// - Returns: where the lists of each document are kept, by the document's identity.
    @discardableResult
    func write(_ revision: StoredRevision, _ items: [Item]) throws -> [String: [String: String]] {
        let places = try prepare(revision, items)
        try commit(revision.number)
        return places
    }

    /// Has a revision on disk, where it counts for nothing until it is committed.
    ///
    /// - Returns: where the lists of each document are kept, by the document's identity.
    func prepare(_ revision: StoredRevision, _ items: [Item]) throws -> [String: [String: String]] {
        var revision = revision
        var places: [String: [String: String]] = [:]
        revision.documents = []
        for (position, item) in items.enumerated() {
            var lists = item.storedLists
            for (index, list) in item.document.lists.sorted(by: { $0.key < $1.key }).enumerated() where lists[list.key] == nil {
                let name = "\(revision.number)-\(position)-\(index)"
                try folder.write(list.value, to: "lists/\(name)")
                lists[list.key] = name
            }
            revision.documents.append(StoredDocument(source: item.document.source, lists: lists))
            places[item.document.identity] = lists
        }
        try folder.prepare(try JSON.encode(revision), for: "revisions/\(revision.number).json")
        references.set(.init(revision.documents), of: revision.number)
        return places
    }

    /// Makes a prepared revision one of those that are there.
    func commit(_ number: UInt32) throws { try folder.commit("revisions/\(number).json") }

    /// Writes a revision that differs from another in entries; when this returns it is on disk.
    func write(_ change: StoredChange) throws {
        try folder.write(try JSON.encode(change), to: "revisions/\(change.number).change")
        references.set(.init(change), of: change.number)
    }

    private func file(of number: UInt32) throws -> RevisionFile? {
        if let data = try folder.read("revisions/\(number).change") { return .change(data) }
        return try folder.read("revisions/\(number).json").map { .whole($0) }
    }

    /// Reads a revision.
    ///
    /// - Throws: if there is none of this number, or its files are damaged.
    func load(_ number: UInt32) throws -> Loaded {
        var changes: [StoredChange] = []
        var next: UInt32? = number
        while let place = next, case .change(let data) = try file(of: place) {
            let change: StoredChange
            do {
                change = try JSON.decode(from: data)
            } catch {
                throw Damaged("revision \(place) in the state folder is damaged: \(error)")
            }
            let base = changes.first?.documentsOf ?? change.documentsOf
            guard change.documentsOf == base, base < place, change.entriesOf ?? 0 < place else {
                throw Damaged("revision \(place) in the state folder is damaged: it changes a later one, or two others")
            }
            changes.append(change)
            next = change.entriesOf
        }
        let base = changes.first?.documentsOf ?? number
        var loaded = try loadWhole(base)
        loaded.base.changes = changes.count
        guard let last = changes.first else { return loaded }
        if let next, next != base { throw Damaged("revision \(number) in the state folder lacks revision \(next), which it changes") }
        // A change that is of no other says all entries there are.
        if next == nil { loaded.revision.runtimeEntries = [:] }
        for change in changes.reversed() { change.entries.apply(to: &loaded.revision.runtimeEntries) }
        loaded.revision.number = last.number
        loaded.revision.created = last.created
        loaded.revision.origin = last.origin
        return loaded
    }

    private func loadWhole(_ number: UInt32) throws -> Loaded {
        guard case .whole(let data) = try file(of: number) else { throw Damaged("revision \(number) is not in the state folder") }
        let revision: StoredRevision
        do {
            revision = try JSON.decode(from: data)
        } catch {
            throw Damaged("revision \(number) in the state folder is damaged: \(error)")
        }
        var documents: [Document] = []
        var places: [String: [String: String]] = [:]
        for stored in revision.documents {
            var lists: [String: [UInt8]] = [:]
            for (path, name) in stored.lists {
                guard let list = try folder.read("lists/\(name)") else { throw Damaged("revision \(number) lacks its list \(path)") }
                lists[path] = [UInt8](list)
            }
            let loaded = DocumentLoader.load(bundles: [SourceBundle(files: [stored.source], lists: lists)])
            guard !loaded.hasErrors else {
                throw Damaged("revision \(number) in the state folder does not load: \(Diagnostics(loaded.diagnostics))")
            }
            for document in loaded.documents { places[document.identity] = stored.lists }
            documents += loaded.documents
        }
        return Loaded(
            revision: revision, base: RevisionBase(number: number), documents: DocumentCollection(documents), storedLists: places)
    }

    /// A revision that cannot be read back.
    struct Damaged: Error, CustomStringConvertible {
        var description: String

        init(_ description: String) {
            self.description = description
        }
    }

    /// Takes a revision out: its switch did not happen.
    func remove(_ number: UInt32) throws {
        try folder.remove("revisions/\(number).json")
        try folder.remove("revisions/\(number).json.new")
        try folder.remove("revisions/\(number).change")
        references.set(nil, of: number)
    }

    /// Takes out all but the newest revisions, those they are changes of, and the lists nobody refers to any more. The lists stay if
    /// one of the revisions cannot be read.
    ///
    /// - Parameter needed: A revision that stays however old it is.
    func prune(keeping needed: UInt32? = nil) throws {
        let numbers = try numbers()
        var waiting = Array(numbers.suffix(Self.kept)) + (needed.map { [$0] } ?? [])
        var kept = Set(waiting)
        var lists: Set<String>? = []
        while let number = waiting.popLast() {
            guard let needed = try references.needed(by: number, reading: { try file(of: number) }) else {
                lists = nil
                continue
            }
            lists?.formUnion(needed.lists)
            waiting += needed.revisions.filter { kept.insert($0).inserted }
        }
        for number in numbers where !kept.contains(number) { try remove(number) }
        guard let lists else { return }
        for name in try folder.names(in: "lists") where !lists.contains(name) { try folder.remove("lists/\(name)") }
    }
}
