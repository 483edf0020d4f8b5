import Foundation
import PackagePlugin

/// What eBPF programs in Swift are compiled with: the toolchain, and the modules they import.
///
/// Modules are the target's own dependencies: `EBPF`, and the Swift targets that depend on it and on nothing but such targets and C headers.
/// Swift compiles the same sources for the host.
struct SwiftPrograms {
    private let swiftc: URL
    private let clang: URL
    private let folder: URL
    private let modules: [SwiftSourceModuleTarget]
    /// Folders of `module.modulemap`.
    private let headers: [URL]

    /// - Throws: when no toolchain is found.
    init(for target: any Target, in context: PluginContext) throws {
        swiftc = try context.tool(named: "swiftc").url
        clang = try context.tool(named: "clang").url
        folder = context.pluginWorkDirectoryURL
        var modules: [SwiftSourceModuleTarget] = []
        // What others depend on comes before them.
        for dependency in target.recursiveTargetDependencies {
            guard let module = dependency as? SwiftSourceModuleTarget, module.kind == .generic else { continue }
            let others = module.recursiveTargetDependencies.filter { !Self.isHeaders($0) }
            let isShared = others.contains { $0.name == "EBPF" } && others.allSatisfy { other in modules.contains { $0.id == other.id } }
            if module.name == "EBPF" || isShared { modules.append(module) }
        }
        self.modules = modules
        headers = target.recursiveTargetDependencies.filter(Self.isHeaders).map(\.directoryURL)
    }

    /// Whether it is C that needs no library.
    private static func isHeaders(_ target: any Target) -> Bool {
        guard let system = target as? SystemLibraryTarget else { return false }
        return system.pkgConfig == nil
    }

    /// Whether there is what programs are written with.
    var isComplete: Bool { modules.contains { $0.name == "EBPF" } }

    private static func sources(of module: SwiftSourceModuleTarget) -> [URL] {
        module.sourceFiles.filter { $0.type == .source }.map(\.url)
    }

    /// The options of `bpf-embed`. The first program that is compiled compiles the modules with it, in the plugin's folder: a command of
    /// their own would have outputs that the package's builder takes for resources.
    var options: [String] {
        ["--swiftc", swiftc.path, "--clang", clang.path, "--work", folder.path] + headers.flatMap { ["--headers", $0.path] }
            + modules.flatMap { ["--module", $0.moduleName] + Self.sources(of: $0).map(\.path) }
    }

    /// What a program is compiled again for when it changes.
    var inputs: [URL] {
        modules.flatMap(Self.sources)
            + headers.flatMap { folder in
                let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                return (files ?? []).filter { $0.pathExtension == "h" || $0.lastPathComponent == "module.modulemap" }
            }
    }
}

/// The programs below a target's folder, and what they are compiled with.
struct ProgramSources {
    /// `*.bpf.c` and `*.bpf.swift`, by path.
    private(set) var programs: [URL] = []
    /// C headers.
    private(set) var headers: [URL] = []

    init(of target: any Target) {
        let files = FileManager.default.enumerator(at: target.directoryURL, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            if Self.isProgram(file) { programs.append(file) }
            if file.pathExtension == "h" { headers.append(file) }
        }
        programs.sort { $0.path < $1.path }
    }

    static func isSwift(_ program: URL) -> Bool { program.lastPathComponent.hasSuffix(".bpf.swift") }
    private static func isProgram(_ file: URL) -> Bool { isSwift(file) || file.lastPathComponent.hasSuffix(".bpf.c") }

    /// What stands before `.bpf.`.
    static func name(of program: URL) -> String {
        String(program.deletingPathExtension().deletingPathExtension().lastPathComponent)
    }

    var hasSwift: Bool { programs.contains(where: Self.isSwift) }

    /// Says what in the package's description stands in the way; whether nothing does.
    func isPossible(for target: any Target, with swift: SwiftPrograms?) -> Bool {
        var isPossible = true
        func refuse(_ words: String) {
            Diagnostics.error(words)
            isPossible = false
        }
        if let swift, !swift.isComplete {
            refuse("target '\(target.name)' has eBPF programs in Swift: it must depend on 'EBPF'")
        }
        // Files that are neither sources nor excluded are listed too, as unknown ones.
        let compiled = target.sourceModule?.sourceFiles.filter { $0.type == .source }.map(\.url).filter(Self.isSwift) ?? []
        if let first = compiled.first {
            refuse("'\(first.lastPathComponent)' is not for the host: leave it out of '\(target.name)' by 'sources:' or 'exclude:'")
        }
        for (program, next) in zip(programs, programs.dropFirst()) where Self.name(of: program) == Self.name(of: next) {
            refuse("'\(program.path)' and '\(next.path)' make objects of one name")
        }
        return isPossible
    }
}
