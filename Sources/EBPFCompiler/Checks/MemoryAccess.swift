/// Memory that is copied, set or taken in an amount that only shows when the program runs.
struct MemoryAccess: InstructionCheck {
    func refusal(of instruction: IRInstruction, in program: CheckedProgram) -> Refusal? {
        if instruction.operation == "alloca" {
            // "alloca TYPE, i64 %count, align 8": an amount before the alignment.
            let parts = instruction.tokens.parted(by: ",").dropFirst()
            guard parts.contains(where: { $0.count == 2 && $0[1].kind == .local }) else { return nil }
            return Refusal("this takes an amount of stack that is only known when it runs", "use an InlineArray of the most there can be")
        }
        guard let name = instruction.callee?.name, let kind = Self.kinds.first(where: { name.hasPrefix("llvm.\($0).") }),
            instruction.arguments.count > 2, let count = instruction.arguments[2].last, count.kind == .local
        else { return nil }
        let verb = kind == "memset" ? "sets" : "copies"
        return Refusal(
            "this \(verb) an amount of memory that is only known when it runs", "use a fixed size, or a loop with a fixed bound")
    }

    private static let kinds = ["memcpy", "memmove", "memset"]
}
