import ArgumentParser
import Glibc
import PolicyAPI
import Probes

/// The command line.
@main
struct Policyctl: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policyctl",
        abstract: "Puts network policy in force and shows what it decides.",
        discussion: """
            Exit codes: 0 done, 1 refused or invalid, 2 wrong usage, 3 daemon not reachable, 4 not permitted.
            """,
        version: "0.1.0",
        subcommands: [
            Apply.self, Confirm.self, Delete.self, Diff.self, Down.self, Events.self, Flows.self, Get.self, Import.self, ProbeCommand.self,
            SetCommand.self, Status.self, Validate.self, Why.self,
        ])

    /// Before the subcommand as well as behind it.
    @OptionGroup var daemon: DaemonOptions

    static func main() async {
        // Somebody who reads only the first lines is no error: the write fails with EPIPE and ends the program quietly.
        signal(SIGPIPE, SIG_IGN)
        Inspection.serveIfAsked()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            if !failure.message.isEmpty { complain("policyctl: \(failure.message)") }
            Glibc.exit(failure.code.rawValue)
        } catch let error as ClientError {
            report(error)
        } catch let code as ExitCode {
            Glibc.exit(code.rawValue)
        } catch {
            let text = fullMessage(for: error)
            guard exitCode(for: error).isSuccess else {
                complain(text)
                Glibc.exit(exitCode(for: error) == .validationFailure ? Code.usage.rawValue : Code.refused.rawValue)
            }
            Output.write(text + "\n")
            Glibc.exit(0)
        }
    }

    /// Says why the daemon did not do what was asked, and exits accordingly.
    private static func report(_ error: ClientError) -> Never {
        switch error {
        case .refused(let failure):
            for diagnostic in failure.diagnostics ?? [] { complain(diagnostic.text) }
            complain("policyctl: \(failure.error)")
            Glibc.exit(Code.refused.rawValue)
        case .unreachable(let words), .notUnderstood(let words):
            complain("policyctl: \(words)")
            Glibc.exit(Code.unreachable.rawValue)
        case .notPermitted(let words):
            complain("policyctl: \(words)")
            Glibc.exit(Code.notPermitted.rawValue)
        }
    }
}

/// What the program's exit says.
enum Code: CInt {
    case done = 0
    /// Refused by the daemon, or what was given is invalid.
    case refused = 1
    case usage = 2
    case unreachable = 3
    case notPermitted = 4
}

/// Why a command ends without having done its work.
struct CommandFailure: Error {
    var code: Code
    /// One sentence; empty if everything has been said.
    var message: String

    init(_ code: Code, _ message: String = "") {
        self.code = code
        self.message = message
    }
}
