import EBPFCompiler
import Foundation

/// The build plugin's tool: compiles one eBPF source in C or Swift and writes a Swift file that carries the object as base64 in a
/// `StaticString`, which the Swift compiler takes in at once where an array literal of the same bytes costs a minute.
@main
struct BPFEmbed {
    static func main() {
        do {
            try embed(Options(CommandLine.arguments.dropFirst()))
        } catch let failure as EBPFCompiler.Failure {
            // What compilers say, with their places.
            FileHandle.standardError.write(Data("\(failure)\n".utf8))
            exit(1)
        } catch {
            FileHandle.standardError.write(Data("error: bpf-embed: \(error)\n".utf8))
            exit(1)
        }
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private static func embed(_ options: Options) throws {
        let object = URL(fileURLWithPath: options.output + ".o")
        let file = URL(fileURLWithPath: options.source)
        if file.pathExtension == "swift" {
            try options.compiler.compileModules(options.modules)
            try options.compiler.compile([file], to: object)
        } else {
            try compile(file, to: object, options)
        }
        let bytes = try Data(contentsOf: object)
        let name = file.deletingPathExtension().deletingPathExtension().lastPathComponent
        let swift =
            options.imports.map { "public import \($0)\n\n" }.joined() + """
                extension EmbeddedObject {
                    /// The object compiled from `\(file.lastPathComponent)`.
                    public static let `\(identifier(name))` = EmbeddedObject(name: "\(name)", base64: "\(bytes.base64EncodedString())")
                }

                """
        // What is the same as before is left alone, so that nothing that depends on it is compiled again.
        if let before = try? String(contentsOfFile: options.output, encoding: .utf8), before == swift { return }
        try swift.write(toFile: options.output, atomically: true, encoding: .utf8)
    }

    /// Compiles C. What clang has to say it says itself.
    private static func compile(_ source: URL, to object: URL, _ options: Options) throws {
        let clang = Process()
        clang.executableURL = URL(fileURLWithPath: options.clang)
        // -g for BTF; v3 for 32-bit registers and atomics (Linux 5.12). The multi-arch folder holds asm/types.h.
        var arguments = ["-target", "bpf", "-mcpu=v3", "-O2", "-g", "-Wall", "-Wextra", "-Werror", "-fno-stack-protector"]
        // A program's context comes whether it is used or not; libbpf's BPF_PROG and BPF_KPROBE declare it by themselves.
        // So do its macros for arm64 declare constants that they set through a pointer.
        arguments += ["-Wno-unused-parameter", "-Wno-default-const-init-var-unsafe"]
        arguments += ["-D__TARGET_ARCH_\(architecture.bpf)", "-I/usr/include/\(architecture.multiarch)"]
        arguments += options.includes.flatMap { ["-I", $0] }
        clang.arguments = arguments + ["-c", source.path, "-o", object.path]
        try clang.run()
        clang.waitUntilExit()
        guard clang.terminationStatus == 0 else { exit(clang.terminationStatus) }
    }

    /// `tcp-life` becomes `tcpLife`. Names that are words of Swift's, `extension`, are names in backticks.
    static func identifier(_ name: String) -> String {
        let parts = name.split { !$0.isLetter && !$0.isNumber }
        return parts.enumerated().map { $0.offset == 0 ? String($0.element) : $0.element.prefix(1).uppercased() + $0.element.dropFirst() }
            .joined()
    }

    private static var architecture: (bpf: String, multiarch: String) {
        #if arch(arm64)
            ("arm64", "aarch64-linux-gnu")
        #else
            ("x86", "x86_64-linux-gnu")
        #endif
    }
}
