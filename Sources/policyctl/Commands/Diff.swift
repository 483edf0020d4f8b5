import ArgumentParser
import PolicyAPI
import PolicyCompiler
import PolicyModel

/// `policyctl diff`
struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows what an apply would change: documents, rules, sets, and packets whose verdict changes.",
        discussion: """
            Takes -f and --replace as apply does, and compares with what is in force; without -f it is the daemon's policy folder that is \
            compared. With --against two groups of files are compared without a daemon. The packets shown were found by comparing the \
            two policies as wholes; where none is found and the search came to its end, no packet's verdict changes.
            """)

    @OptionGroup var files: FileOptions

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("Compare with these files instead of with what is in force.", valueName: "path"))
    var against: [String] = []

    @Flag(name: .long, help: "The documents of -f are the whole policy.")
    var replace = false

    @Flag(name: .long, help: "Exit 1 if anything differs.")
    var exitCode = false

    @Flag(name: .long, help: "Warnings are errors.")
    var strict = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var color: ColorOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        if replace, files.files.isEmpty { throw ValidationError("--replace goes with -f; without -f the folder is the whole anyway") }
        if replace, !against.isEmpty { throw ValidationError("--replace is about what is in force; with --against it has no meaning") }
        if !against.isEmpty, files.files.isEmpty { throw ValidationError("--against goes with -f: say which files to compare") }
    }

    func run() async throws {
        let (old, new, findings) = try await against.isEmpty ? inForce() : offline()
        let isRefused = strict && findings.contains { $0.severity == .warning }
        let shown = strict ? findings.map(\.strict) : findings
        let difference = PolicyDifference(from: old, to: new)
        let message = DifferenceMessage(difference, shown)
        if format.output == .table {
            for finding in shown { complain(finding.description) }
        }
        try format.output.print(message) { DifferenceText(difference, color.palette).text }
        if isRefused {
            throw CommandFailure(.refused, "\(Shown.counted(Diagnostics(shown).errors.count, "error")), as warnings are errors")
        }
        if exitCode, !difference.isEmpty { throw CommandFailure(.refused) }
    }

    private typealias Sides = (old: PolicySet, new: PolicySet, findings: [Diagnostic])

    /// Both sides from files.
    private func offline() throws -> Sides {
        let (loaded, base) = (DocumentLoader.load(paths: files.files), DocumentLoader.load(paths: against))
        do throws(Diagnostics) {
            let old = try base.policySet()
            let new = try loaded.policySet()
            return (old, new, loaded.diagnostics + loaded.findings(policySet: new))
        } catch {
            throw refuse(error, "nothing was compared")
        }
    }

    /// What is in force, and what would be.
    private func inForce() async throws -> Sides {
        let client = daemon.client
        let message: DocumentsMessage = try await client.get(API.documents)
        let loaded: LoadedDocuments
        if files.files.isEmpty {
            let status: StatusMessage = try await client.get(API.status)
            loaded = DocumentLoader.load(folder: status.folder.path)
        } else {
            loaded = DocumentLoader.load(paths: files.files)
        }
        do throws(Diagnostics) {
            let inForce = DocumentCollection(DocumentLoader.load(bundles: message.bundles).documents)
            let base = replace || files.files.isEmpty ? DocumentCollection() : inForce
            let old = try inForce.policySet().adding(message.runtimeEntries)
            let new = try loaded.policySet(over: base).adding(message.runtimeEntries)
            return (old, new, loaded.diagnostics + loaded.findings(over: base, policySet: new))
        } catch {
            throw refuse(error, "nothing was compared, what was in force stays")
        }
    }
}

extension DocumentsMessage {
    /// The texts as the loader takes them.
    fileprivate var bundles: [SourceBundle] {
        documents.map { item in
            SourceBundle(
                files: [SourceFile(path: item.source.name, text: item.source.text, firstLine: item.source.line ?? 1)],
                lists: Dictionary(item.lists.map { ($0.name, Array($0.text.utf8)) }) { $1 })
        }
    }
}

extension PolicySet {
    /// With the entries that sets were given at run time, as far as the sets are there.
    fileprivate func adding(_ entries: [String: [String]]) -> PolicySet {
        var policySet = self
        for (name, entries) in entries where sets[name] != nil {
            try? policySet.setRuntimeEntries(entries.compactMap { CIDR($0) }, of: name)
        }
        return policySet
    }
}
