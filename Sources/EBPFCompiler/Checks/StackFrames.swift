/// The stack, of which a program has 512 bytes with all functions it calls.
struct StackFrames: ProgramCheck {
    static let limit = 512

    func diagnostics(of program: CheckedProgram) -> [Diagnostic] {
        let sizes = TypeSizes(program.module)
        return program.programs.compactMap { entry in
            var seen: Set<String> = []
            let chain = deepest(from: entry, in: program, sizes, &seen)
            guard chain.bytes > Self.limit else { return nil }
            let largest = chain.functions.flatMap { $0.body.compactMap { Self.bytes(of: $0, sizes) } }.max()
            let titles = chain.functions.map { "'\(program.places.title(of: $0))'" }
            let callees = titles.count > 1 ? " with the functions it calls (\(titles.dropFirst().joined(separator: ", ")))" : ""
            let variable = largest.map { ", the largest variable \($0)" } ?? ""
            return Diagnostic(
                program.places.place(of: entry),
                "the program \(titles[0])\(callees) takes \(chain.bytes) bytes of stack\(variable); the most is \(Self.limit)",
                "keep large values in a map, such as a PerCPUArray of one entry")
        }
    }

    /// The calls that take most.
    private func deepest(
        from function: IRFunction, in program: CheckedProgram, _ sizes: TypeSizes, _ seen: inout Set<String>
    ) -> (bytes: Int, functions: [IRFunction]) {
        let variables = function.body.compactMap { Self.bytes(of: $0, sizes) }.reduce(0) { ($0 + $1 + 7) / 8 * 8 }
        // The verifier counts the frame of each function in whole steps of 32 bytes (check_max_stack_depth of Linux 6.1).
        let own = (max(variables, 1) + 31) / 32 * 32
        guard seen.insert(function.name).inserted else { return (0, []) }
        defer { seen.remove(function.name) }
        var most: (bytes: Int, functions: [IRFunction]) = (0, [])
        for name in Set(function.body.flatMap(\.globals)) {
            guard let other = program.function(name), !other.isDeclaration, !program.isRuntime(name) else { continue }
            let chain = deepest(from: other, in: program, sizes, &seen)
            if chain.bytes > most.bytes { most = chain }
        }
        return (own + most.bytes, [function] + most.functions)
    }

    private static func bytes(of instruction: IRInstruction, _ sizes: TypeSizes) -> Int? {
        guard instruction.operation == "alloca" else { return nil }
        var rest = instruction.tokens.drop { !$0.isWord("alloca") }.dropFirst()
        return sizes.bytes(rest.popValue())
    }
}
