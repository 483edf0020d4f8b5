/// Calls of functions that are values. The verifier follows every call, so it has to know whom it goes to.
struct IndirectCalls: InstructionCheck {
    func refusal(of instruction: IRInstruction, in program: CheckedProgram) -> Refusal? {
        guard let callee = instruction.callee, callee.kind == .local else { return nil }
        return Refusal(
            "this calls a function that is only known when it runs",
            "call functions by name, and give closures to functions that are '@inline(__always)'", isCause: true)
    }
}
