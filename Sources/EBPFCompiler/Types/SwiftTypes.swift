/// Says in C's words, of which BTF is made, what the Swift compiler's debug information says of a type.
struct SwiftTypes {
    private let module: IRModule
    /// Inside of a generic type, what stands for its parameters, by the names debug information has for them.
    private var arguments: [String: IRToken] = [:]

    init(_ module: IRModule) { self.module = module }

    /// A type as C has it, with its size and alignment in bits.
    struct Described {
        var node: String
        var bits: Int
        /// That of a number is its size. 0 if only Swift knows it.
        var alignment: Int
        /// What BTF says of a member of this type: a tag by which readers know how to show it.
        var tag: String?
        /// Bytes of it that belong to no field, in words: where the first of them lie.
        var gap: String?
        /// Whether there are bytes of which only Swift knows what they say.
        var isOpaque = false

        init(node: String, bits: Int, alignment: Int? = nil) {
            self.node = node
            self.bits = bits
            self.alignment = alignment ?? bits
        }
    }

    /// The types that a generic type of a variable is made for: of `HashMap<Key, Value>`, two.
    func parameters(ofVariable token: IRToken?) -> [IRToken] {
        guard let expression = module.node(token), let variable = module.node(expression.reference("var")) else { return [] }
        var node = module.node(variable.reference("type"))
        if let constant = node, constant.kind == "DIDerivedType" { node = module.node(constant.reference("baseType")) }
        guard let type = node else { return [] }
        return parameters(of: type)
    }

    /// The types that a generic type is made for.
    func parameters(ofType token: IRToken) -> [IRToken] {
        guard let type = module.node(token) else { return [] }
        return type.kind == "DIDerivedType" ? type.reference("baseType").map(parameters(ofType:)) ?? [] : parameters(of: type)
    }

    /// What stands in angle brackets behind a type.
    private func parameters(of type: IRMetadata) -> [IRToken] {
        var type = type
        // A specialised type names the generic one, and has itself as its only member.
        if type.reference("specification") != nil, let inner = onlyMember(type) { type = inner }
        guard let list = module.node(type.reference("templateParams")) else { return [] }
        return list.elements.compactMap { module.node($0.first)?.reference("type") }
            .map { module.node($0)?.string("name").flatMap { arguments[$0] } ?? $0 }
    }

    /// `$exD`, `$eq_D`, `$eq0_D`, …: the first, second, third parameter of a generic type.
    private static func name(ofParameter index: Int) -> String { index == 0 ? "$exD" : index == 1 ? "$eq_D" : "$eq\(index - 2)_D" }

    private func onlyMember(_ type: IRMetadata) -> IRMetadata? {
        guard let elements = module.node(type.reference("elements"))?.elements, elements.count == 1,
            let member = module.node(elements[0].first), member.fields["name"] == nil
        else { return nil }
        return module.node(member.reference("baseType"))
    }

    /// The variable's own type.
    func type(ofVariable token: IRToken?) -> IRToken? {
        module.node(token).flatMap { module.node($0.reference("var")) }.flatMap { $0.reference("type") }
    }

    /// - Throws: a sentence on what has no like in C.
    func describe(_ token: IRToken, into nodes: inout DebugNodes) -> Described? {
        guard let type = module.node(token) else { return nil }
        switch type.kind {
        case "DIDerivedType":
            guard let base = type.reference("baseType") else { return nil }
            if type.string("name")?.hasSuffix("CCharaD") == true {
                return Described(node: nodes.integer("char", bits: 8, isSigned: true), bits: 8)
            }
            return describe(base, into: &nodes)
        case "DICompositeType":
            return composite(type, into: &nodes)
        default:
            return nil
        }
    }

    private func composite(_ type: IRMetadata, into nodes: inout DebugNodes) -> Described? {
        if let argument = type.string("name").flatMap({ arguments[$0] }) { return Self(module).describe(argument, into: &nodes) }
        let identifier = type.string("identifier") ?? ""
        if let simple = Self.simple[identifier] {
            return Described(node: nodes.integer(simple.name, bits: simple.bits, isSigned: simple.isSigned), bits: simple.bits)
        }
        if identifier.hasSuffix("SbD"), identifier.count <= 5 {
            return Described(node: nodes.node("!DIBasicType(name: \"_Bool\", size: 8, encoding: DW_ATE_boolean)"), bits: 8)
        }
        let tag = type.fields["tag"]?.first?.text ?? ""
        let bits = type.integer("size").map { ($0 + 7) / 8 * 8 }
        let generic = module.node(type.reference("specification"))
        switch tag {
        case "DW_TAG_array_type":
            return array(type, into: &nodes)
        case "DW_TAG_enumeration_type":
            guard let bits, let name = type.string("name"), let cases = module.node(type.reference("elements"))?.elements else {
                return nil
            }
            let names = cases.compactMap { module.node($0.first)?.string("name") }
            return Described(node: nodes.enumeration(name, bits: bits, cases: names), bits: bits)
        case "DW_TAG_structure_type":
            if (type.string("name") ?? generic?.string("name")) == "InlineArray",
                let storage = module.node(type.reference("elements"))?.elements.first.flatMap({ module.node($0.first) }),
                let array = storage.reference("baseType")
            {
                return describe(array, into: &nodes)
            }
            let own = Self.nameInLibrary(type, generic)
            if let order = own, ["BigEndian", "LittleEndian"].contains(order),
                let whole = parameters(of: type).first.flatMap({ describe($0, into: &nodes) })
            {
                let name = "__\(order == "BigEndian" ? "be" : "le")\(whole.bits)"
                return Described(node: nodes.alias(name, of: whole.node), bits: whole.bits, alignment: whole.alignment)
            }
            if own == "Hexadecimal",
                var number = parameters(of: type).first.flatMap({ describe($0, into: &nodes) })
            {
                number.tag = "hex"
                return number
            }
            // Fields stand with the generic type, the size with what it is made for; with neither if that is inside of a generic type again.
            let described = generic.map { of(type).structure($0, bits: bits, into: &nodes) } ?? structure(type, bits: bits, into: &nodes)
            return described ?? bits.map { opaque(bits: $0, into: &nodes) }
        default:
            return bits.map { opaque(bits: $0, into: &nodes) }
        }
    }

    /// The name of a type of `EBPF`'s own: others may have types of the same name.
    private static func nameInLibrary(_ type: IRMetadata, _ generic: IRMetadata?) -> String? {
        guard let name = type.string("name") ?? generic?.string("name"),
            let identifier = type.string("identifier") ?? generic?.string("identifier"),
            identifier.hasPrefix("$e4EBPF\(name.utf8.count)\(name)V")
        else { return nil }
        return name
    }

    /// Whether a type is an address of the kernel's or a process's.
    func isPointer(_ token: IRToken) -> Bool {
        guard let type = module.node(token) else { return false }
        if type.kind == "DIDerivedType" { return type.reference("baseType").map(isPointer) ?? false }
        return ["KernelPointer", "UserPointer"].contains(Self.nameInLibrary(type, module.node(type.reference("specification"))))
    }

    /// Whether a type is an enumeration whose cases carry nothing.
    func isEnumeration(_ token: IRToken) -> Bool {
        guard let type = module.node(token) else { return false }
        if type.kind == "DIDerivedType" { return type.reference("baseType").map(isEnumeration) ?? false }
        return type.fields["tag"]?.first?.text == "DW_TAG_enumeration_type"
    }

    /// What describes the fields of a generic type for what one is made for.
    private func of(_ type: IRMetadata) -> SwiftTypes {
        var inner = self
        let parameters = parameters(of: type).enumerated().map { (Self.name(ofParameter: $0.offset), $0.element) }
        inner.arguments = Dictionary(parameters, uniquingKeysWith: { $1 })
        return inner
    }

    /// A structure or tuple; nil for what lies in memory in a way that C has no words for.
    private func structure(_ type: IRMetadata, bits: Int?, into nodes: inout DebugNodes) -> Described? {
        guard let list = module.node(type.reference("elements"))?.elements, !list.isEmpty else { return nil }
        var members: [(name: String, type: String, bits: Int, offset: Int)] = []
        var tags: [Int: String] = [:]
        var (end, alignment) = (0, 8)
        // Whether the alignment of all members is known.
        var isAligned = true
        var isOpaque = false
        var gap: String?
        for (index, element) in list.enumerated() {
            guard let member = module.node(element.first), member.kind == "DIDerivedType", let base = member.reference("baseType"),
                let described = describe(base, into: &nodes)
            else { return nil }
            tags[members.count] = described.tag
            // The compiler (6.3.1) counts offsets as if nothing were aligned, so they are counted again, as Swift lays out structures.
            // No alignment but that of UInt128 is more than 64 bits, so where one is not known, only such an offset is.
            guard described.alignment > 0 || end % 64 == 0 else { return nil }
            let offset = described.alignment > 0 ? (end + described.alignment - 1) / described.alignment * described.alignment : end
            if offset > end, let last = members.last { gap = gap ?? Self.words(ofGap: offset - end, behind: last.name) }
            gap = gap ?? described.gap
            isOpaque = isOpaque || described.isOpaque
            members.append((member.string("name") ?? "_\(index)", described.node, described.bits, offset))
            end = offset + described.bits
            isAligned = isAligned && described.alignment > 0
            alignment = max(alignment, described.alignment)
        }
        // Of imported structures, C's size; else that of the fields. Any other has parts of which the alignment is not known.
        let bits = bits ?? end
        guard bits == end || bits == (end + alignment - 1) / alignment * alignment else { return nil }
        if bits > end, let last = members.last { gap = gap ?? Self.words(ofGap: bits - end, behind: last.name) }
        // A tuple of likes is Swift's older way to write an array.
        if type.string("name")?.hasPrefix("$") == true, let first = members.first,
            members.enumerated().allSatisfy({ $0.element.type == first.type && $0.element.offset == $0.offset * first.bits })
        {
            let node = nodes.array(of: first.type, count: members.count, bits: first.bits)
            var array = Described(node: node, bits: first.bits * members.count, alignment: isAligned ? alignment : 0)
            array.gap = gap
            array.isOpaque = isOpaque
            return array
        }
        // Under the kernel's names readers know them.
        let addresses = ["IPv4Address": "in_addr", "IPv6Address": "in6_addr"]
        let title = type.string("name") ?? ""
        let name = Self.nameInLibrary(type, nil).flatMap { addresses[$0] } ?? title
        let node = nodes.structure(name.hasPrefix("$") ? "" : name, bits: bits, members: members, tags: tags)
        var structure = Described(node: node, bits: bits, alignment: isAligned ? alignment : 0)
        structure.gap = gap
        structure.isOpaque = isOpaque
        return structure
    }

    private static func words(ofGap bits: Int, behind name: String) -> String {
        "\(bits / 8) byte\(bits == 8 ? "" : "s") behind '\(name)'"
    }

    private func array(_ type: IRMetadata, into nodes: inout DebugNodes) -> Described? {
        guard let base = type.reference("baseType"), let element = describe(base, into: &nodes),
            let range = module.node(type.reference("elements"))?.elements.first.flatMap({ module.node($0.first) }),
            let count = range.integer("count")
        else { return nil }
        let isText = module.node(base)?.string("identifier")?.hasSuffix("4Int8VD") == true
        let node = isText ? nodes.integer("char", bits: 8, isSigned: true) : element.node
        let total = type.integer("size") ?? element.bits * count
        // Elements stand at their stride, which may be more than their size.
        guard count > 0, total == element.bits * count else {
            var bytes = opaque(bits: total, into: &nodes)
            if count > 0 { bytes.gap = element.gap ?? "behind each element of an array" }
            return bytes
        }
        var array = Described(node: nodes.array(of: node, count: count, bits: element.bits), bits: total, alignment: element.alignment)
        array.gap = element.gap
        array.isOpaque = element.isOpaque
        return array
    }

    /// Bytes: of an enumeration with payloads, only Swift knows the layout, and the alignment too.
    private func opaque(bits: Int, into nodes: inout DebugNodes) -> Described {
        let byte = nodes.integer("unsigned char", bits: 8, isSigned: false)
        var bytes = Described(node: nodes.array(of: byte, count: bits / 8, bits: 8), bits: bits, alignment: bits > 8 ? 0 : 8)
        bytes.isOpaque = true
        return bytes
    }

    private static let simple: [String: (name: String, bits: Int, isSigned: Bool)] = {
        var simple: [String: (name: String, bits: Int, isSigned: Bool)] = [:]
        let names = [8: "char", 16: "short", 32: "int", 64: "long long"]
        for (bits, name) in names {
            simple["$es\("Int\(bits)".count)Int\(bits)VD"] = (bits == 8 ? "signed char" : name, bits, true)
            simple["$es\("UInt\(bits)".count)UInt\(bits)VD"] = ("unsigned \(name)", bits, false)
        }
        simple["$es6Int128VD"] = ("__int128", 128, true)
        simple["$es7UInt128VD"] = ("unsigned __int128", 128, false)
        simple["$eSiD"] = ("long", 64, true)
        simple["$eSuD"] = ("unsigned long", 64, false)
        return simple
    }()
}
