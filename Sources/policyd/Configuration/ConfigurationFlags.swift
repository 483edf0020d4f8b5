import ArgumentParser
import Glibc
import Logging
import PolicyAPI

/// The flags that name the configuration file and overrule it.
struct ConfigurationFlags: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "FILE"))
    var config: String?

    @Option(name: .long, help: ArgumentHelp("The Unix socket to serve on.", valueName: "PATH"))
    var socket: String?

    @Option(name: .long, help: ArgumentHelp("The group that may open the socket beside root.", valueName: "GROUP"))
    var socketGroup: String?

    @Option(name: .long, help: ArgumentHelp("Where revisions are kept.", valueName: "PATH"))
    var stateDir: String?

    @Option(name: .long, help: ArgumentHelp("The folder of the kernel objects, in a bpffs.", valueName: "PATH"))
    var bpffs: String?

    @Option(name: .long, help: ArgumentHelp("The folder that 'policyctl apply' puts in force.", valueName: "PATH"))
    var policies: String?

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("The interfaces to protect; '!' before a glob takes away.", valueName: "GLOB"))
    var interfaces: [String] = []

    @Option(name: .long, help: ArgumentHelp("How to attach: auto, tcx or clsact.", valueName: "HOW"))
    var attach: Configuration.Attachment?

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("Protected interfaces that drop early by XDP in the driver.", valueName: "GLOB"))
    var xdpNative: [String] = []

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("Protected interfaces that drop early by XDP in the kernel.", valueName: "GLOB"))
    var xdpGeneric: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Connections of each family that are established, and as many that are opening.", valueName: "N"))
    var connectionLimit: Int?

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp("How long connections outlive their last packet: udp=30s tcpEstablished=5d, …", valueName: "NAME=TIME"))
    var timeouts: [TimeoutFlag] = []

    @Option(name: .long, help: ArgumentHelp("Rules of one revision.", valueName: "N"))
    var ruleLimit: Int?

    @Option(name: .long, help: ArgumentHelp("The buffer between kernel and daemon, a power of two.", valueName: "BYTES"))
    var eventBuffer: Int?

    @Option(name: .long, help: ArgumentHelp("Events kept for 'policyctl events --last'.", valueName: "N"))
    var keepEvents: Int?

    @Option(name: .long, help: ArgumentHelp("Events that may wait for a slow follower.", valueName: "N"))
    var eventQueue: Int?

    @Option(
        name: .long, help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "LEVEL"),
        transform: readLevel)
    var logLevel: Logger.Level?

    @Option(name: .long, help: ArgumentHelp("text or json.", valueName: "FORMAT"))
    var logFormat: LogFormat?

    /// The configuration file, overruled by the flags.
    ///
    /// - Throws: ``ConfigurationError``.
    func configuration() throws -> Configuration {
        var configuration = Configuration()
        if let config {
            configuration = try Configuration(file: config)
        } else if access(Policyd.defaultFile, F_OK) == 0 {
            configuration = try Configuration(file: Policyd.defaultFile)
        }
        overrule(&configuration)
        try configuration.check()
        return configuration
    }

    func overrule(_ configuration: inout Configuration) {
        if let socket { configuration.socket = socket }
        if let socketGroup { configuration.socketGroup = socketGroup.isEmpty ? nil : socketGroup }
        if let stateDir { configuration.stateDirectory = stateDir }
        if let bpffs { configuration.bpffs = bpffs }
        if let policies { configuration.policies = policies }
        if !interfaces.isEmpty { configuration.interfaces = interfaces }
        if let attach { configuration.attach = attach }
        if !xdpNative.isEmpty { configuration.xdp.native = xdpNative }
        if !xdpGeneric.isEmpty { configuration.xdp.generic = xdpGeneric }
        if let connectionLimit { configuration.limits.connections = connectionLimit }
        for timeout in timeouts { configuration.timeouts[timeout.name] = timeout.seconds }
        if let ruleLimit { configuration.limits.rules = ruleLimit }
        if let eventBuffer { configuration.events.bufferBytes = eventBuffer }
        if let keepEvents { configuration.events.keep = keepEvents }
        if let eventQueue { configuration.events.queue = eventQueue }
        if let logLevel { configuration.log.level = logLevel }
        if let logFormat { configuration.log.format = logFormat }
    }
}

/// A time-out by its name in the configuration file.
struct TimeoutFlag: ExpressibleByArgument {
    var name: Configuration.Timeouts.Name
    var seconds: Int

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let name = Configuration.Timeouts.Name(rawValue: parts[0]),
            let seconds = Configuration.Timeouts.seconds(parts[1])
        else { return nil }
        self.name = name
        self.seconds = seconds
    }
}

/// Reads a level, naming those there are.
private func readLevel(_ text: String) throws -> Logger.Level {
    guard let level = Logger.Level(rawValue: text) else {
        throw ValidationError("'\(text)' is not a level; there are \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return level
}

extension Configuration.Attachment: ExpressibleByArgument {}
extension LogFormat: ExpressibleByArgument {}
