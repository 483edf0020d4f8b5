/// How many functions wait for one another. The kernel has frames for so many, the program's own among them
/// (`MAX_CALL_FRAMES`, include/linux/bpf_verifier.h: "the call stack of 9 frames is too deep").
struct CallDepth: ProgramCheck {
    static let limit = 8

    func diagnostics(of program: CheckedProgram) -> [Diagnostic] {
        var known: [String: [IRFunction]] = [:]
        return program.programs.compactMap { entry in
            let chain = longest(from: entry, in: program, &known)
            guard chain.count > Self.limit else { return nil }
            let titles = chain.map { "'\(program.places.title(of: $0))'" }
            return Diagnostic(
                program.places.place(of: entry),
                "the program \(titles[0]) calls functions that call others, \(chain.count) frames deep "
                    + "(\(titles.dropFirst().joined(separator: ", "))); the most is \(Self.limit), its own among them",
                "have one of them inlined, without '@inline(never)'")
        }
    }

    /// The longest way of calls from a function on, which comes first. Calls in a round are told elsewhere, and count once.
    private func longest(from function: IRFunction, in program: CheckedProgram, _ known: inout [String: [IRFunction]]) -> [IRFunction] {
        if let chain = known[function.name] { return chain }
        known[function.name] = []
        var most: [IRFunction] = []
        for name in Set(function.body.flatMap(\.globals)).sorted() {
            guard let other = program.function(name), !other.isDeclaration, !program.isRuntime(name) else { continue }
            let chain = longest(from: other, in: program, &known)
            if chain.count > most.count { most = chain }
        }
        known[function.name] = [function] + most
        return [function] + most
    }
}
