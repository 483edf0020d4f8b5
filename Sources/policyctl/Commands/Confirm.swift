import ArgumentParser
import PolicyAPI

/// `policyctl confirm`
struct Confirm: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keeps what was applied with --confirm-within.",
        discussion: "Without it the daemon goes back by itself, when the time is over, to what was in force before.")

    @OptionGroup var format: FormatOptions
    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
        struct Nothing: Encodable {}
        let confirmed: ConfirmedMessage = try await daemon.client.post(API.confirm, Nothing())
        try format.output.print(confirmed) { "revision \(confirmed.revision) is confirmed and stays\n" }
    }
}

extension ConfirmationMessage {
    /// What happens unless it is confirmed: `goes back to revision 11 at 2026-11-21T12:00:00Z`.
    var consequence: String {
        "goes back to \(back.map { "revision \($0)" } ?? "no policy at all") at \(Shown.time(until))"
    }
}
