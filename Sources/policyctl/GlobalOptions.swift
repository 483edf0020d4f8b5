import ArgumentParser
import PolicyAPI

/// The options of every command that speaks with the daemon.
struct DaemonOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The daemon's socket (default: $\(API.socketVariable) or \(API.defaultSocket)).", valueName: "PATH"))
    var socket: String?

    var client: Client {
        let fromEnvironment = environmentVariable(API.socketVariable).flatMap { $0.isEmpty ? nil : $0 }
        return Client(socket: socket ?? fromEnvironment ?? API.defaultSocket)
    }
}

/// The option of every command that colours.
struct ColorOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Colour the output: auto, always or never.", valueName: "WHEN"))
    var color = ColorChoice.auto

    /// The colours for standard output.
    var palette: Palette { Palette(isOn: color.isOn(for: 1)) }
}

/// How a list or an object is printed.
enum Format: String, ExpressibleByArgument, CaseIterable {
    case table
    case yaml
    case json
}

/// The option of every command that prints a list or an object.
struct FormatOptions: ParsableArguments {
    @Option(name: [.customShort("o"), .long], help: ArgumentHelp("table, yaml or json.", valueName: "FORMAT"))
    var output = Format.table
}

/// Sets a filter by the options of a command that were given. What is no value of an option is wrong usage.
func setFilter(_ options: [(String, String?)], _ set: (String, String) throws(EventFilter.Invalid) -> Bool) throws {
    for (name, value) in options {
        guard let value else { continue }
        do throws(EventFilter.Invalid) {
            _ = try set(name, value)
        } catch {
            throw ValidationError("--\(error)")
        }
    }
}
