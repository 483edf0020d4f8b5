public import PolicyModel

/// What has to hold of any file, however broken: it is read, or refused with a reason and its place.
///
/// What is read has to stand for itself: printed as YAML and as JSON and read again it says the same.
public struct DocumentOracle: Sendable {
    /// What came of documents.
    public enum Outcome: Sendable {
        /// They are sound.
        case read(PolicySet)
        /// They are not, and this is why.
        case refused([Diagnostic])
        /// They show a mistake of ours, in words.
        case mistake(String)
    }

    public init() {}

    /// Reads documents and looks at all that comes of it.
    public func outcome(_ documents: HostileDocuments) -> Outcome {
        let loaded = DocumentLoader.load(bytes: documents.bytes, path: documents.path, lists: documents.lists)
        for diagnostic in loaded.diagnostics + loaded.warnings() {
            if let problem = problem(diagnostic, documents) { return .mistake(problem) }
        }
        do throws(Diagnostics) {
            let policySet = try loaded.separated().policy.policySet()
            if loaded.hasErrors { return .mistake("there are errors, and a policy set") }
            for document in loaded.documents {
                if let problem = problem(document) { return .mistake(problem) }
            }
            return .read(policySet)
        } catch {
            if error.errors.isEmpty { return .mistake("it is refused without an error") }
            for diagnostic in error.all {
                if let problem = problem(diagnostic, documents) { return .mistake(problem) }
            }
            return .refused(error.all)
        }
    }

    /// What is wrong with a diagnostic itself: one that names no file, or a place that the file does not have.
    private func problem(_ diagnostic: Diagnostic, _ documents: HostileDocuments) -> String? {
        let location = diagnostic.location
        guard location.file == documents.path || documents.lists[location.file] != nil else {
            return "names no file that is there: \(diagnostic.summary)"
        }
        if diagnostic.description.utf8.count > 4_000 { return "says too much: \(diagnostic.summary.prefix(200))" }
        if diagnostic.message.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return "has a control character in its message: \(diagnostic.summary)"
        }
        // Of a file that is no text, or holds nothing, no line is to blame.
        if location.line == 0 { return nil }
        guard location.column > 0, let line = diagnostic.sourceLine else { return "has no line to show: \(diagnostic.summary)" }
        // One behind the end is where something is missing.
        guard diagnostic.sourceColumn > 0, diagnostic.sourceColumn <= line.unicodeScalars.count + 1 else {
            return "points beside its line: \(diagnostic.description)"
        }
        return nil
    }

    /// What is lost of a sound document when it is printed, or kept by itself, and read again.
    private func problem(_ document: Document) -> String? {
        let forms: [(String, SourceBundle)] = [
            ("as it stands", document.bundle),
            ("as YAML", bundle(document, document.output.yaml())),
            ("as JSON", bundle(document, document.output.json(isPretty: true))),
        ]
        for (form, bundle) in forms {
            let again = DocumentLoader.load(bundles: [bundle])
            guard again.documents.count == 1, let other = again.documents.first else {
                return "\(document.identity) cannot be read again \(form): \(again.diagnostics)\n\(bundle.files.map(\.text).joined())"
            }
            guard Self.isEqual(document.value, other.value) else {
                return "\(document.identity) is another one when it is read again \(form):\n\(document.value)\n\(other.value)"
            }
        }
        return nil
    }

    private func bundle(_ document: Document, _ text: String) -> SourceBundle {
        SourceBundle(files: [SourceFile(path: document.source.path, text: text)], lists: document.lists)
    }

    /// Whether both say the same, wherever they stand.
    private static func isEqual(_ one: Document.Value, _ other: Document.Value) -> Bool {
        switch (one, other) {
        case (.policy(let one), .policy(let other)): placeless(one) == placeless(other)
        case (.set(var one), .set(var other)):
            {
                (one.location, other.location) = (.none, .none)
                return one == other
            }()
        // Places are all over a probe, and what it says is in what it prints.
        case (.probe(let one), .probe(let other)): one.output == other.output
        default: false
        }
    }

    private static func placeless(_ policy: HostPolicy) -> HostPolicy {
        var policy = policy
        policy.location = .none
        for index in policy.ingress.indices { policy.ingress[index].location = .none }
        for index in policy.egress.indices { policy.egress[index].location = .none }
        return policy
    }
}
