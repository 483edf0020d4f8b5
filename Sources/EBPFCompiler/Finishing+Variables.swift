/// Global variables: maps, settings, the license, and data.
extension Finishing {
    /// Gives variables the names they have in the source. Of data that share a name, all but the first get a number: only its owner looks
    /// for it. Maps and settings are what user space asks for by name.
    mutating func nameVariables(_ variables: [IRVariable]) {
        var taken = Set(module.functions.map(\.name))
        for variable in variables where variable.debugNode != nil {
            let title = places.title(of: variable)
            var name = FunctionNames.identifier(title)
            if [.map, .setting].contains(LibraryType(of: variable)), name != title {
                diagnostics.append(FunctionNames.diagnostic(places.place(of: variable), "'\(title)'"))
            }
            if !taken.insert(name).inserted {
                if LibraryType(of: variable) != nil {
                    diagnostics.append(
                        Diagnostic(places.place(of: variable), "two things of the object are called '\(title)'", "give one another name"))
                }
                var number = 2
                let first = name
                while !taken.insert("\(first)_\(number)").inserted { number += 1 }
                name = "\(first)_\(number)"
            }
            names[variable.name] = name
        }
    }

    /// A variable as the object has it; nil if something is wrong with it.
    mutating func finished(_ variable: IRVariable) -> IRVariable? {
        let type = LibraryType(of: variable)
        if type == .map || type == .setting, variable.debugNode == nil {
            // Without debug information it has neither the name nor the types that user space asks for.
            let message = "the \(type == .map ? "map" : "setting") '\(variable.name)' stands in a module that is imported"
            diagnostics.append(Diagnostic(nil, message, "declare it in the program's own source"))
            return nil
        }
        let described =
            switch type {
            case .map: map(variable)
            case .setting: setting(variable)
            case .license: license(variable)
            case .kernelField: kernelField(variable)
            case nil: data(variable)
            }
        let place = places.place(of: variable)
        diagnostics += nodes.takeUnfit().map { FunctionNames.diagnostic(place, "the type or field '\($0)'") }
        return described
    }

    private func name(_ variable: IRVariable) -> String { names[variable.name] ?? variable.name }

    /// A map: the numbers that its initialiser left behind its storage become its definition.
    private mutating func map(_ variable: IRVariable) -> IRVariable? {
        let numbers = constants.words(of: variable)
        guard let definition = numbers.flatMap({ MapDefinition(words: $0) }) else {
            diagnostics.append(Globals.diagnostic(variable, places))
            return nil
        }
        let parameters = types.parameters(ofVariable: variable.debugNode)
        let described = parameters.map { types.describe($0, into: &nodes) }
        if definition.keySize > 0, described.count > 1, let key = described[0], let mistake = Self.mistake(inKey: key) {
            let message = "the key of the map '\(places.title(of: variable))' \(mistake.message)"
            diagnostics.append(Diagnostic(places.place(of: variable), message, mistake.remedy))
        }
        var inner: String?
        // Of a map of maps, the words of those come first.
        if definition.holdsMaps, let type = parameters.last, let map = MapDefinition(words: numbers?.dropLast(6) ?? []) {
            inner = map.node(types: types.parameters(ofType: type).map { types.describe($0, into: &nodes) }, into: &nodes).type
        }
        let node = definition.node(types: described, inner: inner, into: &nodes)
        let debug = global(variable, type: node.type)
        used.append(name(variable))
        return IRVariable(
            name: name(variable), type: [.word("[\(node.pointers) x ptr]")], initialiser: [.word("zeroinitializer")],
            suffixes: [
                [.word("section"), IRToken(.string, "\".maps\"")], [.word("align"), .word("8")],
                [.metadata("dbg"), IRToken(.metadata, debug)],
            ])
    }

    /// Why the bytes of a key are not the same whenever its fields are, by which the kernel finds entries.
    private static func mistake(inKey key: SwiftTypes.Described) -> Refusal? {
        if let gap = key.gap {
            let remedy = "what lies there is part of the key: fill it with a field of its own that is 0, or move small fields to the end"
            return Refusal("has a gap, \(gap)", remedy)
        }
        guard key.isOpaque else { return nil }
        let message = "holds an optional or an enumeration with payloads, of which some bytes may say nothing"
        return Refusal(message, "make a struct of numbers of it, with one that says which of the others count and 0 where they do not")
    }

    private mutating func setting(_ variable: IRVariable) -> IRVariable? {
        var setting = variable
        let type = types.parameters(ofVariable: variable.debugNode).first.flatMap { types.describe($0, into: &nodes) }
        let debug = type.map { global(variable, type: nodes.node("!DIDerivedType(tag: DW_TAG_const_type, baseType: \($0.node))")) }
        used.append(name(variable))
        setting.name = name(variable)
        setting.isConstant = true
        setting.linkage = []
        setting.set("section", IRToken(.string, "\".rodata\""))
        setting.set("!dbg", debug.map { IRToken(.metadata, $0) })
        return setting
    }

    private mutating func license(_ variable: IRVariable) -> IRVariable? {
        guard let first = constants.words(of: variable)?.first else {
            diagnostics.append(Globals.diagnostic(variable, places))
            return nil
        }
        if used.contains("_license") {
            let message = "'\(places.title(of: variable))' is a second license of the object"
            diagnostics.append(Diagnostic(places.place(of: variable), message, "keep one of them"))
            return nil
        }
        let licenses = ["GPL", "Dual MIT/GPL", "Dual BSD/GPL", "Proprietary"]
        let text = licenses[min(Int(first), licenses.count - 1)]
        used.append("_license")
        return IRVariable(
            name: "_license", isConstant: true, type: [.word("[\(text.utf8.count + 1) x i8]")],
            initialiser: [IRToken(.string, "c\"\(text)\\00\"")], suffixes: [[.word("section"), IRToken(.string, "\"license\"")]])
    }

    /// Any other variable: it lies in `.data`, `.bss` or `.rodata`, which libbpf makes maps of.
    private mutating func data(_ variable: IRVariable) -> IRVariable {
        var data = variable
        let type = types.type(ofVariable: variable.debugNode).flatMap { types.describe($0, into: &nodes) }
        let debug = type.map { global(variable, type: $0.node) }
        data.set("!dbg", debug.map { IRToken(.metadata, $0) })
        data.name = name(variable)
        for (old, new) in names { data.initialiser.rename(old, to: IRToken.global(new).text) }
        return data
    }

    private mutating func global(_ variable: IRVariable, type: String) -> String {
        let place = places.place(of: variable)
        let file = file(place?.file ?? module.sourceName)
        let node = nodes.distinct(
            "distinct !DIGlobalVariable(name: \"\(name(variable))\", scope: \(unit), file: \(file), line: \(place?.line ?? 0), type: \(type), "
                + "isLocal: false, isDefinition: true)"
        )
        let expression = nodes.distinct("!DIGlobalVariableExpression(var: \(node), expr: !DIExpression())")
        globals.append(expression)
        return expression
    }
}
