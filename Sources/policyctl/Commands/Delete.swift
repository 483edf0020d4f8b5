import ArgumentParser
import PolicyAPI

/// `policyctl delete`
struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes documents out of what is in force, as a revision of its own.")

    @Argument(help: ArgumentHelp("Documents, as in HostPolicy/web or AddressSet/abusers.", valueName: "kind/name"))
    var documents: [String]

    @OptionGroup var format: FormatOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        for document in documents where document.split(separator: "/", omittingEmptySubsequences: false).count != 2 {
            throw ValidationError("'\(document)' is not KIND/NAME")
        }
    }

    func run() async throws {
        let change: ChangeMessage = try await daemon.client.post(API.documents, DeleteRequest(documents: documents))
        try format.output.print(change) { ChangeText(change).text }
    }
}
