import ArgumentParser
import PolicyAPI
import PolicyModel

/// `policyctl apply`
struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Puts policy in force, all of it or none of it.",
        discussion: """
            Without -f what is put in force is exactly what the daemon's policy folder holds. With -f the documents are added to what is \
            in force, or take the place of those of the same kind and name; with --replace they become the whole.
            """)

    @OptionGroup var files: FileOptions

    @Flag(name: .long, help: "The documents of -f become the whole policy.")
    var replace = false

    @Flag(name: .long, help: "Do everything but put it in force.")
    var dryRun = false

    @Flag(name: .long, help: "Warnings are errors: with one nothing is put in force.")
    var strict = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Go back to what is in force now after this time (30s, 10m), unless 'policyctl confirm' comes first.", valueName: "TIME"),
        transform: TimeToLive.read)
    var confirmWithin: TimeToLive?

    @OptionGroup var format: FormatOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        if replace, files.files.isEmpty { throw ValidationError("--replace goes with -f; without -f the folder is the whole anyway") }
        if dryRun, confirmWithin != nil { throw ValidationError("--dry-run changes nothing, so there is nothing to confirm") }
    }

    func run() async throws {
        let client = daemon.client
        let change: ChangeMessage
        if files.files.isEmpty {
            let request = ApplyFolderRequest(dryRun: dryRun, confirmWithin: confirmWithin?.seconds, strict: strict)
            change = try await withProgress("applying the policy folder") { try await client.post(API.applyFolder, request) }
        } else if let accepted = try await applyAsTheyAre(client) {
            change = accepted
        } else {
            let loaded = DocumentLoader.load(paths: files.files)
            if loaded.hasErrors { throw await mistakes(loaded, client) }
            change = try await send(loaded.upload(replace: replace, dryRun: dryRun), client)
        }
        for warning in change.warnings { complain(warning.text) }
        try format.output.print(change) { ChangeText(change).text }
    }

    /// Sends files without reading the documents in them, which the daemon does again: large ones take as long as all the rest. Nil if that
    /// cannot be, or the daemon finds mistakes, or is not there: then they are read here, for what is wrong to be said as it always is.
    private func applyAsTheyAre(_ client: Client) async throws -> ChangeMessage? {
        guard let upload = unread() else { return nil }
        do {
            return try await send(upload, client)
        } catch ClientError.refused(let failure) where failure.diagnostics != nil {
            return nil
        } catch ClientError.unreachable, ClientError.notPermitted {
            return nil
        }
    }

    /// What is to be applied, with as little of it read as can be: where documents name list files the documents, else nothing. Nil where there
    /// are mistakes.
    private func unread() -> ApplyUpload? {
        if let sources = DocumentLoader.plainSources(paths: files.files) {
            let texts = sources.map { SourceText(name: $0.path, text: $0.text, line: $0.firstLine) }
            return ApplyUpload(ApplyRequest(sources: texts, replace: replace, dryRun: dryRun), lists: [:])
        }
        // Standard input is there once.
        guard !files.files.contains("-") else { return nil }
        let loaded = DocumentLoader.load(paths: files.files, readingLists: false)
        return loaded.hasErrors ? nil : loaded.upload(replace: replace, dryRun: dryRun)
    }

    /// Asks for documents to be applied the way the options say.
    private func send(_ upload: ApplyUpload, _ client: Client) async throws -> ChangeMessage {
        var request = upload.request
        request.confirmWithin = confirmWithin?.seconds
        request.strict = strict
        return try await withProgress("applying") { [request, lists = upload.lists] in
            // Without list files as JSON alone, which daemons of earlier versions take as well.
            if lists.isEmpty { return try await client.post(API.apply, request) }
            return try await client.apply(ApplyUpload(request, lists: lists))
        }
    }

    /// Everything that is wrong with the documents, sets that are nowhere among it: those in force count, if the daemon can be asked.
    private func mistakes(_ loaded: LoadedDocuments, _ client: Client) async -> CommandFailure {
        var base: [Document] = []
        if !replace, let sets: [SetMessage] = try? await client.get(API.sets) {
            base = sets.map { Document(.set(AddressSet(name: $0.name)), source: SourceFile(path: "", text: "")) }
        }
        do throws(Diagnostics) {
            _ = try loaded.policySet(over: DocumentCollection(base))
            return refuse(Diagnostics(loaded.diagnostics), "nothing was applied, what was in force stays")
        } catch {
            return refuse(error, "nothing was applied, what was in force stays")
        }
    }
}
