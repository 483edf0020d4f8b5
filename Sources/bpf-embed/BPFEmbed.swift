import Foundation

/// The build plugin's tool: compiles one eBPF source with clang and writes a Swift file that carries
/// the object as base64 in a `StaticString`, which the Swift compiler takes in at once where an array
/// literal of the same bytes costs a minute.
@main
struct BPFEmbed {
    static func main() {
        do {
            try run(Options(CommandLine.arguments.dropFirst()))
        } catch {
            FileHandle.standardError.write(Data("error: bpf-embed: \(error)\n".utf8))
            exit(1)
        }
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    struct Options {
        var clang = ""
        var output = ""
        var source = ""
        var includes: [String] = []
        var imports: [String] = []

        init(_ arguments: some Sequence<String>) throws {
            var words = arguments.makeIterator()
            while let word = words.next() {
                switch word {
                case "--clang": clang = words.next() ?? ""
                case "--output": output = words.next() ?? ""
                case "--include": includes.append(words.next() ?? "")
                case "--import": imports.append(words.next() ?? "")
                default: source = word
                }
            }
            guard !clang.isEmpty, !output.isEmpty, !source.isEmpty else {
                throw Failure(
                    description: "usage: bpf-embed --clang PATH [--include DIR]… [--import MODULE]… --output FILE.swift SOURCE.bpf.c")
            }
        }
    }

    static func run(_ options: Options) throws {
        let object = options.output + ".o"
        let clang = Process()
        clang.executableURL = URL(fileURLWithPath: options.clang)
        // -g for BTF; v3 for 32-bit registers and atomics (Linux 5.12). The multi-arch folder holds asm/types.h.
        clang.arguments =
            ["-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-fno-stack-protector"]
            // A program's context comes whether it is used or not; libbpf's BPF_PROG and BPF_KPROBE declare it by themselves.
            // So do its macros for arm64 declare constants that they set through a pointer.
            + ["-Wno-unused-parameter", "-Wno-default-const-init-var-unsafe"]
            + ["-D__TARGET_ARCH_\(architecture.bpf)", "-I/usr/include/\(architecture.multiarch)"]
            + options.includes.flatMap { ["-I", $0] }
            + ["-c", options.source, "-o", object]
        try clang.run()
        clang.waitUntilExit()
        guard clang.terminationStatus == 0 else { exit(clang.terminationStatus) }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: object))
        let name = String(URL(fileURLWithPath: options.source).lastPathComponent.dropLast(".bpf.c".count))
        let swift =
            options.imports.map { "public import \($0)\n\n" }.joined() + """
                extension EmbeddedObject {
                    /// The object compiled from `\(name).bpf.c`.
                    public static let `\(identifier(name))` = EmbeddedObject(name: "\(name)", base64: "\(bytes.base64EncodedString())")
                }

                """
        // What is the same as before is left alone, so that nothing that depends on it is compiled again.
        if let before = try? String(contentsOfFile: options.output, encoding: .utf8), before == swift { return }
        try swift.write(toFile: options.output, atomically: true, encoding: .utf8)
    }

    /// `tcp-life` becomes `tcpLife`. Names that are words of Swift's, `extension`, are names in backticks.
    static func identifier(_ name: String) -> String {
        let parts = name.split { !$0.isLetter && !$0.isNumber }
        return parts.enumerated().map { $0.offset == 0 ? String($0.element) : $0.element.prefix(1).uppercased() + $0.element.dropFirst() }
            .joined()
    }

    static var architecture: (bpf: String, multiarch: String) {
        #if arch(arm64)
            ("arm64", "aarch64-linux-gnu")
        #else
            ("x86", "x86_64-linux-gnu")
        #endif
    }
}
