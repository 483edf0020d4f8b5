/// Functions that stay functions, and what the kernel's machine can hand to them: five registers, and one back.
struct Signatures: ProgramCheck {
    func diagnostics(of program: CheckedProgram) -> [Diagnostic] {
        program.functions.filter { $0.body.section == nil }.compactMap { function in
            guard let reason = Self.reason(against: function.body) else { return nil }
            return Diagnostic(
                function.place, "'\(program.places.title(of: function.body))' cannot be a function of its own in the kernel: \(reason)",
                "make it '@inline(__always)', or hand over less")
        }
    }

    /// Why a function cannot be called; nil if it can be.
    static func reason(against function: IRFunction) -> String? {
        if function.parameters.count > 5 { return "it has \(function.parameters.count) arguments, the most is 5" }
        if function.parameters.contains(where: { $0.contains { $0.isWord("sret") } }) { return "its result does not fit into a register" }
        if function.parameters.contains(where: { !isWord($0.first) }) { return "an argument does not fit into a register" }
        let result = function.result
        if result.count == 1, result[0].isWord("void") || isWord(result[0]) { return nil }
        return "its result does not fit into a register"
    }

    /// Whether a type fits into a register.
    static func isWord(_ type: IRToken?) -> Bool {
        guard let type, type.kind == .word else { return false }
        if type.text == "ptr" { return true }
        guard type.text.first == "i", let bits = Int(type.text.dropFirst()) else { return false }
        return bits <= 64
    }
}
