/// Makes of what the Swift compiler says for its host a module that LLVM optimises for the kernel's machine.
///
/// Kept is what programs reach. Programs are functions with a section; their names become what the source calls them. What a global
/// variable computes when it is first used goes into the module's constructors, which the optimiser carries out at build time.
struct Preparation {
    var module: IRModule
    var diagnostics: [Diagnostic] = []

    /// 64-bit little-endian, as LLVM's bpf back end wants it.
    static let target = [
        "target datalayout = \"e-m:e-p:64:64-i64:64-i128:128-n32:64-S128\"", "target triple = \"bpfel\"",
    ]

    private let users: UsersFiles

    init(_ module: IRModule, users: UsersFiles) {
        self.module = module
        self.users = users
    }

    /// The module's new text.
    mutating func run() -> String {
        let places = SourcePlaces(module, users: users)
        var programs: [String: String] = [:]
        for index in module.functions.indices {
            guard module.functions[index].section != nil, !module.functions[index].isDeclaration else { continue }
            let function = module.functions[index]
            let name = places.title(of: function)
            if !FunctionNames.isIdentifier(name) {
                diagnostics.append(FunctionNames.diagnostic(places.place(of: function), "the program '\(name)'"))
            }
            if let other = programs.updateValue(function.name, forKey: name), other != function.name {
                diagnostics.append(
                    Diagnostic(places.place(of: function), "two programs are called '\(name)'", "give one of them another name"))
            }
        }
        let initialisers = initialisersInOrder()
        let kept = namesKept(
            by: Array(programs.values) + module.variables.filter(Self.isDeclared).map(\.name), initialisers: Set(initialisers))
        module.functions.removeAll { !kept.contains($0.name) }
        module.variables.removeAll { !kept.contains($0.name) || $0.name.hasPrefix("llvm.") }
        let names = Dictionary(uniqueKeysWithValues: programs.map { ($0.value, $0.key) })
        let tokens = names.mapValues { IRToken.global($0).text }
        diagnostics += MisplacedMaps(module, places).diagnostics()
        for index in module.functions.indices { adapt(&module.functions[index], names: names, tokens: tokens) }
        for index in module.variables.indices { adapt(&module.variables[index]) }
        for index in module.types.indices { module.types[index].tokens.widenTruth() }
        for (number, tokens) in module.attributes { module.attributes[number] = Self.neutral(tokens) }
        return text(constructors: initialisers.filter(kept.contains))
    }

    /// Variables that stand for something of the kernel's, used or not.
    static func isDeclared(_ variable: IRVariable) -> Bool { LibraryType(of: variable) != nil }

    /// What is reached from somewhere, with what computes the initial values of variables among it.
    ///
    /// Other initialisers are left out: a Hashable type brings that of the standard library's seeds, which no program can compute.
    private func namesKept(by roots: [String], initialisers: Set<String>) -> Set<String> {
        let variables = Set(module.variables.map(\.name))
        var open = module.functions.filter { initialisers.contains($0.name) }.map { function in
            let globals = function.body.filter { !$0.isDebugRecord }.flatMap(\.globals)
            return (name: function.name, variables: variables.intersection(globals))
        }
        var roots = roots
        while true {
            let kept = module.names(reachedFrom: roots, passingOver: Self.isOnce)
            let needed = open.filter { !$0.variables.isDisjoint(with: kept) }.map(\.name)
            if needed.isEmpty { return kept }
            roots += needed
            open.removeAll { needed.contains($0.name) }
        }
    }

    /// What computes initial values, each after what computes those it reads, directly or by functions it calls.
    private func initialisersInOrder() -> [String] {
        let functions = Dictionary(module.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var seen: Set<String> = []
        var order: [String] = []
        func visit(_ name: String) {
            guard let function = functions[name], !function.isDeclaration, seen.insert(name).inserted else { return }
            for instruction in function.body where !instruction.isDebugRecord { instruction.globals.forEach(visit) }
            if name.hasSuffix("_WZ") { order.append(name) }
        }
        for function in module.functions where function.name.hasSuffix("_WZ") { visit(function.name) }
        return order
    }

    /// Whether it makes sure that a variable has its initial value.
    private static func isOnce(_ instruction: IRInstruction) -> Bool { instruction.callee?.name == "swift_once" }

    private func adapt(_ function: inout IRFunction, names: [String: String], tokens: [String: String]) {
        // The kernel's machine knows one way of calling.
        let host: Set<String> = ["swiftcc", "protected", "hidden", "weak_odr", "linkonce_odr", "internal", "private", "dso_local"]
        function.prefix.removeAll { $0.kind == .word && host.contains($0.text) }
        if function.isDeclaration { return }
        let marks: Set<String> = ["swiftself", "swifterror", "swiftcontext", "swiftasync"]
        for index in function.parameters.indices { function.parameters[index].removeAll { marks.contains($0.text) } }
        if let place = function.suffix.firstIndex(where: { $0.isWord("comdat") }) {
            function.suffix.remove(at: place)
            if place < function.suffix.count, function.suffix[place].isPunctuation("(") {
                var rest = function.suffix[place...]
                let group = rest.popValue()
                function.suffix.removeSubrange(place..<(place + group.count))
            }
        }
        // The optimiser carries out constructors that take nothing; what swift_once hands on is not used.
        if function.name.hasSuffix("_WZ") {
            function.parameters = []
            for index in function.body.indices where function.body[index].operation == "store" { function.body[index].tokens.widenTruth() }
            function.body = function.body.flatMap(\.withoutSwap)
        }
        if names[function.name] == nil {
            function.prefix.insert(.word("internal"), at: 0)
            // What cannot be called has to be a part of its callers, unless its author wants it otherwise and is told.
            if Signatures.reason(against: function) != nil, !isKeptApart(function), Runtime.part(function.name) == nil {
                let place = function.suffix.firstIndex { $0.kind == .metadata || $0.isWord("section") || $0.isWord("align") }
                function.suffix.insert(.word("alwaysinline"), at: place ?? function.suffix.endIndex)
            }
        }
        function.body.removeAll { Self.isOnce($0) || $0.isDebugRecord }
        function.body = TrapConditions.turnedRound(function.body)
        for index in function.body.indices {
            function.body[index].tokens.removeAll { $0.isWord("swiftcc") || ($0.kind == .word && marks.contains($0.text)) }
            function.body[index].tokens.rename(tokens)
        }
        if let name = names[function.name] { function.name = name }
    }

    private func isKeptApart(_ function: IRFunction) -> Bool {
        let groups = function.suffix.filter { $0.kind == .hash }.flatMap { module.attributes[$0.name] ?? [] }
        return (function.suffix + groups).contains { $0.isWord("noinline") || $0.isWord("optnone") }
    }

    private func adapt(_ variable: inout IRVariable) {
        let host: Set<String> = ["protected", "hidden", "weak_odr", "linkonce_odr", "dso_local"]
        variable.linkage.removeAll { $0.kind == .word && host.contains($0.text) }
        variable.suffixes.removeAll { $0.first?.isWord("comdat") == true }
        variable.type.widenTruth()
        variable.initialiser.widenTruth()
    }

    /// Attributes without what is meant for the host's machine.
    private static func neutral(_ tokens: [IRToken]) -> [IRToken] {
        let host: Set<String> = ["ssp", "sspreq", "sspstrong", "uwtable"]
        var neutral: [IRToken] = []
        var isValue = false
        for token in tokens {
            if token.kind == .string || token.isPunctuation("=") || isValue {
                isValue = token.isPunctuation("=")
                continue
            }
            if token.kind == .word, host.contains(token.text) { continue }
            neutral.append(token)
        }
        return neutral
    }

    private func text(constructors: [String]) -> String {
        var lines = ["source_filename = \"\(IRToken.escaped(module.sourceName))\""] + Self.target
        lines += module.types.map { ([.local($0.name), IRToken(.punctuation, "=")] + $0.tokens).text }
        lines += module.variables.map(\.tokens.text)
        if !constructors.isEmpty {
            let entries = constructors.map { "{ i32, ptr, ptr } { i32 65535, ptr \(IRToken.global($0).text), ptr null }" }
            lines.append(
                "@llvm.global_ctors = appending global [\(entries.count) x { i32, ptr, ptr }] [\(entries.joined(separator: ", "))]")
        }
        lines += module.functions.map(\.text)
        lines += module.attributes.map { "attributes #\($0.key) = \($0.value.text)" }
        lines += module.metadataLines
        return lines.joined(separator: "\n") + "\n"
    }
}

extension IRInstruction {
    /// What turns bytes round, as shifts: calls of LLVM's own are not carried out at build time.
    fileprivate var withoutSwap: [IRInstruction] {
        let start = "llvm.bswap.i"
        guard let name = callee?.name, name.hasPrefix(start), let bits = Int(name.dropFirst(start.count)), let result,
            let value = arguments.first?.last?.text
        else { return [self] }
        func local(_ step: String) -> String { IRToken.local("swap.\(result).\(step)").text }
        var lines: [String] = []
        var sum = "0"
        for place in stride(from: 0, to: bits, by: 8) {
            let (low, byte, high) = (local("low\(place)"), local("byte\(place)"), local("high\(place)"))
            let isLast = place + 8 == bits
            let next = isLast ? IRToken.local(result).text : local("sum\(place)")
            lines += [
                "\(low) = lshr i\(bits) \(value), \(place)", "\(byte) = and i\(bits) \(low), 255",
                "\(high) = shl i\(bits) \(byte), \(bits - 8 - place)", "\(next) = or i\(bits) \(sum), \(high)",
            ]
            sum = next
        }
        var lexer = IRLexer(lines.joined(separator: "\n"))
        var instructions: [IRInstruction] = []
        while let line = lexer.nextLine() { instructions.append(IRInstruction(tokens: line)) }
        return instructions
    }
}

extension [IRToken] {
    /// Makes a byte of what is true or false in memory. The Swift compiler stores bytes in variables whose type says one bit, which LLVM does
    /// not carry out at build time.
    fileprivate mutating func widenTruth() {
        for index in indices where self[index].isWord("i1") {
            guard index + 1 == endIndex || !self[index + 1].kind.isName else { continue }
            self[index].text = "i8"
            guard index + 1 < endIndex else { continue }
            if self[index + 1].isWord("true") { self[index + 1].text = "1" }
            if self[index + 1].isWord("false") { self[index + 1].text = "0" }
        }
    }
}
