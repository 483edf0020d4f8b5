import ArgumentParser
import Datapath
import Glibc
import Logging
import PolicyAPI

/// `policyctl down`
struct Down: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Takes enforcement out of the kernel: no packet is judged any more.",
        discussion: """
            The daemon goes on running and keeps its revisions; 'policyctl apply' puts a policy in force again, nothing else does, a \
            restart neither. With --bpffs, which is for hosts whose daemon does not start any more, only the kernel is cleared: a daemon \
            that is started again enforces its newest revision.
            """)

    @Flag(name: [.short, .long], help: "Do not ask.")
    var yes = false

    @Option(
        name: .long,
        help: ArgumentHelp("Without a daemon: take out what is pinned in this folder of a bpffs. Needs root.", valueName: "PATH"))
    var bpffs: String?

    @OptionGroup var format: FormatOptions
    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
        if let bpffs { return try withoutDaemon(bpffs) }
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
        try confirm("\(what), on \(names.isEmpty ? "no interface" : names),")
    }

    /// Takes out what a daemon that is gone has left. A daemon that runs is not gone around: its folder is locked.
    private func withoutDaemon(_ bpffs: String) throws {
        let folder = open(bpffs, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw CommandFailure(errno == EACCES ? .notPermitted : .refused, "\(bpffs): \(errorText(errno))") }
        defer { close(folder) }
        guard flock(folder, LOCK_EX | LOCK_NB) == 0 else {
            throw CommandFailure(.refused, "a policyd is running with \(bpffs); use policyctl down without --bpffs")
        }
        guard Datapath.exists(bpffs: bpffs) else { throw CommandFailure(.refused, "\(bpffs) holds no enforcement of policyd") }
        guard yes || isatty(STDIN_FILENO) == 1 else {
            throw CommandFailure(.refused, "down takes all enforcement out; say --yes, as there is nobody to ask")
        }
        if !yes { try confirm("what is enforced by \(bpffs)") }
        do {
            let datapath = try Datapath(
                DatapathConfiguration(bpffs: bpffs), logger: Logger(label: "policyctl") { _ in SwiftLogNoOpLogHandler() })
            let down = DownMessage(revision: datapath.revisionInForce, interfaces: try datapath.status().interfaces.map(\.name))
            try datapath.remove()
            try format.output.print(down) { Self.text(down) }
        } catch let error as DatapathError {
            throw CommandFailure(geteuid() == 0 ? .refused : .notPermitted, error.description)
        }
    }

    private func confirm(_ what: String) throws {
        Output.write("Take \(what) out? Every packet passes from then on. [y/N] ")
        let answer = readLine()?.lowercased() ?? ""
        guard answer == "y" || answer == "yes" else { throw CommandFailure(.refused, "nothing was taken out") }
    }

    static func text(_ down: DownMessage) -> String {
        let what = down.revision.map { "revision \($0)" } ?? "enforcement"
        guard !down.interfaces.isEmpty else { return "\(what) is out; no interface was protected\n" }
        return "\(what) is out; no longer protected: \(down.interfaces.joined(separator: ", "))\n"
    }
}
