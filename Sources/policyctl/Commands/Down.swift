import ArgumentParser
import Glibc
import PolicyAPI

/// `policyctl down`
struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes enforcement out of the kernel: no packet is judged any more.",
        discussion: "The daemon goes on running and keeps its revisions; 'policyctl apply' puts a policy in force again.")

    @Flag(name: [.short, .long], help: "Do not ask.")
    var yes = false

    @OptionGroup var format: FormatOptions
    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
        if !yes {
            guard isatty(STDIN_FILENO) == 1 else {
                throw CommandFailure(.refused, "down takes all enforcement out; say --yes, as there is nobody to ask")
            }
            try await ask()
        }
        struct Nothing: Encodable {}
        let down: DownMessage = try await daemon.client.post(API.down, Nothing())
        try format.output.print(down) { Self.text(down) }
    }

    private func ask() async throws {
        let status: StatusMessage = try await daemon.client.get(API.status)
        let names = status.interfaces.map(\.name).joined(separator: ", ")
        let what = status.revision.map { "revision \($0.number)" } ?? "enforcement"
        Output.write("Take \(what) out on \(names.isEmpty ? "no interface" : names)? Every packet passes from then on. [y/N] ")
        let answer = readLine()?.lowercased() ?? ""
        guard answer == "y" || answer == "yes" else { throw CommandFailure(.refused, "nothing was taken out") }
    }

    static func text(_ down: DownMessage) -> String {
        let what = down.revision.map { "revision \($0)" } ?? "enforcement"
        guard !down.interfaces.isEmpty else { return "\(what) is out; no interface was protected\n" }
        return "\(what) is out; no longer protected: \(down.interfaces.joined(separator: ", "))\n"
    }
}
