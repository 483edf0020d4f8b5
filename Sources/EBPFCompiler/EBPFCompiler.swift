public import Foundation

/// Compiles eBPF programs that are written in Swift, with nothing but the Swift toolchain.
///
/// Tested with Swift 6.3.1, which brings clang 21. The steps:
/// 1. The Swift compiler, for an embedded machine of 64 bits, up to its own optimiser: LLVM's IR with debug information.
/// 2. ``Preparation`` keeps what programs reach and takes away what is meant for the host.
/// 3. LLVM's optimiser with the rules of the bpf back end; it carries out what initialises global variables.
/// 4. ``Checks`` tell what the kernel could not run, by file and line.
/// 5. ``Finishing`` makes maps, settings, license and BTF.
/// 6. The bpf back end writes the object.
public struct EBPFCompiler {
    /// `swiftc` and `clang` of one toolchain.
    public var swiftc: URL
    public var clang: URL
    /// Where modules that programs import lie, and what is kept between steps is written.
    public var folder: URL
    /// Sources of the C module `CEBPF`: a folder with `module.modulemap`.
    public var headers: [URL] = []

    public init(swiftc: URL, clang: URL, folder: URL) {
        self.swiftc = swiftc
        self.clang = clang
        self.folder = folder
    }

    /// What a tool said that failed, or what is wrong with the program.
    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    /// The machine the Swift compiler believes it compiles for: layouts are the kernel's, and its standard library comes embedded.
    private static let triple = "x86_64-unknown-none-elf"

    private func languageArguments(module: String) -> [String] {
        [
            "-target", Self.triple, "-swift-version", "6", "-parse-as-library", "-wmo", "-O", "-module-name", module, "-I", folder.path,
        ]
            + ["Embedded", "RawLayout", "BuiltinModule"].flatMap { ["-enable-experimental-feature", $0] }
            + headers.flatMap { ["-Xcc", "-fmodule-map-file=\($0.appending(path: "module.modulemap").path)"] }
            + ["-Xcc", "-ffreestanding", "-Xcc", "-D__EBPF__"]
    }

    /// Compiles a module that programs import: `EBPF` itself, or types and functions shared with user space.
    public func compileModule(_ name: String, sources: [URL]) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try run(
            swiftc,
            languageArguments(module: name) + [
                "-g", "-emit-module", "-emit-module-path", folder.appending(path: "\(name).swiftmodule").path,
            ] + sources.map(\.path))
    }

    /// Compiles programs to an object.
    /// - Throws: ``Failure`` with the lines that the compilers, or the checks, have to say.
    public func compile(_ sources: [URL], to object: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let name = FunctionNames.identifier(String(object.lastPathComponent.prefix { $0 != "." }))
        func step(_ suffix: String) -> URL { folder.appending(path: "\(name)\(suffix).ll") }

        try run(
            swiftc,
            languageArguments(module: name) + ["-g", "-Xfrontend", "-disable-llvm-optzns", "-emit-ir", "-o", step("").path]
                + sources.map(\.path))
        var preparation = Preparation(try module(at: step("")))
        let prepared = preparation.run()
        try refuse(preparation.diagnostics)
        try Data(prepared.utf8).write(to: step(".prepared"))

        let backend = ["-target", "bpfel", "-mcpu=v3", "-O2", "-Wno-override-module", "-x", "ir"]
        try run(
            clang,
            backend + [step(".prepared").path, "-mllvm", "-hot-cold-split=false", "-mllvm", "-bpf-disable-serialize-icmp", "-S", "-emit-llvm", "-o", step(".optimised").path])
        let optimised = try module(at: step(".optimised"))
        try refuse(Checks(optimised).diagnostics())
        var finishing = Finishing(optimised)
        let finished = finishing.run()
        try refuse(finishing.diagnostics)
        try Data(finished.utf8).write(to: step(".finished"))
        try run(clang, backend + [step(".finished").path, "-g", "-Xclang", "-disable-llvm-passes", "-c", "-o", object.path])
    }

    private func module(at url: URL) throws -> IRModule { try IRModule(parsing: String(contentsOf: url, encoding: .utf8)) }

    private func refuse(_ diagnostics: [Diagnostic]) throws {
        if !diagnostics.isEmpty { throw Failure(description: diagnostics.map(\.description).joined(separator: "\n")) }
    }

    private func run(_ program: URL, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = pipe
        try process.run()
        let said = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: String(decoding: said, as: UTF8.self))
        }
        // Warnings are the reader's too.
        if !said.isEmpty { FileHandle.standardError.write(said) }
    }
}
