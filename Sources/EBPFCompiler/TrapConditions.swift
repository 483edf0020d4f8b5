/// Writes tests that lead to traps so that the bpf back end leaves them to the optimiser.
///
/// LLVM's bpf target hides the first of two comparisons of one value that are joined by "or" (`BPFAdjustOpt`), so that the verifier
/// sees both. Swift's tests of an index are of that form: hidden, none could be proved to hold. The target knows the form by the value that
/// comes first in both, so such comparisons are turned round here. What is left of such tests is an error in any case.
struct TrapConditions {
    private var body: [IRInstruction]
    /// The instruction that makes a value.
    private var definitions: [String: Int] = [:]
    /// Blocks that end in a trap.
    private var traps: Set<String> = []

    /// The function's body with those tests turned round.
    static func turnedRound(_ body: [IRInstruction]) -> [IRInstruction] {
        var conditions = TrapConditions(body)
        conditions.run()
        return conditions.body
    }

    private init(_ body: [IRInstruction]) {
        self.body = body
        var block = ""
        for (index, instruction) in body.enumerated() {
            if instruction.isLabel, let label = instruction.tokens.first { block = label.name }
            if let name = instruction.result { definitions[name] = index }
            if instruction.callee?.name == "llvm.trap" { traps.insert(block) }
        }
    }

    private mutating func run() {
        for instruction in body where instruction.operation == "br" {
            // "br i1 %condition, label %a, label %b"
            let locals = instruction.tokens.filter { $0.kind == .local }.map(\.name)
            guard locals.count == 3, locals.dropFirst().contains(where: traps.contains) else { continue }
            turn(locals[0])
        }
    }

    private mutating func turn(_ value: String, isJoined: Bool = false) {
        guard let index = definitions[value] else { return }
        let instruction = body[index]
        let sources = instruction.tokens.dropFirst().filter { $0.kind == .local }.map(\.name)
        switch instruction.operation {
        case "call" where instruction.callee?.name.hasPrefix("llvm.expect") == true:
            if let condition = sources.first { turn(condition, isJoined: isJoined) }
        case "or":
            for source in sources { turn(source, isJoined: true) }
        case "icmp" where isJoined:
            turnComparison(at: index)
        default:
            return
        }
    }

    /// "icmp slt i64 %a, 0" becomes "icmp sgt i64 0, %a".
    private mutating func turnComparison(at index: Int) {
        let turned = [
            "slt": "sgt", "sgt": "slt", "sle": "sge", "sge": "sle", "ult": "ugt", "ugt": "ult", "ule": "uge", "uge": "ule", "eq": "eq",
            "ne": "ne",
        ]
        var tokens = body[index].tokens
        guard let place = tokens.firstIndex(where: { turned[$0.text] != nil }), let predicate = turned[tokens[place].text],
            place + 4 < tokens.count, tokens[place + 3].isPunctuation(",")
        else { return }
        tokens[place].text = predicate
        tokens.swapAt(place + 2, place + 4)
        body[index].tokens = tokens
    }
}
