/// Comparisons that the optimiser found the outcome of, but may not act on.
///
/// Of two comparisons that belong together, the rules of the bpf back end hide one behind `llvm.bpf.passthrough` before the optimiser
/// begins, so that it does not make one of both that the verifier would not follow. When it finds out later that the hidden one is always
/// true, or never, the branch for the other case stays: every `for` over a range whose body may leave the loop keeps the trap of an index
/// out of bounds in this way. Those are put down as the constants they are, for the optimiser to go on from.
struct SettledComparisons {
    private(set) var module: IRModule
    /// How many there were.
    private(set) var count = 0

    init(_ module: IRModule) {
        self.module = module
        for function in module.functions.indices {
            for line in module.functions[function].body.indices {
                guard let settled = Self.settled(module.functions[function].body[line]) else { continue }
                self.module.functions[function].body[line].tokens = settled
                count += 1
            }
        }
    }

    /// "%3 = call i1 @llvm.bpf.passthrough.i1.i1(i32 0, i1 false)" as "%3 = or i1 false, false", which is a constant to the optimiser.
    private static func settled(_ instruction: IRInstruction) -> [IRToken]? {
        guard instruction.callee?.name.hasPrefix("llvm.bpf.passthrough.i1") == true, let outcome = instruction.arguments.last?.last,
            outcome.isWord("true") || outcome.isWord("false"), instruction.tokens.count > 2
        else { return nil }
        let result = Array(instruction.tokens[..<2])
        return result + [.word("or"), .word("i1"), outcome, IRToken(.punctuation, ",", isSpaced: false), outcome]
    }
}
