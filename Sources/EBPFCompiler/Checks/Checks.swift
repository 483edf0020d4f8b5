/// What an optimised module holds that the kernel's machine cannot run, each by the place in the source and with what to do instead.
struct Checks {
    private let module: IRModule
    private let places: SourcePlaces

    init(_ module: IRModule) {
        self.module = module
        places = SourcePlaces(module)
    }

    func diagnostics() -> [Diagnostic] {
        var found: [Diagnostic] = []
        for function in module.functions where !function.isDeclaration {
            for instruction in function.body {
                guard let (message, remedy) = refusal(of: instruction) else { continue }
                let diagnostic = Diagnostic(places.place(of: instruction) ?? places.place(of: function), message, remedy)
                if !found.contains(diagnostic) { found.append(diagnostic) }
            }
        }
        return found
    }

    private func refusal(of instruction: IRInstruction) -> (String, String)? {
        guard let callee = instruction.callee else { return nil }
        if callee.name == "llvm.trap" {
            let failure = places.functions(of: instruction).first { $0.hasPrefix(Self.failure) }.map { $0.dropFirst(Self.failure.count) }
            return (
                "this may end the program: \(failure.map(String.init) ?? "a check the optimiser could not remove")",
                "test before, or use what cannot fail, such as &+"
            )
        }
        return nil
    }

    private static let failure = "Swift runtime failure: "
}
