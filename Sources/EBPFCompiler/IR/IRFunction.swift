/// A function of the module, or the declaration of one.
struct IRFunction {
    var name: String
    /// Linkage, visibility, calling convention, attributes of the result and its type: from `define` to the name.
    var prefix: [IRToken]
    /// The parameters, each with its type, attributes and name.
    var parameters: [[IRToken]]
    /// Attributes, section, alignment, metadata: from the parameters to the brace.
    var suffix: [IRToken]
    /// Whether another module defines it.
    var isDeclaration: Bool
    /// Empty for a declaration.
    var body: [IRInstruction]

    init(declaration line: [IRToken]) throws { self = try Self(line, body: nil) }

    init(definition line: [IRToken], body lexer: inout IRLexer) throws {
        var body: [IRInstruction] = []
        while let line = lexer.nextLine() {
            if line.count == 1, line[0].isPunctuation("}") { break }
            body.append(IRInstruction(tokens: line))
        }
        self = try Self(line, body: body)
    }

    private init(_ line: [IRToken], body: [IRInstruction]?) throws {
        guard let place = line.indices.first(where: { line[$0].kind == .global && $0 + 1 < line.count && line[$0 + 1].isPunctuation("(") })
        else { throw IRModule.unreadable(line) }
        name = line[place].name
        // A declaration's metadata may stand before its result.
        prefix = Array(line[1..<place])
        var rest = line[(place + 1)...]
        parameters = Array(rest.popValue().dropFirst().dropLast()).parted(by: ",")
        suffix = Array(rest)
        if suffix.last?.isPunctuation("{") == true { suffix.removeLast() }
        self.body = body ?? []
        isDeclaration = body == nil
    }

    var section: String? {
        suffix.indices.first { suffix[$0].isWord("section") && $0 + 1 < suffix.count }.map { suffix[$0 + 1].name }
    }

    /// The node of its `!dbg`.
    var debugNode: IRToken? { suffix.indices.first { suffix[$0].text == "!dbg" && $0 + 1 < suffix.count }.map { suffix[$0 + 1] } }

    /// The type it answers with: one token, or what stands in brackets.
    var result: [IRToken] {
        var rest = prefix[...]
        var last: [IRToken] = []
        while !rest.isEmpty { last = rest.popValue() }
        return last
    }

    var text: String {
        var head: [IRToken] = [.word(isDeclaration ? "declare" : "define")] + prefix + [.global(name)]
        head.append(IRToken(.punctuation, "(", isSpaced: false))
        for (index, parameter) in parameters.enumerated() {
            if index > 0 { head.append(IRToken(.punctuation, ",", isSpaced: false)) }
            head += parameter
        }
        head.append(IRToken(.punctuation, ")", isSpaced: false))
        head += suffix
        if isDeclaration { return head.text }
        return ([head.text + " {"] + body.map { ($0.tokens.first?.kind == .label ? "" : "  ") + $0.tokens.text } + ["}"])
            .joined(separator: "\n")
    }
}

/// A line of a function: an instruction, a label or a debug record.
struct IRInstruction {
    var tokens: [IRToken]

    /// `call`, `store`, `alloca`, …; what follows the `=` if there is one. Empty for labels and debug records.
    var operation: String {
        var rest = tokens[...]
        if rest.count > 2, rest[rest.startIndex + 1].isPunctuation("=") { rest = rest.dropFirst(2) }
        while let first = rest.first, first.kind == .word, ["tail", "musttail", "notail"].contains(first.text) { rest = rest.dropFirst() }
        guard let first = rest.first, first.kind == .word else { return "" }
        return first.text
    }

    /// The name of the value it makes.
    var result: String? {
        guard tokens.count > 2, tokens[0].kind == .local, tokens[1].isPunctuation("=") else { return nil }
        return tokens[0].name
    }

    /// The functions and variables of the module it names.
    var globals: [String] { tokens.filter { $0.kind == .global }.map(\.name) }

    var isDebugRecord: Bool { tokens.first?.kind == .hash }
    var isLabel: Bool { tokens.first?.kind == .label }

    /// The node of its `!dbg`.
    var debugNode: IRToken? { tokens.indices.first { tokens[$0].text == "!dbg" && $0 + 1 < tokens.count }.map { tokens[$0 + 1] } }

    /// Whom a `call` calls: a name of the module, a value of the function, or a constant.
    var callee: IRToken? {
        guard operation == "call" || operation == "invoke" else { return nil }
        var rest = tokens[...]
        while let first = rest.first, !(first.isWord("call") || first.isWord("invoke")) { rest = rest.dropFirst() }
        rest = rest.dropFirst()
        // The arguments' bracket follows the callee; conventions, attributes and the result's type come before it.
        var before: [IRToken] = []
        while !rest.isEmpty {
            if rest.first?.isPunctuation("(") == true, let last = before.last {
                if last.kind == .global || last.kind == .local { return last }
                if last.isWord("asm") { return last }
                if last.isWord("inttoptr") { return last }
            }
            before.append(contentsOf: rest.popCalleePart())
        }
        return before.first { $0.isWord("asm") }
    }

    /// The arguments of a call, each with its type.
    var arguments: [[IRToken]] {
        guard let callee else { return [] }
        // An argument may be the callee itself, but only the callee is followed by a bracket.
        let isNamed = callee.kind == .global || callee.kind == .local
        let place = tokens.indices.last { index in
            guard tokens[index].text == callee.text, tokens[index].kind == callee.kind else { return false }
            return !isNamed || (index + 1 < tokens.count && tokens[index + 1].isPunctuation("("))
        }
        guard let place else { return [] }
        var rest = tokens[(place + 1)...]
        return Array(rest.popValue().dropFirst().dropLast()).parted(by: ",")
    }

    /// Takes `!name !node` pairs away that stand after commas at its end.
    mutating func removeMetadata(except kept: Set<String> = []) {
        var parts = tokens.parted(by: ",")
        parts.removeAll { $0.count == 2 && $0[0].kind == .metadata && !kept.contains($0[0].text) && $0[1].kind == .metadata }
        var rest: [IRToken] = []
        for (index, part) in parts.enumerated() {
            if index > 0 { rest.append(IRToken(.punctuation, ",", isSpaced: false)) }
            rest += part
        }
        tokens = rest
    }
}

extension ArraySlice<IRToken> {
    /// One token, or a bracket with all in it unless it is the round one.
    fileprivate mutating func popCalleePart() -> [IRToken] {
        guard let first, first.kind == .punctuation, ["[", "{", "<", "("].contains(first.text) else { return popFirst().map { [$0] } ?? [] }
        return popValue()
    }
}
