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
    func request(replace: Bool, dryRun: Bool) -> ApplyRequest {
        var lists: [String: [UInt8]] = [:]
        for document in documents { lists.merge(document.lists) { $1 } }
        return ApplyRequest(
            sources: documents.map { SourceText(name: $0.source.path, text: $0.source.text, line: $0.source.firstLine) },
            lists: lists.sorted { $0.key < $1.key }.map { SourceText(name: $0.key, text: String(decoding: $0.value, as: UTF8.self)) },
            replace: replace, dryRun: dryRun)
    }
}
