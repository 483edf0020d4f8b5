/// Functions that call themselves, alone or in a round. The verifier needs a last call.
struct Recursion: ProgramCheck {
    func diagnostics(of program: CheckedProgram) -> [Diagnostic] {
        var told: Set<String> = []
        var diagnostics: [Diagnostic] = []
        for function in program.functions where !told.contains(function.body.name) {
            guard let cycle = cycle(from: function.body, in: program) else { continue }
            told.formUnion(cycle.map(\.name))
            let titles = cycle.map(program.places.title)
            let others = titles.dropFirst().map { "'\($0)'" }.joined(separator: ", ")
            let way = others.isEmpty ? "" : " by way of \(others)"
            diagnostics.append(
                Diagnostic(
                    function.place, "'\(titles[0])' calls itself\(way), and a program in the kernel has to come to an end",
                    "use a loop with a fixed bound"))
        }
        return diagnostics
    }

    /// The shortest way from a function back to it.
    private func cycle(from start: IRFunction, in program: CheckedProgram) -> [IRFunction]? {
        var ways: [[IRFunction]] = [[start]]
        var seen: Set<String> = []
        while !ways.isEmpty {
            let way = ways.removeFirst()
            guard let last = way.last else { continue }
            for name in last.body.flatMap(\.globals) {
                if name == start.name { return way }
                guard let next = program.function(name), !next.isDeclaration, !program.isRuntime(name) else { continue }
                guard seen.insert(name).inserted else { continue }
                ways.append(way + [next])
            }
        }
        return nil
    }
}
