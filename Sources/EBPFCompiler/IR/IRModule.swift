/// A module of LLVM IR as its parts: what the grammar of the textual form has at its top.
struct IRModule {
    var sourceName = ""
    var types: [IRDefinition] = []
    var variables: [IRVariable] = []
    var functions: [IRFunction] = []
    /// `attributes #0 = { … }`, by number.
    var attributes: [String: [IRToken]] = [:]
    /// `!12 = …`, by number.
    var metadata: [String: IRMetadata] = [:]
    /// `!llvm.dbg.cu = !{…}`, by name.
    var namedMetadata: [String: [IRToken]] = [:]

    struct Unreadable: Error, CustomStringConvertible {
        var description: String
    }

    init() {}

    /// - Throws: what is not understood, so that nothing is passed over in silence.
    init(parsing text: String) throws {
        var lexer = IRLexer(text)
        while let line = lexer.nextLine() {
            let first = line[0]
            switch first.kind {
            case .word where first.text == "define":
                functions.append(try IRFunction(definition: line, body: &lexer))
            case .word where first.text == "declare":
                functions.append(try IRFunction(declaration: line))
            case .word where first.text == "attributes":
                guard line.count > 3, line[1].kind == .hash else { throw Self.unreadable(line) }
                attributes[line[1].name] = Array(line[3...])
            case .word where first.text == "source_filename":
                sourceName = line.last?.name ?? ""
            case .word where ["target", "module"].contains(first.text):
                continue
            case .local where line.count > 2 && line[1].isPunctuation("="):
                types.append(IRDefinition(name: first.name, tokens: Array(line[2...])))
            // What only a debugger would ask for: the compiler has put a function of its own in the place of one that nobody calls.
            case .global where line.contains { $0.isWord("alias") } && line.last?.name == "_swift_dead_method_stub":
                continue
            case .global where line.count > 2 && line[1].isPunctuation("="):
                variables.append(try IRVariable(line))
            case .metadata where line.count > 2 && line[1].isPunctuation("="):
                if first.name.first?.isNumber == true {
                    metadata[first.name] = IRMetadata(Array(line[2...]))
                } else {
                    namedMetadata[first.name] = Array(line[2...])
                }
            case .comdat:
                continue
            default:
                throw Self.unreadable(line)
            }
        }
    }

    static func unreadable(_ line: [IRToken]) -> Unreadable { Unreadable(description: "not understood in the compiler's IR: \(line.text)") }

    func function(_ name: String) -> IRFunction? { functions.first { $0.name == name } }
    func variable(_ name: String) -> IRVariable? { variables.first { $0.name == name } }

    /// Names of all that some functions and variables lead to, but for what some instructions name.
    func names(reachedFrom roots: [String], passingOver isPassed: (IRInstruction) -> Bool = { _ in false }) -> Set<String> {
        let functions = Dictionary(functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let variables = Dictionary(variables.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        var reached: Set<String> = []
        var open = roots
        while let name = open.popLast() {
            guard reached.insert(name).inserted else { continue }
            if let variable = variables[name] { open += variable.references }
            for instruction in functions[name]?.body ?? [] where !instruction.isDebugRecord && !isPassed(instruction) {
                open += instruction.globals
            }
        }
        return reached
    }

    /// What types of a name are made of.
    var typesByName: [String: [IRToken]] { Dictionary(types.map { ($0.name, $0.tokens) }, uniquingKeysWith: { first, _ in first }) }

    /// The node behind `!12`.
    func node(_ token: IRToken?) -> IRMetadata? { token.flatMap { metadata[$0.name] } }
}

/// `%name = type …`
struct IRDefinition {
    var name: String
    var tokens: [IRToken]
}

extension IRToken {
    /// A name of the module as IR writes it.
    static func global(_ name: String) -> IRToken { IRToken(.global, "@" + quotedIfNeeded(name)) }
    static func local(_ name: String) -> IRToken { IRToken(.local, "%" + quotedIfNeeded(name)) }
    static func metadata(_ name: String) -> IRToken { IRToken(.metadata, "!" + name) }
    static func word(_ text: String) -> IRToken { IRToken(.word, text) }

    private static func quotedIfNeeded(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        return isPlain && !name.isEmpty ? name : "\"\(escaped(name))\""
    }

    /// What stands between quotes: quotes and backslashes by their numbers.
    static func escaped(_ text: String) -> String { text.replacing("\\", with: "\\5C").replacing("\"", with: "\\22") }
}

extension [IRToken] {
    /// Puts another name of the module, written as IR writes it, in place of one.
    mutating func rename(_ name: String, to text: String) {
        for index in indices where self[index].kind == .global && self[index].name == name { self[index].text = text }
    }

    /// The same for several names.
    mutating func rename(_ names: [String: String]) {
        for index in indices where self[index].kind == .global {
            if let text = names[self[index].name] { self[index].text = text }
        }
    }
}
