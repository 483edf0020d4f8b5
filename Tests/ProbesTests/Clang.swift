import BPFTesting
import Foundation
import Testing

/// The toolchain's compiler, as the build plugin calls it.
enum Clang {
    /// Compiles a source to an object.
    static func object(_ source: String, name: String = "x", _ flags: String...) throws -> [UInt8] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bpftest-\(getpid())-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (input, output) = (folder.appending(path: "\(name).c"), folder.appending(path: "\(name).o"))
        try Data(source.utf8).write(to: input)
        let target = flags.contains { $0.hasPrefix("--target") } ? [] : ["--target=bpf"]
        #if arch(arm64)
            let headers = "/usr/include/aarch64-linux-gnu"
        #else
            let headers = "/usr/include/x86_64-linux-gnu"
        #endif
        let result = try runCommand(
            ["clang"] + target + ["-O2", "-fno-stack-protector", "-I", headers, "-c", input.path, "-o", output.path] + flags)
        try #require(result.status == 0, "\(result.output)")
        return [UInt8](try Data(contentsOf: output))
    }

    /// The text of a file of the corpus.
    static func corpus(_ name: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "Objects/\(name).bpf.c"), encoding: .utf8)
    }
}
