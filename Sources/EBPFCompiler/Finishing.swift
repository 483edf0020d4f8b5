/// Makes of the optimised module what the back end makes an object of: maps, settings and license as libbpf knows them, and debug
/// information that becomes BTF the kernel takes.
struct Finishing {
    var module: IRModule
    private let places: SourcePlaces
    let types: SwiftTypes
    var nodes = DebugNodes()
    private var files: [String: String] = [:]
    private var unit = ""
    private var globals: [String] = []
    private var used: [String] = []
    /// How many fields of the kernel's structures have been named.
    var kernelFields = 0
    var diagnostics: [Diagnostic] = []

    init(_ module: IRModule) {
        self.module = module
        places = SourcePlaces(module)
        types = SwiftTypes(module)
    }

    mutating func run() -> String {
        unit = nodes.reserve()
        var variables: [IRVariable] = []
        let texts = textsOfKernelFields()
        for variable in module.variables where !variable.name.hasPrefix("llvm.") && !texts.contains(variable.name) {
            variables += finished(variable)
        }
        if !diagnostics.isEmpty { return "" }
        var functions: [String] = []
        for function in module.functions { functions.append(finished(function).text) }

        let main = file(module.sourceName)
        let list = nodes.node("!{\(globals.joined(separator: ", "))}")
        nodes.fill(
            unit,
            "distinct !DICompileUnit(language: DW_LANG_C11, file: \(main), producer: \"policyd\", isOptimized: true, "
                + "runtimeVersion: 0, emissionKind: FullDebug, globals: \(list))"
        )
        var lines = ["source_filename = \"\(module.sourceName)\""] + Preparation.target
        lines += module.types.map { ([.local($0.name), IRToken(.punctuation, "=")] + $0.tokens).text }
        lines += variables.map(\.tokens.text)
        let names = used.map { "ptr \(IRToken.global($0).text)" }
        if !names.isEmpty {
            lines.append(
                "@llvm.compiler.used = appending global [\(names.count) x ptr] [\(names.joined(separator: ", "))], section \"llvm.metadata\""
            )
        }
        lines += functions
        lines += module.attributes.map { "attributes #\($0.key) = \($0.value.text)" }
        if kernelFields > 0 { lines.append("attributes #\(Self.relocated) = { \"btf_ama\" }") }
        let flags = [nodes.distinct("!{i32 7, !\"Dwarf Version\", i32 5}"), nodes.distinct("!{i32 2, !\"Debug Info Version\", i32 3}")]
        lines += nodes.lines.enumerated().map { "!\($0.offset) = \($0.element)" }
        lines += ["!llvm.dbg.cu = !{\(unit)}", "!llvm.module.flags = !{\(flags.joined(separator: ", "))}"]
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: Variables

    private mutating func finished(_ variable: IRVariable) -> [IRVariable] {
        switch LibraryType(of: variable) {
        case .map: return map(variable).map { [$0] } ?? []
        case .setting: return setting(variable).map { [$0] } ?? []
        case .license: return license(variable).map { [$0] } ?? []
        case .kernelField: return kernelField(variable).map { [$0] } ?? []
        case nil: return [data(variable)]
        }
    }

    func title(_ variable: IRVariable) -> String {
        module.node(variable.debugNode).flatMap { module.node($0.reference("var")) }?.string("name") ?? variable.name
    }

    func place(_ variable: IRVariable) -> SourcePlace? {
        guard let node = module.node(variable.debugNode).flatMap({ module.node($0.reference("var")) }) else { return nil }
        guard let file = module.node(node.reference("file")), let name = file.string("filename") else { return nil }
        let path = name.hasPrefix("/") ? name : "\(file.string("directory") ?? ".")/\(name)"
        return SourcePlace(file: path, line: node.integer("line") ?? 0, column: 1)
    }

    /// The numbers that the initialiser of a map left behind its storage.
    private mutating func map(_ variable: IRVariable) -> IRVariable? {
        let numbers = ConstantBytes(module).words(of: variable)
        guard let definition = numbers.flatMap({ MapDefinition(words: $0) }) else {
            diagnostics.append(
                Diagnostic(
                    place(variable), "the size of the map '\(title(variable))' is not known at build time",
                    "give it numbers that are written in the source, or constants made of such"))
            return nil
        }
        let name = title(variable)
        let parameters = types.parameters(ofVariable: variable.debugNode)
        let described = parameters.map { types.describe($0, into: &nodes) }
        var inner: String?
        // Of a map of maps, the words of those come first.
        if definition.holdsMaps, let type = parameters.last, let words = numbers?.dropLast(6), let map = MapDefinition(words: Array(words))
        {
            inner = map.node(types: types.parameters(ofType: type).map { types.describe($0, into: &nodes) }, into: &nodes).type
        }
        let node = definition.node(types: described, inner: inner, into: &nodes)
        let debug = global(name, variable, type: node.type)
        used.append(variable.name)
        rename(variable.name, to: name)
        return IRVariable(
            name: name, type: [.word("[\(node.pointers) x ptr]")], initialiser: [.word("zeroinitializer")],
            suffixes: [
                [.word("section"), IRToken(.string, "\".maps\"")], [.word("align"), .word("8")],
                [.metadata("dbg"), IRToken(.metadata, debug)],
            ])
    }

    private mutating func setting(_ variable: IRVariable) -> IRVariable? {
        let name = title(variable)
        var variable = variable
        let type = types.parameters(ofVariable: variable.debugNode).first.flatMap { types.describe($0, into: &nodes) }
        let debug = type.map { global(name, variable, type: nodes.node("!DIDerivedType(tag: DW_TAG_const_type, baseType: \($0.node))")) }
        used.append(variable.name)
        rename(variable.name, to: name)
        variable.name = name
        variable.isConstant = true
        variable.linkage = []
        variable.set("section", IRToken(.string, "\".rodata\""))
        variable.set("!dbg", debug.map { IRToken(.metadata, $0) })
        return variable
    }

    private mutating func license(_ variable: IRVariable) -> IRVariable? {
        guard let bytes = ConstantBytes(module).words(of: variable), let first = bytes.first else {
            diagnostics.append(Diagnostic(place(variable), "the license is not known at build time", "write 'let license = License.gpl'"))
            return nil
        }
        let licenses = ["GPL", "Dual MIT/GPL", "Dual BSD/GPL", "Proprietary"]
        let text = licenses[min(Int(first), licenses.count - 1)]
        return IRVariable(
            name: "_license", isConstant: true, type: [.word("[\(text.utf8.count + 1) x i8]")],
            initialiser: [IRToken(.string, "c\"\(text)\\00\"")], suffixes: [[.word("section"), IRToken(.string, "\"license\"")]])
    }

    /// Any other variable: it lies in `.data`, `.bss` or `.rodata`, which libbpf makes maps of.
    private mutating func data(_ variable: IRVariable) -> IRVariable {
        var variable = variable
        let name = title(variable)
        let type = types.type(ofVariable: variable.debugNode).flatMap { types.describe($0, into: &nodes) }
        let isNamed = variable.debugNode != nil
        let debug = type.map { global(name, variable, type: $0.node) }
        variable.set("!dbg", debug.map { IRToken(.metadata, $0) })
        if isNamed {
            rename(variable.name, to: name)
            variable.name = name
        }
        return variable
    }

    private mutating func global(_ name: String, _ variable: IRVariable, type: String) -> String {
        let place = place(variable)
        let file = file(place?.file ?? module.sourceName)
        let node = nodes.distinct(
            "distinct !DIGlobalVariable(name: \"\(name)\", scope: \(unit), file: \(file), line: \(place?.line ?? 0), type: \(type), "
                + "isLocal: false, isDefinition: true)"
        )
        let expression = nodes.distinct("!DIGlobalVariableExpression(var: \(node), expr: !DIExpression())")
        globals.append(expression)
        return expression
    }

    mutating func rename(_ name: String, to other: String) {
        guard name != other else { return }
        let token = IRToken.global(other).text
        for function in module.functions.indices {
            for line in module.functions[function].body.indices {
                module.functions[function].body[line].tokens.rename(name, to: token)
            }
        }
        for index in used.indices where used[index] == name { used[index] = other }
    }

    // MARK: Functions

    private mutating func finished(_ function: IRFunction) -> IRFunction {
        var function = function
        if function.isDeclaration { return function }
        let place = places.place(of: function)
        let home = file(place?.file ?? module.sourceName)
        let signature = signature(of: function)
        let scope = nodes.reserve()
        let arguments = function.parameters.indices.map { index in
            nodes.distinct(
                "!DILocalVariable(name: \"argument\(index)\", arg: \(index + 1), scope: \(scope), file: \(home), "
                    + "type: \(signature.parameters[index]))"
            )
        }
        let local = function.prefix.contains { $0.isWord("internal") } ? "DISPFlagLocalToUnit | " : ""
        let list = nodes.node("!{\(([signature.result] + signature.parameters).joined(separator: ", "))}")
        let type = nodes.node("!DISubroutineType(types: \(list))")
        let retained = nodes.node("!{\(arguments.joined(separator: ", "))}")
        let title = FunctionNames.identifier(module.node(function.debugNode)?.string("name") ?? function.name)
        let name = function.section != nil ? function.name : title
        nodes.fill(
            scope,
            "distinct !DISubprogram(name: \"\(name)\", scope: \(home), file: \(home), line: \(place?.line ?? 0), type: \(type), "
                + "scopeLine: \(place?.line ?? 0), flags: DIFlagPrototyped | DIFlagAllCallsDescribed, "
                + "spFlags: \(local)DISPFlagDefinition | DISPFlagOptimized, unit: \(unit), retainedNodes: \(retained))"
        )
        if let index = function.suffix.firstIndex(where: { $0.text == "!dbg" }) { function.suffix.removeSubrange(index...(index + 1)) }
        function.suffix += [.metadata("dbg"), IRToken(.metadata, scope)]

        // A block that stands in another file than the function.
        var last = place
        function.body.removeAll(where: \.isDebugRecord)
        for index in function.body.indices {
            let instruction = function.body[index]
            if instruction.isLabel { continue }
            let found = places.place(of: instruction).flatMap { SourcePlaces.isUsers($0.file) ? $0 : nil } ?? last
            last = found
            function.body[index].removeMetadata()
            guard let found else { continue }
            let file = file(found.file)
            let owner = file == home ? scope : nodes.node("!DILexicalBlockFile(scope: \(scope), file: \(file), discriminator: 0)")
            let location = nodes.node("!DILocation(line: \(found.line), column: \(found.column), scope: \(owner))")
            function.body[index].tokens += [
                IRToken(.punctuation, ",", isSpaced: false), .metadata("dbg"), IRToken(.metadata, location),
            ]
        }
        return function
    }

    private mutating func signature(of function: IRFunction) -> (result: String, parameters: [String]) {
        let result = function.result.first?.text ?? "void"
        return (
            result == "void" ? "null" : type(ofWord: result), function.parameters.map { type(ofWord: $0.first?.text ?? "i64") }
        )
    }

    private mutating func type(ofWord word: String) -> String {
        switch word {
        case "ptr": nodes.node("!DIDerivedType(tag: DW_TAG_pointer_type, baseType: null, size: 64)")
        case "i1", "i8": nodes.integer("unsigned char", bits: 8, isSigned: false)
        case "i16": nodes.integer("unsigned short", bits: 16, isSigned: false)
        case "i32": nodes.int()
        default: nodes.integer("long long", bits: 64, isSigned: true)
        }
    }

    private mutating func file(_ path: String) -> String {
        if let known = files[path] { return known }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
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
}
