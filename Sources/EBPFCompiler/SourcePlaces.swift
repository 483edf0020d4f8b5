/// Where instructions come from, by the module's debug information.
///
/// An instruction that a function of the library or of Swift's own brought is told of where the user's source calls it.
struct SourcePlaces {
    private let module: IRModule
    private let users: UsersFiles

    init(_ module: IRModule, users: UsersFiles) {
        self.module = module
        self.users = users
    }

    func place(of function: IRFunction) -> SourcePlace? {
        guard let node = module.node(function.debugNode), let file = file(of: node) else { return nil }
        return SourcePlace(file: file, line: node.integer("line") ?? 0, column: 1)
    }

    /// The place of a function that stands in a source of the user's.
    func usersPlace(of function: IRFunction) -> SourcePlace? { place(of: function).flatMap { users.holds($0) ? $0 : nil } }

    /// The innermost place in a source of the user's, if any of those an instruction was inlined through is one.
    func usersPlace(of instruction: IRInstruction) -> SourcePlace? { chain(from: instruction.debugNode).first(where: users.holds) }

    /// Names of the functions it was inlined through, innermost first.
    func functions(of instruction: IRInstruction) -> [String] {
        var names: [String] = []
        var node = module.node(instruction.debugNode)
        while let location = node {
            if let name = subprogram(of: location.reference("scope"))?.string("name") { names.append(name) }
            node = module.node(location.reference("inlinedAt"))
        }
        return names
    }

    /// What a source calls a function: its name without the labels of its arguments.
    func title(of function: IRFunction) -> String {
        let title = module.node(function.debugNode)?.string("name") ?? function.name
        return String(title.prefix { $0 != "(" && $0 != "<" })
    }

    /// Where a global variable is declared.
    func place(of variable: IRVariable) -> SourcePlace? {
        guard let node = self.variable(variable), let file = file(of: node) else { return nil }
        return SourcePlace(file: file, line: node.integer("line") ?? 0, column: 1)
    }

    /// What a source calls a variable.
    func title(of variable: IRVariable) -> String { self.variable(variable)?.string("name") ?? variable.name }

    private func variable(_ variable: IRVariable) -> IRMetadata? {
        module.node(variable.debugNode).flatMap { module.node($0.reference("var")) }
    }

    private func chain(from token: IRToken?) -> [SourcePlace] {
        var chain: [SourcePlace] = []
        var node = module.node(token)
        while let location = node, location.kind == "DILocation" {
            if let line = location.integer("line"), line > 0, let scope = module.node(location.reference("scope")),
                let file = file(of: scope)
            {
                chain.append(SourcePlace(file: file, line: line, column: location.integer("column") ?? 1))
            }
            node = module.node(location.reference("inlinedAt"))
        }
        return chain
    }

    private func subprogram(of token: IRToken?) -> IRMetadata? {
        var node = module.node(token)
        while let scope = node, scope.kind != "DISubprogram" { node = module.node(scope.reference("scope")) }
        return node
    }

    private func file(of scope: IRMetadata) -> String? {
        guard let file = module.node(scope.reference("file")), file.kind == "DIFile", let name = file.string("filename") else { return nil }
        guard !name.hasPrefix("/"), let folder = file.string("directory"), !folder.isEmpty else { return name }
        return "\(folder)/\(name)"
    }
}

/// The sources whose lines a reader of errors knows: the program's, and those of modules it shares with user space.
struct UsersFiles {
    private let paths: Set<String>

    init(_ paths: Set<String>) { self.paths = paths }

    func holds(_ place: SourcePlace) -> Bool { place.line > 0 && paths.contains(place.file) }
}
