/// Functions: their types in BTF, and the lines they come from.
extension Finishing {
    /// A function with the names of the object, and with debug information as C has it.
    mutating func finished(_ function: IRFunction) -> IRFunction {
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
        let name = function.section != nil ? function.name : FunctionNames.identifier(places.title(of: function))
        nodes.fill(
            scope,
            "distinct !DISubprogram(name: \"\(name)\", scope: \(home), file: \(home), line: \(place?.line ?? 0), type: \(type), "
                + "scopeLine: \(place?.line ?? 0), flags: DIFlagPrototyped | DIFlagAllCallsDescribed, "
                + "spFlags: \(local)DISPFlagDefinition | DISPFlagOptimized, unit: \(unit), retainedNodes: \(retained))"
        )
        if let index = function.suffix.firstIndex(where: { $0.text == "!dbg" }) { function.suffix.removeSubrange(index...(index + 1)) }
        function.suffix += [.metadata("dbg"), IRToken(.metadata, scope)]

        let tokens = names.mapValues { IRToken.global($0).text }
        // A block that stands in another file than the function.
        var last = place
        function.body.removeAll(where: \.isDebugRecord)
        for index in function.body.indices {
            let instruction = function.body[index]
            if instruction.isLabel { continue }
            function.body[index].tokens.rename(tokens)
            let found = places.usersPlace(of: instruction) ?? last
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
}
