import ArgumentParser
import FoundationEssentials
import Glibc
import Logging
import PolicyAPI
import Probes

/// The daemon's command line.
@main
struct Policyd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policyd",
        abstract: "Enforces network policy in the kernel and tells what was decided.",
        discussion: """
            Without --config the file /etc/policyd/policyd.yaml is read if it is there. Every setting of the file has a flag, and a flag \
            wins. SIGHUP reads the file again; SIGTERM ends the daemon and leaves enforcement in place (`policyctl down` takes it out).
            """,
        version: Build.version)

    @OptionGroup var flags: ConfigurationFlags

    /// The file that is read if no other is named.
    static let defaultFile = "/etc/policyd/policyd.yaml"

    func run() async throws {
        // Everything the daemon makes is its own: the socket is widened on purpose where a group is configured.
        umask(0o077)
        let configuration: Configuration
        do {
            configuration = try flags.configuration()
        } catch let error as ConfigurationError {
            complain(error.description)
            throw ExitCode(1)
        }

        let settings = LogSettings(level: configuration.log.level, format: configuration.log.format)
        let underJournal = getenv("JOURNAL_STREAM") != nil && isatty(STDERR_FILENO) == 0
        LoggingSystem.bootstrap { label in
            StandardErrorLog(label: label, settings: settings, underJournal: underJournal)
        }
        let logger = Logger(label: "policyd")
        do {
            let daemon = try Daemon(configuration: configuration, flags: flags, settings: settings, logger: logger)
            try await daemon.run()
        } catch {
            logger.critical("\(error)")
            ServiceNotification(address: environmentVariable("NOTIFY_SOCKET")).status("failed: \(error)")
            throw ExitCode(1)
        }
    }

    /// The daemon's exit codes are those of `policyctl`: 2 for wrong usage.
    static func main() async {
        // What the daemon has another process do, before anything else of it is there.
        Inspection.serveIfAsked()
        returnLargeBlocks()
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            Glibc.exit(code.rawValue)
        } catch {
            let text = fullMessage(for: error)
            if exitCode(for: error).isSuccess {
                print(text)
                Glibc.exit(0)
            }
            complain(text)
            Glibc.exit(2)
        }
    }
}

/// What was built.
enum Build {
    static let version = "0.1.0"
}

/// A line on standard error.
func complain(_ text: String) {
    writeAll(Array((text + "\n").utf8), to: STDERR_FILENO)
}

/// A variable of the environment; nil if it is not set.
func environmentVariable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}
