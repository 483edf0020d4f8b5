/// Nodes of debug information as clang would write them for C, of which the back end makes BTF.
struct DebugNodes {
    /// The module's metadata by number, from the first on.
    private(set) var lines: [String] = []
    private var known: [String: String] = [:]
    /// Names of types and fields that BTF cannot hold.
    private(set) var unfit: [String] = []

    /// A node that is written once, however often it is asked for.
    mutating func node(_ text: String) -> String {
        if let number = known[text] { return number }
        let number = distinct(text)
        known[text] = number
        return number
    }

    /// A node of its own.
    mutating func distinct(_ text: String) -> String {
        lines.append(text)
        return "!\(lines.count - 1)"
    }

    /// Room for a node that others refer to before it is known.
    mutating func reserve() -> String { distinct("") }

    mutating func fill(_ number: String, _ text: String) {
        guard let index = Int(number.dropFirst()) else { return }
        lines[index] = text
    }

    /// Takes the names that BTF cannot hold of what was described since they were last taken.
    mutating func takeUnfit() -> [String] {
        defer { unfit = [] }
        return unfit
    }

    private mutating func note(_ names: [String]) {
        for name in names where !name.isEmpty && !FunctionNames.isIdentifier(name) && !unfit.contains(name) { unfit.append(name) }
    }

    mutating func integer(_ name: String, bits: Int, isSigned: Bool) -> String {
        let encoding = (isSigned ? "DW_ATE_signed" : "DW_ATE_unsigned") + (bits == 8 ? "_char" : "")
        return node("!DIBasicType(name: \"\(name)\", size: \(bits), encoding: \(encoding))")
    }

    /// C's `int`, of which the numbers of a map's definition are made.
    mutating func int() -> String { integer("int", bits: 32, isSigned: true) }

    mutating func pointer(to type: String) -> String {
        node("!DIDerivedType(tag: DW_TAG_pointer_type, baseType: \(type), size: 64)")
    }

    /// An array of a type of some bits.
    mutating func array(of type: String, count: Int, bits: Int) -> String {
        let range = node("!{\(node("!DISubrange(count: \(count))"))}")
        return node("!DICompositeType(tag: DW_TAG_array_type, baseType: \(type), size: \(bits * count), elements: \(range))")
    }

    mutating func alias(_ name: String, of type: String) -> String {
        node("!DIDerivedType(tag: DW_TAG_typedef, name: \"\(name)\", baseType: \(type))")
    }

    /// A structure with members at offsets, all in bits.
    ///
    /// - Parameter tags: By the member's number, what BTF is to say of it beside its type.
    mutating func structure(
        _ name: String, bits: Int, members: [(name: String, type: String, bits: Int, offset: Int)], tags: [Int: String] = [:]
    ) -> String {
        note([name] + members.map(\.name))
        let nodes = members.enumerated().map { index, member in
            let tag = tags[index].map { node("!{!\"btf_decl_tag\", !\"\($0)\"}") }
            let annotations = tag.map { ", annotations: \(node("!{\($0)}"))" } ?? ""
            return node(
                "!DIDerivedType(tag: DW_TAG_member, name: \"\(member.name)\", baseType: \(member.type), size: \(member.bits), "
                    + "offset: \(member.offset)\(annotations))"
            )
        }
        let elements = node("!{\(nodes.joined(separator: ", "))}")
        let title = name.isEmpty ? "" : "name: \"\(name)\", "
        return node("!DICompositeType(tag: DW_TAG_structure_type, \(title)size: \(bits), elements: \(elements))")
    }

    mutating func enumeration(_ name: String, bits: Int, cases: [String]) -> String {
        note([name] + cases)
        let nodes = cases.enumerated().map { node("!DIEnumerator(name: \"\($0.element)\", value: \($0.offset))") }
        let elements = node("!{\(nodes.joined(separator: ", "))}")
        let base = integer("unsigned char", bits: 8, isSigned: false)
        return node(
            "!DICompositeType(tag: DW_TAG_enumeration_type, name: \"\(name)\", baseType: \(base), size: \(bits), elements: \(elements))")
    }
}
