/// Arithmetic that the kernel's machine does not have.
struct Numbers: InstructionCheck {
    func refusal(of instruction: IRInstruction, in program: CheckedProgram) -> Refusal? {
        let types = instruction.tokens.prefix { $0.kind != .metadata }.filter { $0.kind == .word }.map(\.text)
        let operation = instruction.operation
        // Values that are only moved are bits.
        if !Self.floating.isDisjoint(with: types), operation == "call" || Self.floatingOperations.contains(operation) {
            return Refusal("the kernel's machine has no floating point", "use integers, scaled if there are fractions", isCause: true)
        }
        if types.contains("i128"), isWide(operation, instruction) {
            return Refusal(
                "the kernel's machine cannot multiply, divide or shift numbers of 128 bits",
                "use numbers of at most 64 bits; those of 32 bits give a whole product in 64")
        }
        if let callee = instruction.callee?.name, callee.contains("mul.with.overflow.i64") {
            return Refusal(
                "the overflow of a product of 64 bits takes a product of 128 bits, which the kernel's machine does not have",
                "use &*, multiply numbers of 32 bits, or compare with the quotient before")
        }
        if operation == "sdiv" || operation == "srem", !isByPowerOfTwo(instruction) {
            return Refusal(
                "the kernel's machine has no signed division", "divide numbers without a sign, such as magnitude, and set the sign after")
        }
        return atomic(operation, instruction, types)
    }

    /// Whether the back end would call a function for it: shifts by a number that is known are made of others.
    private func isWide(_ operation: String, _ instruction: IRInstruction) -> Bool {
        if ["mul", "udiv", "sdiv", "urem", "srem"].contains(operation) { return true }
        guard ["shl", "lshr", "ashr"].contains(operation) else { return false }
        return instruction.tokens.parted(by: ",").dropFirst().first?.last?.kind == .local
    }

    /// Whether the divisor is a power of two that is known: the back end shifts.
    private func isByPowerOfTwo(_ instruction: IRInstruction) -> Bool {
        let divisor = instruction.tokens.parted(by: ",").dropFirst().first?.last
        guard let divisor, divisor.kind == .word, let number = Int64(divisor.text), number > 0 else { return false }
        return number & (number - 1) == 0
    }

    private func atomic(_ operation: String, _ instruction: IRInstruction, _ types: [String]) -> Refusal? {
        guard operation == "atomicrmw" || operation == "cmpxchg" else { return nil }
        if types.contains("i8") || types.contains("i16") {
            return Refusal("the kernel's machine has no atomic operation on 8 or 16 bits", "use UInt32 or UInt64")
        }
        let kinds: Set<String> = ["nand", "max", "min", "umax", "umin", "uinc_wrap", "udec_wrap", "fadd", "fsub", "fmax", "fmin"]
        guard operation == "atomicrmw", !kinds.isDisjoint(with: types) else { return nil }
        return Refusal(
            "the kernel's machine has no such atomic operation", "use addition, and, or, exclusive or, exchange or compare-and-exchange")
    }

    private static let floatingOperations: Set<String> = [
        "fadd", "fsub", "fmul", "fdiv", "frem", "fneg", "fcmp", "sitofp", "uitofp", "fptosi", "fptoui", "fptrunc", "fpext",
    ]
    private static let floating: Set<String> = ["float", "double", "half", "bfloat", "fp128", "x86_fp80"]
}
