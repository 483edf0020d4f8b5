import ArgumentParser
import PolicyAPI
import PolicyModel

/// The option of commands that read documents from files.
struct FileOptions: ParsableArguments {
    @Option(
        name: [.customShort("f"), .customLong("file")], parsing: .upToNextOption,
        help: ArgumentHelp("Files of documents; '-' is standard input.", valueName: "path"))
    var files: [String] = []
}

/// Prints findings and ends the program's work.
///
/// - Parameter consequence: what comes of it, in a clause: `nothing was applied`.
func refuse(_ diagnostics: Diagnostics, _ consequence: String) -> CommandFailure {
    for diagnostic in diagnostics.all { complain(diagnostic.description) }
    return CommandFailure(.refused, "\(Shown.counted(diagnostics.errors.count, "error")); \(consequence)")
}

extension LoadedDocuments {
    /// The documents as the daemon takes them.
    func upload(replace: Bool, dryRun: Bool) -> ApplyUpload {
        var lists: [String: [UInt8]] = [:]
        for document in documents { lists.merge(document.lists) { $1 } }
        return ApplyUpload(
            ApplyRequest(
                sources: documents.map { SourceText(name: $0.source.path, text: $0.source.text, line: $0.source.firstLine) },
                replace: replace, dryRun: dryRun),
            lists: lists)
    }
}
