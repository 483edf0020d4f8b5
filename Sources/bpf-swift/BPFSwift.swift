import EBPFCompiler
import Foundation

/// Compiles eBPF programs written in Swift by hand, as the build plugin does: for a look at what comes out.
@main
struct BPFSwift {
    static func main() {
        do {
            try run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            exit(1)
        }
    }

    struct Usage: Error, CustomStringConvertible {
        let description = """
            usage: bpf-swift [--toolchain DIR] [--headers DIR]… --work DIR --module NAME SOURCE.swift…
                   bpf-swift [--toolchain DIR] [--headers DIR]… --work DIR -o OBJECT.bpf.o SOURCE.bpf.swift…
            """
    }

    static func run(_ words: [String]) throws {
        var toolchain = folderOfCompiler
        var (work, module, output): (URL?, String?, URL?) = (nil, nil, nil)
        var (headers, sources): ([URL], [URL]) = ([], [])
        var rest = words.makeIterator()
        while let word = rest.next() {
            switch word {
            case "--toolchain", "--headers", "--work", "--module", "-o":
                guard let value = rest.next() else { throw Usage() }
                switch word {
                case "--toolchain": toolchain = URL(fileURLWithPath: value)
                case "--headers": headers.append(URL(fileURLWithPath: value))
                case "--work": work = URL(fileURLWithPath: value)
                case "--module": module = value
                default: output = URL(fileURLWithPath: value)
                }
            default: sources.append(URL(fileURLWithPath: word))
            }
        }
        guard let work, !sources.isEmpty, (module == nil) != (output == nil) else { throw Usage() }
        var compiler = EBPFCompiler(
            swiftc: toolchain.appending(path: "swiftc"), clang: toolchain.appending(path: "clang"), folder: work)
        compiler.headers = headers
        if let module { try compiler.compileModule(module, sources: sources) }
        if let output { try compiler.compile(sources, to: output) }
    }

    /// The folder on the path that holds the Swift compiler.
    static var folderOfCompiler: URL {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let folder = path.split(separator: ":").first { FileManager.default.isExecutableFile(atPath: "\($0)/swiftc") }
        return URL(fileURLWithPath: folder.map(String.init) ?? ".")
    }
}
