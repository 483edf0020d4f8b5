/// The stack, of which a program has 512 bytes with all functions it calls.
struct StackFrames: ProgramCheck {
    static let limit = 512

    /// What the back end has given each function: its variables as far as they live at the same time, and what its registers do not hold.
    /// Before it has run, nil.
    private let bytes: [String: Int]?

    init(_ bytes: [String: Int]? = nil) { self.bytes = bytes }

    /// What the back end says of functions, a line each: "FILE:LINE:NAME", bytes and the kind of stack behind tabulators.
    static func bytes(said text: String) -> [String: Int] {
        let functions = text.split(separator: "\n").compactMap { line -> (String, Int)? in
            let parts = line.split(separator: "\t")
            guard parts.count > 1, let name = parts[0].split(separator: ":").last, let bytes = Int(parts[1]) else { return nil }
            return (String(name), bytes)
        }
        return Dictionary(functions) { $0 + $1 }
    }

    func diagnostics(of program: CheckedProgram) -> [Diagnostic] {
        let sizes = TypeSizes(program.module)
        return program.programs.compactMap { entry in
            var seen: Set<String> = []
            let chain = deepest(from: entry, in: program, sizes, &seen)
            guard chain.bytes > Self.limit else { return nil }
            let largest = chain.functions.map { Self.largest(in: $0, sizes) }.max() ?? 0
            let titles = chain.functions.map { "'\(program.places.title(of: $0))'" }
            let callees = titles.count > 1 ? " with the functions it calls (\(titles.dropFirst().joined(separator: ", ")))" : ""
            let variable = largest > 0 ? ", the largest variable \(largest)" : ""
            let least = bytes == nil ? "at least " : ""
            return Diagnostic(
                program.places.place(of: entry),
                "the program \(titles[0])\(callees) takes \(least)\(chain.bytes) bytes of stack\(variable); the most is \(Self.limit)",
                "keep large values in a map, such as a PerCPUArray of one entry")
        }
    }

    /// The calls that take most.
    private func deepest(
        from function: IRFunction, in program: CheckedProgram, _ sizes: TypeSizes, _ seen: inout Set<String>
    ) -> (bytes: Int, functions: [IRFunction]) {
        // Variables may share memory; the largest has its own at least.
        let frame = bytes.map { $0[function.name] ?? 0 } ?? Self.largest(in: function, sizes)
        // The verifier counts the frame of each function in whole steps of 32 bytes (check_max_stack_depth of Linux 6.1).
        let own = (max(frame, 1) + 31) / 32 * 32
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

    /// The bytes of a function's largest variable.
    private static func largest(in function: IRFunction, _ sizes: TypeSizes) -> Int {
        let variables = function.body.filter { $0.operation == "alloca" }.map { instruction in
            var rest = instruction.tokens.drop { !$0.isWord("alloca") }.dropFirst()
            return sizes.bytes(rest.popValue())
        }
        return variables.max() ?? 0
    }
}
