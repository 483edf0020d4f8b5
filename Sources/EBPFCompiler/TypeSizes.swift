/// How many bytes types of the IR take, as the bpf back end lays them out.
struct TypeSizes {
    private let types: [String: [IRToken]]

    init(_ module: IRModule) { types = module.typesByName }

    func bytes(_ type: [IRToken]) -> Int { layout(type).size }

    private func layout(_ tokens: [IRToken]) -> (size: Int, alignment: Int) {
        guard let first = tokens.first else { return (0, 1) }
        if first.kind == .local { return types[first.name].map { layout(Array($0.drop { $0.isWord("type") })) } ?? (0, 1) }
        if first.kind == .word {
            if first.text == "ptr" { return (8, 8) }
            guard first.text.first == "i", let bits = Int(first.text.dropFirst()) else { return first.text == "float" ? (4, 4) : (8, 8) }
            let size = (bits + 7) / 8
            return (size, [16, 8, 4, 2, 1].first { $0 <= size } ?? 1)
        }
        let inner = tokens.bracketed
        if first.isPunctuation("[") {
            // "4 x TYPE"
            guard let count = inner.first.flatMap({ Int($0.text) }), inner.count > 2 else { return (0, 1) }
            let element = layout(Array(inner.dropFirst(2)))
            return (count * aligned(element.size, to: element.alignment), element.alignment)
        }
        if first.isPunctuation("<"), tokens.count > 1, tokens[1].isPunctuation("{") {
            let members = inner.parted(by: ",").map(layout)
            return (members.reduce(0) { $0 + $1.size }, 1)
        }
        if first.isPunctuation("{") {
            var (size, alignment) = (0, 1)
            for member in inner.parted(by: ",").map(layout) {
                size = aligned(size, to: member.alignment) + member.size
                alignment = max(alignment, member.alignment)
            }
            return (aligned(size, to: alignment), alignment)
        }
        return (0, 1)
    }

    private func aligned(_ size: Int, to alignment: Int) -> Int { (size + alignment - 1) / alignment * alignment }
}
