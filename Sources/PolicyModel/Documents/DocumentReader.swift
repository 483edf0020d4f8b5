/// Reads one document out of its nodes.
struct DocumentReader {
    static let apiVersion = "policyd/v1"

    let sink: DiagnosticSink
    /// Whether the entries of list files are read; otherwise the files are only kept.
    var readsLists = true
    /// Gives the contents of a list file that a document names, or says why it cannot.
    let listFile: (_ name: String, _ file: String) throws(FileProblem) -> (path: String, bytes: [UInt8])

    /// The document, and messages about what is wrong with it; nil if it cannot even be named.
    ///
    /// A document with mistakes lacks what is wrong; it serves only to find more of them.
    func document(_ root: YAMLNode, source: SourceFile) -> Document? {
        let keys = ["apiVersion", "kind", "metadata", "spec"]
        guard let fields = FieldReader(root, "document", keys: keys, sink: sink) else { return nil }
        let version = fields.required("apiVersion", of: "document").flatMap { node in
            fields.scalar(node, "apiVersion").map { ($0, node) }
        }
        if let (text, node) = version, text != Self.apiVersion {
            sink.error(at: node, "apiVersion: \(FieldReader.quoted(text)) is not known; this version reads '\(Self.apiVersion)'")
        }
        let kind = kind(fields)
        let metadata = fields.required("metadata", of: "document").flatMap { Metadata(reading: $0, sink) }
        guard let spec = fields.required("spec", of: "document"), let kind else { return nil }
        var draft = Draft(location: sink.location(root))
        switch kind {
        case .hostPolicy: hostPolicy(spec, metadata, &draft)
        case .addressSet: addressSet(spec, metadata, file: source.path, &draft)
        case .probe: probe(spec, metadata, &draft)
        }
        guard let metadata, let value = draft.value else { return nil }
        return Document(
            value, source: source, lists: draft.lists, nameLocation: metadata.nameLocation, setUses: draft.setUses)
    }

    /// What is known of a document while it is read.
    struct Draft {
        var location: SourceLocation
        var value: Document.Value?
        var lists: [String: [UInt8]] = [:]
        var setUses: [SetUse] = []
    }

    private func kind(_ fields: FieldReader) -> Document.Kind? {
        guard fields.required("kind", of: "document") != nil else { return nil }
        return fields.choice("kind", Document.Kind.self)
    }

    private func addressSet(_ spec: YAMLNode, _ metadata: Metadata?, file: String, _ draft: inout Draft) {
        guard let fields = FieldReader(spec, "spec", keys: ["addresses", "files"], sink: sink) else { return }
        if fields.key("addresses") == nil, fields.key("files") == nil {
            sink.error(at: spec, "spec: an AddressSet needs 'addresses', 'files' or both")
        }
        var sets: [String] = []
        let addresses: [CIDR] = fields.list("addresses", mayBeEmpty: true) { text, node in
            switch fields.setEntry(text, node, "addresses") {
            case .prefix(let entry): return entry
            case .set(let name):
                // Twice the same set is the set once, as with addresses.
                if !sets.contains(name) { sets.append(name) }
                draft.setUses.append(SetUse(set: name, field: "addresses", location: sink.location(node)))
                return nil
            case .any, nil: return nil
            }
        }
        var names: [String] = []
        var entries: [CIDR] = []
        var problems: [Diagnostic] = []
        for node in fields.list("files", mayBeEmpty: true) {
            guard let name = fields.scalar(node, "files") else { continue }
            names.append(name)
            do throws(FileProblem) {
                let (path, bytes) = try listFile(name, file)
                draft.lists[path] = bytes
                guard readsLists else { continue }
                let list = AddressList(bytes, path: path)
                entries = entries.isEmpty ? list.entries : entries + list.entries
                problems += list.diagnostics
            } catch {
                sink.error(at: node, "files: \(error.message)")
            }
        }
        sink.include(problems)
        draft.value = .set(
            AddressSet(
                name: metadata?.name ?? "", labels: metadata?.labels ?? [:], addresses: addresses, sets: sets, files: names,
                fileEntries: entries, location: draft.location))
    }
}

/// The `metadata` of a document.
struct Metadata {
    var name: String
    var nameLocation: SourceLocation
    var labels: [String: String] = [:]

    /// Reads `metadata`; nil, and messages, without a sound name.
    init?(reading node: YAMLNode, _ sink: DiagnosticSink) {
        guard let fields = FieldReader(node, "metadata", keys: ["name", "labels"], sink: sink) else { return nil }
        if let node = fields.value("labels") { labels = Self.labels(node, sink) }
        guard let node = fields.required("name", of: "metadata"), let text = fields.scalar(node, "name"),
            let name = fields.name(text, node, "name")
        else { return nil }
        self.name = name
        nameLocation = sink.location(node)
    }

    /// Characters of a label's name, each of which may take ten to write: YAML has no names of more than 1,024 (YAML 1.1, section 9.2.2).
    private static let labelLimit = 100

    private static func labels(_ node: YAMLNode, _ sink: DiagnosticSink) -> [String: String] {
        guard case .mapping(let pairs) = node.content else {
            sink.error(at: node, "labels: expected a mapping of words to values, found \(node.kindInWords)")
            return [:]
        }
        var labels: [String: String] = [:]
        for pair in pairs {
            guard case .scalar(let key, _) = pair.key.content, !key.isEmpty else {
                sink.error(at: pair.key, "labels: a key has to be a word")
                continue
            }
            guard key.unicodeScalars.count <= labelLimit else {
                sink.error(at: pair.key, "labels: \(FieldReader.shown(key)) has more than \(labelLimit) characters")
                continue
            }
            guard case .scalar(let value, _) = pair.value.content else {
                sink.error(at: pair.value, "labels: \(FieldReader.shown(key)) has to be a single value, not \(pair.value.kindInWords)")
                continue
            }
            if labels.updateValue(value, forKey: key) != nil {
                sink.error(at: pair.key, "labels: \(FieldReader.shown(key)) stands here twice")
            }
        }
        return labels
    }
}
