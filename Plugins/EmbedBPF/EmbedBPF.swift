import Foundation
import PackagePlugin

/// Compiles each `*.bpf.c` and `*.bpf.swift` below a target's folder with the toolchain's compilers and embeds the object in the target as
/// `EmbeddedObject.NAME`.
///
/// `EmbeddedObject` is the type of that name in `BPF`, if the target depends on it, or one the target declares. The folder `include`
/// in the target's is searched for headers. For programs in Swift the target depends on `EBPF`, and leaves them out of what Swift compiles
/// for the host, by `sources:` or `exclude:`; they import `EBPF` and the targets among the dependencies that are made of it alone.
@main
struct EmbedBPF: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) async throws -> [Command] {
        let sources = ProgramSources(of: target)
        let swift = sources.hasSwift ? try SwiftPrograms(for: target, in: context) : nil
        guard sources.isPossible(for: target, with: swift) else { return [] }
        let clang = try context.tool(named: "clang").url
        let embed = try context.tool(named: "bpf-embed").url
        let include = target.directoryURL.appending(path: "include").path
        let imports = target.recursiveTargetDependencies.contains { $0.name == "BPF" } ? ["--import", "BPF"] : []
        return sources.programs.map { source in
            let output = context.pluginWorkDirectoryURL.appending(path: "\(ProgramSources.name(of: source))+Embedded.swift")
            let isSwift = ProgramSources.isSwift(source)
            let options = isSwift ? swift?.options ?? [] : ["--clang", clang.path, "--include", include]
            return Command.buildCommand(
                displayName: "Compiling \(source.lastPathComponent) for eBPF",
                executable: embed,
                arguments: options + ["--output", output.path, source.path] + imports,
                inputFiles: [source] + (isSwift ? swift?.inputs ?? [] : sources.headers), outputFiles: [output])
        }
    }
}
