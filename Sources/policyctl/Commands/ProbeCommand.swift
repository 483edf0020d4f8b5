import ArgumentParser

/// `policyctl probe`
struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe", abstract: "Loads compiled eBPF objects and shows their events.",
        subcommands: [Load.self, List.self, Events.self, Unload.self])
}
