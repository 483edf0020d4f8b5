import Foundation

/// The functions that a source gives a section, by the compiler's own tree of the source.
///
/// Of generic functions the Swift compiler makes code only for the types they are called with, and of private ones that nobody calls none:
/// nothing in its IR tells of them.
struct DeclaredPrograms {
    private let source: URL
    private let text: [UInt8]
    private var found: [Program] = []

    private struct Program {
        var name: String
        /// As the IR knows it.
        var symbol: String
        var place: SourcePlace
        var isGeneric: Bool
    }

    /// - Parameter tree: What `-dump-ast` says of the source, in JSON.
    init(in source: URL, tree: String) throws {
        self.source = source
        text = Array(try Data(contentsOf: source))
        visit(try JSONSerialization.jsonObject(with: Data(tree.utf8)))
    }

    /// How often a source speaks of sections: no more functions have one.
    static func mentions(in source: URL) -> Int {
        let text = try? String(contentsOf: source, encoding: .utf8)
        return text?.ranges(of: "@section").count ?? 0
    }

    /// What is to be said of those that did not come into a module.
    func diagnostics(without symbols: Set<String>) -> [Diagnostic] {
        found.filter { !symbols.contains($0.symbol) }.map { program in
            if program.isGeneric {
                return Diagnostic(
                    program.place, "the program '\(program.name)' is generic: there is none of it for the kernel",
                    "name the type of its context, and call what is generic from it")
            }
            let message = "the program '\(program.name)' is left out, as nobody calls it"
            return Diagnostic(program.place, message, "write '@used' beside its section")
        }
    }

    /// What is to be said of them if others import their module, as its code comes to a program only where that calls it.
    var diagnosticsOfShared: [Diagnostic] {
        found.map { program in
            Diagnostic(
                program.place, "the program '\(program.name)' stands in a module that is imported",
                "declare it in a program's own source, and call what is shared from it")
        }
    }

    private mutating func visit(_ node: Any) {
        if let list = node as? [Any] {
            for node in list { visit(node) }
        } else if let node = node as? [String: Any] {
            if let program = program(node) { found.append(program) }
            for (_, node) in node { visit(node) }
        }
    }

    private func program(_ node: [String: Any]) -> Program? {
        guard node["_kind"] as? String == "func_decl", let attributes = node["attrs"] as? [[String: Any]],
            attributes.contains(where: { $0["_kind"] as? String == "section_attr" }), let symbol = node["usr"] as? String,
            let name = ((node["name"] as? [String: Any])?["base_name"] as? [String: Any])?["name"] as? String,
            let start = (node["range"] as? [String: Any])?["start"] as? Int
        else { return nil }
        let isGeneric = node["generic_signature"] != nil
        // "s:4main5entryyyF" is "$e4main5entryyyF" in Embedded Swift.
        return Program(name: name, symbol: "$e\(symbol.dropFirst(2))", place: place(ofByte: start), isGeneric: isGeneric)
    }

    private func place(ofByte offset: Int) -> SourcePlace {
        let before = text.prefix(offset)
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let column = before.reversed().prefix { $0 != UInt8(ascii: "\n") }.count + 1
        return SourcePlace(file: source.path, line: line, column: column)
    }
}
