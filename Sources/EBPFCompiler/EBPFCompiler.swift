public import Foundation

/// Compiles eBPF programs that are written in Swift, with nothing but the Swift toolchain.
///
/// ``Toolchain/tested`` says with which. The steps:
/// 1. The Swift compiler, for an embedded machine of 64 bits, up to its own optimiser: LLVM's IR with debug information.
/// 2. ``Preparation`` keeps what programs reach and takes away what is meant for the host.
/// 3. LLVM's optimiser with the rules of the bpf back end; it carries out what initialises global variables.
/// 4. ``Checks`` tell what the kernel could not run, by file and line.
/// 5. ``Finishing`` makes maps, settings, license and BTF.
/// 6. The bpf back end writes the object.
public struct EBPFCompiler: Sendable {
    /// The compilers it calls.
    public var toolchain: Toolchain
    /// Where modules that programs import lie, and what is kept between steps is written.
    public var folder: URL
    /// Sources of the C module `CEBPF`: a folder with `module.modulemap`.
    public var headers: [URL] = []
    /// The machine whose kernel runs the programs: probes read its registers.
    public var machine = Machine.host
    /// Where warnings go, a line each.
    public var warn: @Sendable (String) -> Void = { FileHandle.standardError.write(Data("\($0)\n".utf8)) }

    /// A compiler for this machine, without C headers.
    public init(_ toolchain: Toolchain, folder: URL) {
        self.toolchain = toolchain
        self.folder = folder
    }

    /// A machine, as libbpf's headers call it.
    public enum Machine: String, Sendable, CaseIterable {
        /// x86-64, and arm64.
        case x86, arm64

        /// The one this runs on.
        public static var host: Machine {
            #if arch(arm64)
                .arm64
            #else
                .x86
            #endif
        }
    }

    /// What a tool said that failed, or what is wrong with the program.
    public struct Failure: Error, CustomStringConvertible {
        /// A line for each mistake: "FILE:LINE:COLUMN: error: WORDS; REMEDY"; or what a tool said.
        public var description: String

        /// A failure by its words.
        public init(description: String) { self.description = description }
    }

    /// The module whose lines are not the user's to change.
    private static let library = "EBPF"

    /// The machine the Swift compiler believes it compiles for, whatever the kernel's: layouts are those of all 64-bit kernels, and its
    /// standard library comes embedded. The same for all, as C's `char` has a sign on one and none on another.
    private static let triple = "x86_64-unknown-none-elf"

    private static let features = ["Embedded", "RawLayout", "BuiltinModule"].flatMap { ["-enable-experimental-feature", $0] }

    private func languageArguments(module: String) -> [String] {
        [
            "-target", Self.triple, "-swift-version", "6", "-parse-as-library", "-wmo", "-O", "-module-name", module, "-I", folder.path,
            "-module-cache-path", folder.appending(path: "ModuleCache").path,
        ]
            + Self.features + headers.flatMap { ["-Xcc", "-fmodule-map-file=\($0.appending(path: "module.modulemap").path)"] }
            + ["-Xcc", "-ffreestanding", "-Xcc", "-D__EBPF__", "-Xcc", "-D__TARGET_ARCH_\(machine.rawValue)"]
    }

    /// Compiles a module that programs import: `EBPF` itself, or types and functions shared with user space.
    public func compileModule(_ name: String, sources: [URL]) throws {
        try requireToolchain()
        try emit(Module(name: name, sources: sources))
    }

    private func emit(_ module: Module) throws {
        let output = folder.appending(path: "\(module.name).swiftmodule").path
        try Command(
            toolchain.swiftc,
            languageArguments(module: module.name) + ["-g", "-emit-module", "-emit-module-path", output] + module.sources.map(\.path)
        ).run()
        if module.name != Self.library, module.sources.contains(where: { DeclaredPrograms.mentions(in: $0) > 0 }) {
            try refuse(declaredPrograms(in: module.sources, module: module.name).flatMap(\.diagnosticsOfShared))
        }
        let sources = module.sources.map(\.path).joined(separator: "\n")
        try Data(sources.utf8).write(to: folder.appending(path: "\(module.name).sources"))
    }

    /// A module that programs import.
    public struct Module {
        /// What programs import it as.
        public var name: String
        /// Its Swift sources.
        public var sources: [URL]

        /// A module by its name and sources.
        public init(name: String, sources: [URL]) {
            self.name = name
            self.sources = sources
        }
    }

    /// Compiles those modules that are not there as they are now, and those that come after them. Several processes may ask at once.
    /// - Parameter modules: each after those it imports.
    public func compileModules(_ modules: [Module]) throws {
        try requireToolchain()
        let lock = try FolderLock(folder)
        defer { lock.release() }
        var isStale = false
        for module in modules {
            let record = folder.appending(path: "\(module.name).inputs")
            let inputs = inputs(of: module)
            if !isStale, (try? String(contentsOf: record, encoding: .utf8)) == inputs { continue }
            isStale = true
            try? FileManager.default.removeItem(at: record)
            try emit(module)
            try Data(inputs.utf8).write(to: record)
        }
    }

    /// All that a module is made of: compiler, options, and sources with their dates.
    private func inputs(of module: Module) -> String {
        let maps = headers.flatMap { (try? FileManager.default.contentsOfDirectory(at: $0, includingPropertiesForKeys: nil)) ?? [] }
        let files = [toolchain.swiftc.resolvingSymlinksInPath()] + module.sources + maps.sorted { $0.path < $1.path }
        return (languageArguments(module: module.name) + files.map(\.state)).joined(separator: "\n")
    }

    /// Makes the folder, and looks once at the toolchain that works there: an unusable one is refused, one that nobody tested is told of.
    private func requireToolchain() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let lock = try FolderLock(folder)
        defer { lock.release() }
        let record = folder.appending(path: "toolchain")
        let state = toolchain.state
        if (try? String(contentsOf: record, encoding: .utf8)) == state { return }
        if let warning = toolchain.warning(of: try toolchain.version()) { warn(warning) }
        try Data(state.utf8).write(to: record)
    }

    /// Compiles programs to an object.
    /// - Throws: ``Failure`` with the lines that the compilers, or the checks, have to say.
    public func compile(_ sources: [URL], to object: URL) throws {
        try requireToolchain()
        let file = object.lastPathComponent
        let title = [".bpf.o", ".o"].first(where: file.hasSuffix).map { String(file.dropLast($0.count)) } ?? file
        // A module that programs import may be called as their object is.
        let name = FunctionNames.identifier(title) + "_bpf"
        func step(_ suffix: String) -> URL { folder.appending(path: "\(title)\(suffix).ll") }

        try compileSource(
            // As if tests looked at the program: maps and a license that no function uses are not left out.
            languageArguments(module: name) + [
                "-g", "-enable-testing", "-Xfrontend", "-disable-llvm-optzns", "-emit-ir", "-o", step("").path,
            ]
                + sources.map(\.path))
        let users = users(sources)
        let module = try module(at: step(""))
        let leftOut = try leftOut(of: module, named: name, sources)
        var preparation = Preparation(module, users: UsersFiles(users))
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
        diagnostics += leftOut + finishing.diagnostics.filter { !diagnostics.contains($0) }
        try refuse(diagnostics)
        try Data(finished.utf8).write(to: step(".finished"))
        do {
            let program = CheckedProgram(optimised, users: UsersFiles(users))
            diagnostics = try write(step(".finished"), to: object, of: program, options: ["-no-stack-coloring"])
            if !diagnostics.isEmpty { diagnostics = try write(step(".finished"), to: object, of: program) }
        } catch let failure as Failure {
            let functions = optimised.functions.compactMap { function in finishing.places.place(of: function).map { (function.name, $0) } }
            let messages = BackEndMessages(sources: users.sorted(), functions: Dictionary(functions) { first, _ in first })
            try refuse(messages.diagnostics(in: failure.description) ?? [])
            throw failure
        }
        if !diagnostics.isEmpty { try FileManager.default.removeItem(at: object) }
        try refuse(diagnostics)
    }

    private static let backEnd = ["-target", "bpfel", "-mcpu=v3", "-O2", "-Wno-override-module", "-x", "ir"]

    /// Has the back end write the object, and looks at how much stack functions take.
    ///
    /// Variables are to share no memory there (`-no-stack-coloring`) while there is enough of it. Of two that are not needed at the same time
    /// and lie in one place, the verifier (of Linux 6.18) often does not see that the one is no longer needed, as only what writes all eight
    /// bytes of a word ends what was there before. What a branch left there keeps the ways apart that meet behind it, and all that follows
    /// is walked once for each.
    private func write(_ finished: URL, to object: URL, of program: CheckedProgram, options: [String] = []) throws -> [Diagnostic] {
        let frames = finished.deletingPathExtension().appendingPathExtension("stack")
        // Blocks stay in the order of the source: where the end of a loop is put before its beginning and runs on into it, the kernel
        // takes that for an endless loop (check_cfg of Linux 6.1). How much stack is too much is not for the back end to say.
        let options = (options + ["-disable-block-placement", "-bpf-stack-size=\(Int32.max)"]).flatMap { ["-mllvm", $0] }
        let ofFrontEnd = ["-disable-llvm-passes", "-stack-usage-file", frames.path].flatMap { ["-Xclang", $0] }
        let arguments = Self.backEnd + ["-g"] + ofFrontEnd + options
        try Command(toolchain.clang, arguments + [finished.path, "-c", "-o", object.path]).run()
        return StackFrames(StackFrames.bytes(said: try String(contentsOf: frames, encoding: .utf8))).diagnostics(of: program)
    }

    /// Runs LLVM's optimiser, and checks what it leaves.
    private func optimise(
        _ prepared: URL, to optimised: URL, _ users: Set<String>, options: [String] = []
    ) throws -> (module: IRModule, diagnostics: [Diagnostic]) {
        // A part that is thought to run seldom would become a function of its own, with the section of a program.
        let arguments = Self.backEnd + options + ["-Xclang", "-fno-split-cold-code"]
        try Command(toolchain.clang, arguments + [prepared.path, "-S", "-emit-llvm", "-o", optimised.path]).run()
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

    /// Runs the Swift compiler, whose words are the reader's: as they are for mistakes of types, with what to do instead for what Embedded
    /// Swift has not, and without the stack of a crash.
    private func compileSource(_ arguments: [String]) throws {
        do {
            try Command(toolchain.swiftc, arguments).run()
        } catch let failure as Failure {
            if let crash = BackEndMessages.crashOfSwift(in: failure.description) { try refuse([crash]) }
            throw Failure(description: LanguageMessages.rewritten(failure.description))
        }
    }

    private func module(at url: URL) throws -> IRModule { try IRModule(parsing: String(contentsOf: url, encoding: .utf8)) }

    private func refuse(_ diagnostics: [Diagnostic]) throws {
        if diagnostics.isEmpty { return }
        let sorted = diagnostics.sorted { ($0.place ?? .none) < ($1.place ?? .none) }
        throw Failure(description: sorted.map(\.description).joined(separator: "\n"))
    }

    /// What is to be said of programs that the sources have and the module has not.
    private func leftOut(of module: IRModule, named name: String, _ sources: [URL]) throws -> [Diagnostic] {
        let programs = Set(module.functions.filter { $0.section != nil && !$0.isDeclaration }.map(\.name))
        guard sources.reduce(0, { $0 + DeclaredPrograms.mentions(in: $1) }) > programs.count else { return [] }
        return try declaredPrograms(in: sources, module: name).flatMap { $0.diagnostics(without: programs) }
    }

    private func declaredPrograms(in sources: [URL], module: String) throws -> [DeclaredPrograms] {
        let options = languageArguments(module: module).filter { $0 != "-wmo" && $0 != "-O" }
        return try sources.map { source in
            let others = sources.filter { $0 != source }.map(\.path)
            let tree = try Command(
                toolchain.swiftc,
                ["-frontend", "-dump-ast", "-dump-ast-format", "json"] + options + ["-primary-file", source.path] + others
            ).run(isTold: false)
            return try DeclaredPrograms(in: source, tree: tree)
        }
    }
}
