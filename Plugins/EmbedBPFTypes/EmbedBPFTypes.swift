import Foundation
import PackagePlugin

/// Does what `EmbedBPF` does, and for each object also writes what it declares as Swift, in `EmbeddedObject.Name`: structs, unions and enums,
/// and the names of maps, programs and global variables with their types. The target must depend on `BPF`.
@main
struct EmbedBPFTypes: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        let sources = ProgramSources(of: target)
        let swift = sources.hasSwift ? try SwiftPrograms(for: target, in: context) : nil
        guard sources.isPossible(for: target, with: swift) else { return [] }
        let clang = try context.tool(named: "clang").url
        let embed = try context.tool(named: "bpf-embed").url
        let generate = try context.tool(named: "bpf-generate").url
        let include = target.directoryURL.appending(path: "include").path
        return sources.programs.map { source in
            let name = ProgramSources.name(of: source)
            let object = context.pluginWorkDirectoryURL.appending(path: "\(name)+Embedded.swift")
            let types = context.pluginWorkDirectoryURL.appending(path: "\(name)+Types.swift")
            let isSwift = ProgramSources.isSwift(source)
            let options = isSwift ? swift?.options ?? [] : ["--clang", clang.path, "--include", include]
            return Command.buildCommand(
                displayName: "Compiling \(source.lastPathComponent) for eBPF",
                executable: generate,
                arguments: ["--embed", embed.path, "--types", types.path] + options
                    + ["--import", "BPF", "--output", object.path, source.path],
                inputFiles: [source] + (isSwift ? swift?.inputs ?? [] : sources.headers), outputFiles: [object, types])
        }
    }
}
