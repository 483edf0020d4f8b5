/// Makes of the optimised module what the back end makes an object of: maps, settings and license as libbpf knows them, and debug
/// information that becomes BTF the kernel takes.
struct Finishing {
    let module: IRModule
    let places: SourcePlaces
    let types: SwiftTypes
    let constants: ConstantWords
    var nodes = DebugNodes()
    /// The unit that all nodes belong to, and the global variables it has.
    var unit = ""
    var globals: [String] = []
    /// Variables that have to stay though nothing refers to them.
    var used: [String] = []
    /// What variables are called in the object, by their names in the module.
    var names: [String: String] = [:]
    /// How many fields of the kernel's structures have been named.
    var kernelFields = 0
    var diagnostics: [Diagnostic] = []
    private var files: [String: String] = [:]

    init(_ module: IRModule, users: UsersFiles) {
        self.module = module
        places = SourcePlaces(module, users: users)
        types = SwiftTypes(module)
        constants = ConstantWords(module)
    }

    /// The module's new text; empty if there are diagnostics.
    mutating func run() -> String {
        unit = nodes.reserve()
        let texts = textsOfKernelFields()
        let variables = module.variables.filter { !$0.name.hasPrefix("llvm.") && !texts.contains($0.name) }
        nameVariables(variables)
        let finished = variables.compactMap { self.finished($0) }
        if !diagnostics.isEmpty { return "" }
        let functions = module.functions.map { self.finished($0).text }

        let main = file(module.sourceName)
        let list = nodes.node("!{\(globals.joined(separator: ", "))}")
        nodes.fill(
            unit,
            "distinct !DICompileUnit(language: DW_LANG_C11, file: \(main), producer: \"policyd\", isOptimized: true, "
                + "runtimeVersion: 0, emissionKind: FullDebug, globals: \(list))"
        )
        var lines = ["source_filename = \"\(IRToken.escaped(module.sourceName))\""] + Preparation.target
        lines += module.types.map { ([.local($0.name), IRToken(.punctuation, "=")] + $0.tokens).text }
        lines += finished.map(\.tokens.text)
        if !used.isEmpty {
            let list = used.map { "ptr \(IRToken.global($0).text)" }.joined(separator: ", ")
            lines.append("@llvm.compiler.used = appending global [\(used.count) x ptr] [\(list)], section \"llvm.metadata\"")
        }
        lines += functions
        lines += module.attributes.map { "attributes #\($0.key) = \($0.value.text)" }
        if kernelFields > 0 { lines.append("attributes #\(Self.relocated) = { \"btf_ama\" }") }
        let flags = [nodes.distinct("!{i32 7, !\"Dwarf Version\", i32 5}"), nodes.distinct("!{i32 2, !\"Debug Info Version\", i32 3}")]
        lines += nodes.lines.enumerated().map { "!\($0.offset) = \($0.element)" }
        lines += ["!llvm.dbg.cu = !{\(unit)}", "!llvm.module.flags = !{\(flags.joined(separator: ", "))}"]
        return lines.joined(separator: "\n") + "\n"
    }

    mutating func file(_ path: String) -> String {
        if let known = files[path] { return known }
        let parts = IRToken.escaped(path).split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.dropLast().joined(separator: "/")
        let node = nodes.node("!DIFile(filename: \"\(parts.last ?? "")\", directory: \"\(folder)\")")
        files[path] = node
        return node
    }
}

/// Names as C and BTF have them.
enum FunctionNames {
    static func identifier(_ name: String) -> String {
        let words = String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
        return words.first?.isNumber == true || words.isEmpty ? "_\(words)" : words
    }

    /// Whether the kernel takes it as it is.
    static func isIdentifier(_ name: String) -> Bool { identifier(name) == name }

    /// What is to be said of a name that others know something by.
    static func diagnostic(_ place: SourcePlace?, _ titled: String) -> Diagnostic {
        Diagnostic(
            place, "\(titled) has a name that the kernel's type information cannot hold", "use letters and digits of ASCII, and '_', in it")
    }
}
