/// A node of metadata: `!DILocation(line: 1, …)`, or `!{!1, null}`.
struct IRMetadata {
    var isDistinct = false
    /// `DILocation` and the like; empty for a tuple.
    var kind = ""
    /// The named fields of a node.
    var fields: [String: [IRToken]] = [:]
    /// The elements of a tuple.
    var elements: [[IRToken]] = []

    init(_ tokens: [IRToken]) {
        var rest = tokens[...]
        if rest.first?.isWord("distinct") == true {
            isDistinct = true
            rest = rest.dropFirst()
        }
        guard let first = rest.popFirst(), first.kind == .metadata else { return }
        kind = first.name
        let inner = Array(rest.popValue().dropFirst().dropLast())
        for part in inner.parted(by: ",") {
            if kind.isEmpty {
                elements.append(part)
            } else if part.count > 2, part[1].isPunctuation(":") {
                fields[part[0].text] = Array(part[2...])
            } else {
                elements.append(part)
            }
        }
    }

    /// A field's text without quotes.
    func string(_ field: String) -> String? { fields[field]?.first.map(\.name) }
    func integer(_ field: String) -> Int? { fields[field]?.first.flatMap { Int($0.text) } }
    /// A field that is another node.
    func reference(_ field: String) -> IRToken? { fields[field]?.first.flatMap { $0.kind == .metadata ? $0 : nil } }
}

extension IRMetadata {
    var text: String {
        var text = isDistinct ? "distinct " : ""
        text += kind.isEmpty ? "!{" : "!\(kind)("
        let parts = fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" } + elements.map(\.text)
        return text + parts.joined(separator: ", ") + (kind.isEmpty ? "}" : ")")
    }
}

extension IRModule {
    /// All nodes, and the lists by name that LLVM needs of them. What says how the host's machine works is left out.
    var metadataLines: [String] {
        var lines = metadata.sorted { (Int($0.key) ?? 0) < (Int($1.key) ?? 0) }.map { "!\($0.key) = \($0.value.text)" }
        if let units = namedMetadata["llvm.dbg.cu"] { lines.append("!llvm.dbg.cu = \(units.text)") }
        let next = (metadata.keys.compactMap { Int($0) }.max() ?? 0) + 1
        lines.append("!llvm.module.flags = !{!\(next), !\(next + 1)}")
        lines.append("!\(next) = !{i32 7, !\"Dwarf Version\", i32 5}")
        lines.append("!\(next + 1) = !{i32 2, !\"Debug Info Version\", i32 3}")
        return lines
    }
}
