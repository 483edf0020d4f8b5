/// Maps, settings and fields of the kernel's that are not global constants by themselves: the loader finds none of them.
struct MisplacedMaps {
    private let module: IRModule
    private let places: SourcePlaces
    private let types: [String: [IRToken]]

    init(_ module: IRModule, _ places: SourcePlaces) {
        self.module = module
        self.places = places
        types = module.typesByName
    }

    func diagnostics() -> [Diagnostic] {
        let remedy = "declare it as a global constant, or as a static one, that is nothing else"
        let variables = module.variables.filter { LibraryType(of: $0) == nil && $0.debugNode != nil }
        let nested = variables.compactMap { variable in
            part(of: variable.type).map { part in
                Diagnostic(places.place(of: variable), "'\(places.title(of: variable))' has \(Self.words(part)) inside", remedy)
            }
        }
        let local = module.functions.filter { !$0.name.hasSuffix("_WZ") && places.usersPlace(of: $0) != nil }.flatMap { function in
            function.body.compactMap { instruction -> Diagnostic? in
                guard instruction.operation == "alloca", let part = self.part(of: instruction.tokens) else { return nil }
                let declared = variable(instruction.result, of: function)
                let title = declared.name.map { " '\($0)'" } ?? ""
                return Diagnostic(declared.place, "\(Self.words(part))\(title) is declared in a function", remedy)
            }
        }
        return nested + local
    }

    private static func words(_ type: LibraryType) -> String {
        switch type {
        case .map: "a map"
        case .setting: "a setting"
        case .kernelField: "a field of the kernel's"
        case .license: "a license"
        }
    }

    /// What of the library's a type is, or has in it.
    private func part(of type: [IRToken]) -> LibraryType? {
        for token in type where token.kind == .local {
            if let part = LibraryType(named: token.name) {
                if part == .license { continue }
                return part
            }
            if let inner = types[token.name], let part = part(of: inner) { return part }
        }
        return nil
    }

    /// What a source calls memory of a function's, and where it does: debug information has it beside the instructions.
    private func variable(_ result: String?, of function: IRFunction) -> (name: String?, place: SourcePlace?) {
        let place = places.place(of: function)
        let records = function.body.filter { $0.isDebugRecord && $0.tokens.contains { $0.kind == .local && $0.name == result } }
        let nodes = records.lazy.flatMap { $0.tokens.filter { $0.kind == .metadata } }.compactMap { module.node($0) }
        guard let variable = nodes.first(where: { $0.kind == "DILocalVariable" }) else { return (nil, place) }
        guard var own = place, let line = variable.integer("line"), line > 0 else { return (variable.string("name"), place) }
        own.line = line
        return (variable.string("name"), own)
    }
}
