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
public struct EBPFCompiler: Sendable {
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

    /// The module whose lines are not the user's to change.
    private static let library = "EBPF"

    /// The machine the Swift compiler believes it compiles for: layouts are the kernel's, and its standard library comes embedded.
    private static let triple = "x86_64-unknown-none-elf"

    /// The machine that the kernel runs on, as libbpf's headers call it: the one the compiler runs on. Probes read its registers.
    private static var host: String {
        #if arch(arm64)
            "arm64"
        #else
            "x86"
        #endif
    }

    private func languageArguments(module: String) -> [String] {
        [
            "-target", Self.triple, "-swift-version", "6", "-parse-as-library", "-wmo", "-O", "-module-name", module, "-I", folder.path,
            "-module-cache-path", folder.appending(path: "ModuleCache").path,
        ]
            + ["Embedded", "RawLayout", "BuiltinModule"].flatMap { ["-enable-experimental-feature", $0] }
            + headers.flatMap { ["-Xcc", "-fmodule-map-file=\($0.appending(path: "module.modulemap").path)"] }
            + ["-Xcc", "-ffreestanding", "-Xcc", "-D__EBPF__", "-Xcc", "-D__TARGET_ARCH_\(Self.host)"]
    }

    /// Compiles a module that programs import: `EBPF` itself, or types and functions shared with user space.
    public func compileModule(_ name: String, sources: [URL]) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try requireToolchain()
        try run(
            swiftc,
            languageArguments(module: name) + [
                "-g", "-emit-module", "-emit-module-path", folder.appending(path: "\(name).swiftmodule").path,
            ] + sources.map(\.path))
        try Data(sources.map(\.path).joined(separator: "\n").utf8).write(to: folder.appending(path: "\(name).sources"))
    }

    /// A module that programs import.
    public struct Module {
        public var name: String
        public var sources: [URL]

        public init(name: String, sources: [URL]) {
            self.name = name
            self.sources = sources
        }
    }

    /// Compiles those modules that are not there as they are now, and those that come after them. Several processes may ask at once.
    /// - Parameter modules: each after those it imports.
    public func compileModules(_ modules: [Module]) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let lock = try FolderLock(folder)
        defer { lock.release() }
        var isStale = false
        for module in modules {
            let record = folder.appending(path: "\(module.name).inputs")
            let inputs = inputs(of: module)
            if !isStale, (try? String(contentsOf: record, encoding: .utf8)) == inputs { continue }
            isStale = true
            try? FileManager.default.removeItem(at: record)
            try compileModule(module.name, sources: module.sources)
            try Data(inputs.utf8).write(to: record)
        }
    }

    /// All that a module is made of: compiler, options, and sources with their dates.
    private func inputs(of module: Module) -> String {
        let maps = headers.flatMap { (try? FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)) ?? [] }
        let files = [swiftc.resolvingSymlinksInPath()] + module.sources + maps.sorted { $0.path < $1.path }
        let lines = files.map { file in
            let values = try? file.resourceValues(forKeys: [.contentModificationDateKey, .fileSizeKey])
            return "\(file.path) \(values?.fileSize ?? 0) \(values?.contentModificationDate?.timeIntervalSince1970 ?? 0)"
        }
        return (languageArguments(module: module.name) + lines).joined(separator: "\n")
    }

    /// Swift 6.3 is the first that places functions in sections by a language feature of its own.
    private func requireToolchain() throws {
        let said = try run(swiftc, ["--version"], isTold: false)
        let version = said.firstRange(of: "Swift version ").map { said[$0.upperBound...].prefix { $0.isNumber || $0 == "." } } ?? ""
        let numbers = version.split(separator: ".").compactMap { Int($0) }
        guard let major = numbers.first, (major, numbers.dropFirst().first ?? 0) >= (6, 3) else {
            let found = version.isEmpty ? said : String(version)
            throw Failure(description: "error: eBPF programs in Swift need Swift 6.3 or later; \(swiftc.path) is \(found)")
        }
    }

    /// Compiles programs to an object.
    /// - Throws: ``Failure`` with the lines that the compilers, or the checks, have to say.
    public func compile(_ sources: [URL], to object: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = object.lastPathComponent
        let title = [".bpf.o", ".o"].first(where: file.hasSuffix).map { String(file.dropLast($0.count)) } ?? file
        let name = FunctionNames.identifier(title)
        func step(_ suffix: String) -> URL { folder.appending(path: "\(title)\(suffix).ll") }

        try compileSource(
            // As if tests looked at the program: maps and a license that no function uses are not left out.
            languageArguments(module: name) + [
                "-g", "-enable-testing", "-Xfrontend", "-disable-llvm-optzns", "-emit-ir", "-o", step("").path,
            ]
                + sources.map(\.path))
        let users = users(sources)
        var preparation = Preparation(try module(at: step("")), users: UsersFiles(users))
        let prepared = preparation.run()
        try refuse(preparation.diagnostics)
        try Data(prepared.utf8).write(to: step(".prepared"))

        var (optimised, diagnostics) = try optimise(step(".prepared"), to: step(".optimised"), users)
        if !diagnostics.isEmpty {
            // The bpf target keeps comparisons of one value apart, which the verifier may need but which hides what they prove. Where a test
            // of Swift's is left that way, they may be joined. And what a loop adds up may be computed without the loop, but by a product of
            // 128 bits: then the loop stays.
            let options = ["-bpf-disable-serialize-icmp", "-replexitval=never"].flatMap { ["-mllvm", $0] }
            (optimised, diagnostics) = try optimise(step(".prepared"), to: step(".optimised"), users, options: options)
        }
        var finishing = Finishing(optimised, users: UsersFiles(users))
        let finished = finishing.run()
        diagnostics += finishing.diagnostics.filter { !diagnostics.contains($0) }
        try refuse(diagnostics)
        try Data(finished.utf8).write(to: step(".finished"))
        do {
            // Blocks stay in the order of the source: where the end of a loop is put before its beginning and runs on into it, the kernel
            // takes that for an endless loop (check_cfg of Linux 6.1).
            let options = ["-g", "-Xclang", "-disable-llvm-passes", "-mllvm", "-disable-block-placement"]
            try run(clang, Self.backEnd + options + [step(".finished").path, "-c", "-o", object.path])
        } catch let failure as Failure {
            let functions = optimised.functions.compactMap { function in finishing.places.place(of: function).map { (function.name, $0) } }
            let messages = BackEndMessages(sources: users.sorted(), functions: Dictionary(functions) { first, _ in first })
            try refuse(messages.diagnostics(in: failure.description) ?? [])
            throw failure
        }
    }

    private static let backEnd = ["-target", "bpfel", "-mcpu=v3", "-O2", "-Wno-override-module", "-x", "ir"]

    /// Runs LLVM's optimiser, and checks what it leaves.
    private func optimise(
        _ prepared: URL, to optimised: URL, _ users: Set<String>, options: [String] = []
    ) throws -> (module: IRModule, diagnostics: [Diagnostic]) {
        // A part that is thought to run seldom would become a function of its own, with the section of a program.
        let arguments = Self.backEnd + options + ["-Xclang", "-fno-split-cold-code"]
        try run(clang, arguments + [prepared.path, "-S", "-emit-llvm", "-o", optimised.path])
        var module = try module(at: optimised)
        // What only Swift's descriptions of types lead to, the optimiser keeps, and the back end could not compile.
        let programs = module.functions.filter { $0.section != nil }.map(\.name)
        let kept = module.names(reachedFrom: programs + module.variables.filter(Preparation.isDeclared).map(\.name))
        module.functions.removeAll { !$0.isDeclaration && !kept.contains($0.name) && !$0.name.hasSuffix("_WZ") }
        module.variables.removeAll { variable in
            !kept.contains(variable.name) && !variable.name.hasPrefix("llvm.") && !kept.isSuperset(of: variable.references)
        }
        return (module, Checks(module, users: UsersFiles(users)).diagnostics())
    }

    /// The program's sources and those of the modules it may import, but for the library's own.
    private func users(_ sources: [URL]) -> Set<String> {
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        let lists = files.filter { $0.pathExtension == "sources" && $0.lastPathComponent != "\(Self.library).sources" }
        let modules = lists.compactMap { try? String(contentsOf: $0, encoding: .utf8) }
        return Set(modules.flatMap { $0.split(separator: "\n").map(String.init) } + sources.map(\.path))
    }

    /// Runs the Swift compiler, whose words are the reader's as they are, unless they are the stack of a crash.
    private func compileSource(_ arguments: [String]) throws {
        do {
            try run(swiftc, arguments)
        } catch let failure as Failure {
            if let crash = BackEndMessages.crashOfSwift(in: failure.description) { try refuse([crash]) }
            throw failure
        }
    }

    private func module(at url: URL) throws -> IRModule { try IRModule(parsing: String(contentsOf: url, encoding: .utf8)) }

    private func refuse(_ diagnostics: [Diagnostic]) throws {
        if !diagnostics.isEmpty { throw Failure(description: diagnostics.map(\.description).joined(separator: "\n")) }
    }

    @discardableResult
    private func run(_ program: URL, _ arguments: [String], isTold: Bool = true) throws -> String {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        let pipe = Pipe()
        process.standardError = pipe
        process.standardOutput = pipe
        try process.run()
        let said = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        let words = String(decoding: said, as: UTF8.self)
        guard process.terminationStatus == 0 else {
            let end = "error: \(program.path) ended with status \(process.terminationStatus)"
            throw Failure(description: words.isEmpty ? end : words)
        }
        // Warnings are the reader's too.
        if isTold, !said.isEmpty { FileHandle.standardError.write(said) }
        return words
    }
}
