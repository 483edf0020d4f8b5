/// Where instructions come from, by the module's debug information.
///
/// An instruction that a function of the library or of Swift's own brought is told of where the user's source calls it.
struct SourcePlaces {
    private let module: IRModule

    init(_ module: IRModule) { self.module = module }

    func place(of function: IRFunction) -> SourcePlace? {
        guard let node = module.node(function.debugNode), let file = file(of: node) else { return nil }
        return SourcePlace(file: file, line: node.integer("line") ?? 0, column: 1)
    }

    /// The innermost place in a source of the user's; else, of any.
    func place(of instruction: IRInstruction) -> SourcePlace? { place(at: instruction.debugNode) }

    func place(at token: IRToken?) -> SourcePlace? {
        let chain = chain(from: token)
        return chain.first { Self.isUsers($0.file) } ?? chain.first
    }

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

    /// Whether a file is neither the library's nor made by the compiler.
    static func isUsers(_ file: String) -> Bool {
        !file.contains("<compiler-generated>") && !file.contains("/Sources/EBPF/") && !file.contains("/Sources/CEBPF/")
            && !file.hasSuffix(".swiftmodule") && !file.hasSuffix("/<stdin>")
    }
}
