/// Global variables whose initial value the optimiser could not compute.
struct Globals: ProgramCheck {
    func diagnostics(of program: CheckedProgram) -> [Diagnostic] {
        guard let list = program.module.variable("llvm.global_ctors") else { return [] }
        let constructors = list.initialiser.filter { $0.kind == .global }.compactMap { program.function($0.name) }
        var told: Set<String> = []
        var diagnostics: [Diagnostic] = []
        for constructor in constructors {
            let names = constructor.body.flatMap(\.globals)
            let variables = names.compactMap { program.module.variable($0) }.filter { $0.debugNode != nil && !$0.isConstant }
            // What is set comes last; what it is computed from, before.
            guard let variable = variables.last(where: { Self.isSet($0.name, in: constructor) }) ?? variables.last,
                told.insert(variable.name).inserted
            else { continue }
            diagnostics.append(Self.diagnostic(variable, program.places))
        }
        return diagnostics
    }

    private static func isSet(_ name: String, in function: IRFunction) -> Bool {
        function.body.contains { $0.operation == "store" && $0.globals.last == name }
    }

    static func diagnostic(_ variable: IRVariable, _ places: SourcePlaces) -> Diagnostic {
        let title = places.title(of: variable)
        let remedy = "use numbers that stand in the source, and what is computed from such"
        switch LibraryType(of: variable) {
        case .map:
            return Diagnostic(places.place(of: variable), "the size of the map '\(title)' is not known at build time", remedy)
        case .license:
            return Diagnostic(places.place(of: variable), "the license is not known at build time", "write 'let license = License.gpl'")
        case .kernelField:
            return Diagnostic(
                places.place(of: variable), "the field '\(title)' of the kernel is not known at build time",
                "write the names of structure and field as literals, as in KernelField<Int32>(\"task_struct\", \"tgid\")")
        case .setting, nil:
            return Diagnostic(places.place(of: variable), "the initial value of '\(title)' is not known at build time", remedy)
        }
    }
}
