/// What may end a program while it runs, and what the optimiser could not prove impossible.
struct Traps: InstructionCheck {
    func refusal(of instruction: IRInstruction, in program: CheckedProgram) -> Refusal? {
        guard let callee = instruction.callee, callee.name == "llvm.trap" || callee.name == "llvm.ubsantrap" else { return nil }
        let start = "Swift runtime failure: "
        let failure = program.places.functions(of: instruction).first { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) }
        return Refusal(
            "this may end the program: \(failure ?? "a check the optimiser could not remove")", Self.remedy(for: failure ?? ""))
    }

    /// What Swift's words call for.
    private static func remedy(for failure: String) -> String {
        let words = failure.lowercased()
        let remedies = [
            ("arithmetic overflow", "use &+, &- or &* if it may wrap around, or test before"),
            ("division by zero", "test before that it is not zero"),
            ("division overflow", "test before, or divide numbers without a sign"),
            ("out of bounds", "test before that the index is smaller than the count, or limit it by '&'"),
            ("out of range", "test before that the index is smaller than the count, or limit it by '&'"),
            ("found nil", "use 'guard let', 'if let' or '??'"),
            ("not enough bits", "use init(truncatingIfNeeded:) or init(exactly:)"),
            ("negative value", "use init(truncatingIfNeeded:) or init(exactly:)"),
            ("lowerbound <= upperbound", "test before that the lower bound is not above the upper"),
            ("fatal error", "return instead: a program in the kernel runs to its end"),
            ("precondition", "return instead: a program in the kernel runs to its end"),
            ("assertion", "return instead: a program in the kernel runs to its end"),
            ("unexpectedly raised", "use 'do' and 'catch', or 'try?'"),
        ]
        return remedies.first { words.contains($0.0) }?.1 ?? "test before, or use what cannot fail"
    }
}
