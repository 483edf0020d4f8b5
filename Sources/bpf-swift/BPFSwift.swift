import EBPFCompiler
import Foundation

/// Compiles eBPF programs written in Swift by hand, as the build plugin does: for a look at what comes out.
@main
struct BPFSwift {
    static func main() {
        do {
            try run(Options(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    private static func run(_ options: Options) throws {
        switch options.task {
        case .help:
            print("\(Options.usage)\n\nTested with Swift \(Toolchain.testedVersions).")
        case .version:
            print("bpf-swift, tested with Swift \(Toolchain.testedVersions)")
            let toolchain = try options.toolchain
            let version = try toolchain.version()
            print("uses Swift \(version): \(toolchain.swiftc.path), \(toolchain.clang.path)")
            if let warning = toolchain.warning(of: version) { FileHandle.standardError.write(Data("\(warning)\n".utf8)) }
        case .module(let name, let folder):
            try options.compiler(in: folder).compileModule(name, sources: options.sources)
        case .object(let object, let folder):
            try options.compiler(in: folder).compile(options.sources, to: object)
        }
    }
}
