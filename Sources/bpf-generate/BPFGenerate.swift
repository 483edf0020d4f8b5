import BPF
import Foundation

/// The build plugin's tool for types: has `bpf-embed` compile and embed one eBPF source, and writes a Swift file with what the object
/// declares.
@main
struct BPFGenerate {
    static func main() {
        do {
            try run(Options(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("error: bpf-generate: \(error)\n".utf8))
            exit(1)
        }
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    struct Options {
        var embed = ""
        var types = ""
        var output = ""
        /// What `bpf-embed` is called with.
        var passed: [String] = []

        init(_ arguments: some Sequence<String>) throws {
            var words = arguments.makeIterator()
            while let word = words.next() {
                switch word {
                case "--embed": embed = words.next() ?? ""
                case "--types": types = words.next() ?? ""
                case "--output":
                    output = words.next() ?? ""
                    passed += [word, output]
                default: passed.append(word)
                }
            }
            guard !embed.isEmpty, !types.isEmpty, !output.isEmpty else {
                throw Failure(description: "usage: bpf-generate --embed PATH --types FILE.swift --output FILE.swift OPTIONS-OF-BPF-EMBED…")
            }
        }
    }

    static func run(_ options: Options) throws {
        let embed = Process()
        embed.executableURL = URL(fileURLWithPath: options.embed)
        embed.arguments = options.passed
        try embed.run()
        embed.waitUntilExit()
        guard embed.terminationStatus == 0 else { exit(embed.terminationStatus) }
        guard let source = options.passed.last(where: { $0.hasSuffix(".bpf.c") || $0.hasSuffix(".bpf.swift") }) else {
            throw Failure(description: "no source is named")
        }
        let file = URL(fileURLWithPath: source)
        // The object lies beside the Swift file it is embedded in.
        let bytes = try Data(contentsOf: URL(fileURLWithPath: options.output + ".o"))
        let name = file.deletingPathExtension().deletingPathExtension().lastPathComponent
        let swift = try text(of: Array(bytes), name: name, source: file.lastPathComponent)
        // What is the same as before is left alone, so that nothing that depends on it is compiled again.
        if let before = try? String(contentsOfFile: options.types, encoding: .utf8), before == swift { return }
        try swift.write(toFile: options.types, atomically: true, encoding: .utf8)
    }

    /// The Swift file for an object, made from a source of C unless another is named.
    static func text(of bytes: [UInt8], name: String, source: String? = nil) throws -> String {
        let object = try OpenObject(.bytes(bytes, name: name))
        let body = ObjectWriter.text(of: object, name: name, source: source ?? "\(name).bpf.c")
        return "public import BPF\n\nextension EmbeddedObject {\n\(body)}\n"
    }
}
