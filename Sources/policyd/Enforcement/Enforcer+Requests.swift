import HTTPTypes
import PolicyAPI
import PolicyCompiler
import PolicyModel

/// What clients ask for.
extension Enforcer {
    /// Puts documents in force, added to what is there or in its place.
    func apply(_ upload: ApplyUpload, by peer: String) async throws -> ChangeMessage {
        let start = ContinuousClock.now
        return try await serially { [self] in
            let request = upload.request
            if !request.dryRun { try refuseWhileWaiting() }
            let loaded = DocumentLoader.load(bundles: [upload.bundle])
            let names = Array(Set(request.sources.map(\.name))).sorted().joined(separator: " ")
            let base = request.replace ? DocumentCollection() : inForce?.documents ?? DocumentCollection()
            return try change(
                to: loaded, over: base, origin: "apply -f \(names.prefix(200))\(request.replace ? " --replace" : "") by \(peer)",
                dryRun: request.dryRun, confirmWithin: request.confirmWithin, analysis: request.strict ? .whole : .brief, since: start)
        }
    }

    /// Puts in force exactly what the policy folder holds.
    func applyFolder(_ request: ApplyFolderRequest, by peer: String) async throws -> ChangeMessage {
        let start = ContinuousClock.now
        return try await serially { [self] in
            if !request.dryRun { try refuseWhileWaiting() }
            return try applyFolder(
                origin: "apply folder \(configuration.policies) by \(peer)", dryRun: request.dryRun,
                confirmWithin: request.confirmWithin, strict: request.strict, since: start)
        }
    }

    /// Puts the policy folder in force, as it was read. Nobody waits for warnings. Only to be called on the thread of changes.
    func applyFolderAtStart(_ loaded: LoadedDocuments) throws {
        _ = try change(
            to: checked(loaded), over: DocumentCollection(), origin: "policy folder \(configuration.policies) at start", dryRun: false,
            confirmWithin: nil, analysis: nil, since: .now)
    }

    /// A folder without documents is a mistake.
    private func checked(_ loaded: LoadedDocuments) throws -> LoadedDocuments {
        guard !loaded.documents.isEmpty || loaded.hasErrors else {
            throw Refusal(
                .unprocessableContent,
                "the policy folder \(configuration.policies) holds no documents; `policyctl down` takes enforcement out")
        }
        return loaded
    }

    /// Only to be called on the thread of changes.
    func applyFolder(
        origin: String, dryRun: Bool, confirmWithin: Double? = nil, strict: Bool = false, since start: ContinuousClock.Instant
    ) throws -> ChangeMessage {
        try change(
            to: checked(DocumentLoader.load(folder: configuration.policies)), over: DocumentCollection(), origin: origin, dryRun: dryRun,
            confirmWithin: confirmWithin, analysis: strict ? .whole : .brief, since: start)
    }

    /// How far a policy is looked through for what was hardly meant.
    private enum Analysis {
        case brief
        /// All of it, and what is found is an error.
        case whole
    }

    private func change(
        to loaded: LoadedDocuments, over base: DocumentCollection, origin: String, dryRun: Bool, confirmWithin: Double?,
        analysis: Analysis?, since start: ContinuousClock.Instant
    ) throws -> ChangeMessage {
        let policySet: PolicySet
        do throws(Diagnostics) {
            policySet = try loaded.policySet(over: base)
        } catch {
            throw Refusal(error)
        }
        var documents = base
        documents.apply(loaded.documents)
        let target = Target(
            documents: documents, runtimeEntries: inForce?.runtimeEntries ?? [:], policySet: policySet, origin: origin)
        // Done beside everything else: only who asks for all of it waits for it.
        let warnings = analysis.map { analysis in
            let policySet = policySet.adding(target.runtimeEntries)
            return Ahead {
                let found =
                    loaded.diagnostics
                    + loaded.findings(over: base, policySet: policySet, budget: analysis == .whole ? AnalysisBudget() : .brief)
                if analysis == .whole, found.contains(where: { $0.severity == .warning }) {
                    throw Refusal(Diagnostics(found.map(\.strict)))
                }
                return found.map { DiagnosticMessage($0) }
            }
        }
        if analysis == .whole { _ = try warnings?.get() }
        return try change(to: target, dryRun: dryRun, confirmWithin: confirmWithin, warnings: warnings, since: start)
    }

    /// Takes documents out, all of them or none.
    func delete(_ request: DeleteRequest, by peer: String) async throws -> ChangeMessage {
        let start = ContinuousClock.now
        return try await serially { [self] in
            try refuseWhileWaiting()
            guard let inForce else { throw Refusal(.notFound, "no policy is in force") }
            guard !request.documents.isEmpty else { throw Refusal(.badRequest, "no document is named") }
            var documents = inForce.documents
            for identity in request.documents {
                let parts = identity.split(separator: "/", maxSplits: 1).map(String.init)
                guard parts.count == 2, let kind = Document.Kind(named: parts[0]) else {
                    let kinds = Document.Kind.allCases.filter { $0 != .probe }.map(\.rawValue).joined(separator: " and ")
                    throw Refusal(.badRequest, "'\(identity)' is not KIND/NAME; kinds are \(kinds)")
                }
                guard kind != .probe else {
                    throw Refusal(
                        .badRequest, "\(identity): probes are no part of a policy; policyctl probe unload \(parts[1]) takes it out")
                }
                guard documents.remove(kind, parts[1]) else {
                    let names = documents.documents.filter { $0.kind == kind }.map(\.name)
                    let near = Spelling.nearest(to: parts[1], among: names).map { "; did you mean \(kind.rawValue)/\($0)?" } ?? ""
                    throw Refusal(.notFound, "\(kind.rawValue)/\(parts[1]) is not in force\(near)")
                }
            }
            let target = Target(
                documents: documents, runtimeEntries: inForce.runtimeEntries,
                origin: "delete \(request.documents.joined(separator: " ").prefix(200)) by \(peer)")
            return try change(to: target, since: start)
        }
    }
}

extension Document.Kind {
    /// A kind by its name, in any case.
    init?(named name: String) {
        guard let kind = Document.Kind.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else { return nil }
        self = kind
    }
}

extension ApplyUpload {
    /// The documents' texts and lists as the loader takes them.
    var bundle: SourceBundle {
        SourceBundle(
            files: request.sources.map { SourceFile(path: $0.name, text: $0.text, firstLine: $0.line ?? 1) }, lists: lists)
    }
}

extension Refusal {
    /// Documents with errors; what is in force stays.
    init(_ diagnostics: Diagnostics) {
        let count = diagnostics.errors.count
        self.init(
            .unprocessableContent, "refused: \(count) \(count == 1 ? "error" : "errors"); what was in force stays",
            diagnostics: diagnostics.all.map(DiagnosticMessage.init))
    }

    init(noSet name: String, in policySet: PolicySet) {
        let near = Spelling.nearest(to: name, among: policySet.sets.keys).map { "; did you mean '\($0)'?" } ?? ""
        self.init(.notFound, "there is no set '\(name)' in force\(near)")
    }
}
