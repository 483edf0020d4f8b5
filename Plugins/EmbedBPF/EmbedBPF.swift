import Foundation
import PackagePlugin

/// Compiles each `*.bpf.c` below a target's folder with the toolchain's clang and embeds the object
/// in the target as `EmbeddedObject.NAME`.
///
/// `EmbeddedObject` is the type of that name in `BPF`, if the target depends on it, or one the target declares. The folder `include`
/// in the target's is searched for headers.
@main
struct EmbedBPF: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        let root = target.directoryURL
        let clang = try context.tool(named: "clang").url
        let embed = try context.tool(named: "bpf-embed").url
        var sources: [URL] = []
        var headers: [URL] = []
        let files = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            if file.lastPathComponent.hasSuffix(".bpf.c") { sources.append(file) }
            if file.pathExtension == "h" { headers.append(file) }
        }
        let imports = target.recursiveTargetDependencies.contains { $0.name == "BPF" } ? ["--import", "BPF"] : []
        return sources.sorted { $0.path < $1.path }.map { source in
            let name = source.lastPathComponent.dropLast(".bpf.c".count)
            let output = context.pluginWorkDirectoryURL.appending(path: "\(name)+Embedded.swift")
            return .buildCommand(
                displayName: "Compiling \(source.lastPathComponent) for eBPF",
                executable: embed,
                arguments: [
                    "--clang", clang.path, "--include", root.appending(path: "include").path,
                    "--output", output.path, source.path,
                ] + imports,
                inputFiles: [source] + headers, outputFiles: [output])
        }
    }
}
