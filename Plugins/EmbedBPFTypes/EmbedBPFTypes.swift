import Foundation
import PackagePlugin

/// Does what `EmbedBPF` does, and for each object also writes what it declares as Swift, in `EmbeddedObject.Name`: structs, unions and enums,
/// and the names of maps, programs and global variables with their types. The target must depend on `BPF`.
@main
struct EmbedBPFTypes: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        let root = target.directoryURL
        let clang = try context.tool(named: "clang").url
        let embed = try context.tool(named: "bpf-embed").url
        let generate = try context.tool(named: "bpf-generate").url
        var sources: [URL] = []
        var headers: [URL] = []
        let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            if file.lastPathComponent.hasSuffix(".bpf.c") { sources.append(file) }
            if file.pathExtension == "h" { headers.append(file) }
        }
        return sources.sorted { $0.path < $1.path }.map { source in
            let name = source.lastPathComponent.dropLast(".bpf.c".count)
            let object = context.pluginWorkDirectoryURL.appending(path: "\(name)+Embedded.swift")
            let types = context.pluginWorkDirectoryURL.appending(path: "\(name)+Types.swift")
            return .buildCommand(
                displayName: "Compiling \(source.lastPathComponent) for eBPF",
                executable: generate,
                arguments: [
                    "--embed", embed.path, "--types", types.path, "--clang", clang.path,
                    "--include", root.appending(path: "include").path, "--import", "BPF", "--output", object.path, source.path,
                ],
                inputFiles: [source] + headers, outputFiles: [object, types])
        }
    }
}
