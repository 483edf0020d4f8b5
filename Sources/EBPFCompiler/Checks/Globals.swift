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
            if let variable = variables.last(where: { Self.isSet($0.name, in: constructor) }) ?? variables.last {
                if told.insert(variable.name).inserted { diagnostics.append(Self.diagnostic(variable, program.places)) }
            } else {
                // A module that is imported brings no debug information with its variables. Left alone, they would be zero.
                let message = "the initial value of '\(Self.title(constructor.name))' is not known at build time"
                diagnostics.append(Diagnostic(nil, message, Self.remedy))
            }
        }
        return diagnostics
    }

    private static func isSet(_ name: String, in function: IRFunction) -> Bool {
        function.body.contains { $0.operation == "store" && $0.globals.last == name }
    }

    private static let remedy = "use numbers that stand in the source, and what is computed from such without loops of many turns"

    /// "Shared.limit" of "$e6Shared5limit_WZ": the names in what stands for a declaration, each behind its length.
    private static func title(_ mangled: String) -> String {
        var names: [Substring] = []
        var rest = mangled.drop { !$0.isNumber }
        while let count = Int(rest.prefix { $0.isNumber }), count > 0 {
            rest = rest.drop { $0.isNumber }
            names.append(rest.prefix(count))
            rest = rest.dropFirst(count).drop { !$0.isNumber }
        }
        return names.isEmpty ? mangled : names.joined(separator: ".")
    }

    static func diagnostic(_ variable: IRVariable, _ places: SourcePlaces) -> Diagnostic {
        let title = places.title(of: variable)
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
