/// A check of an object's BTF, before libbpf and whoever reads the types follow what they refer to.
///
/// libbpf follows qualifiers and typedefs until they end, and up to version 1.3 it does not look whether they do; sizes of arrays and
/// structs are computed by recursion.
struct TypeInformation {
    /// What a type refers to, as far as loops are to be found.
    private enum Shape {
        case leaf
        /// Pointers.
        case pointer(UInt32)
        /// Qualifiers, typedefs, variables: the same thing under another name.
        case alias(UInt32)
        case array(UInt32)
        /// Structs, unions and sections, with their parts.
        case parts([UInt32])
    }

    private var shapes: [Shape] = [.leaf]  // type 0 is void

    /// How deep types may be nested; compilers that know more than twenty levels have not been met.
    static let depthLimit = 64

    /// Checks a section `.BTF`.
    init(_ section: CheckedBytes) throws(ObjectDefect) {
        guard let magic = section.load(0, as: UInt16.self), let version = section.load(2, as: UInt8.self),
            let header = section.load(4, as: UInt32.self), let typeOffset = section.load(8, as: UInt32.self),
            let typeLength = section.load(12, as: UInt32.self), let textOffset = section.load(16, as: UInt32.self),
            let textLength = section.load(20, as: UInt32.self)
        else { throw .cut("the header of its BTF") }
        if magic == 0x9feb { throw ObjectDefect("its BTF is in the other byte order") }
        guard magic == 0xeb9f else { throw .corrupted("its BTF does not begin as BTF does") }
        guard version == 1 else { throw ObjectDefect("its BTF is of version \(version), and 1 is known") }
        let bodyLength = max(0, section.count - Int(header))
        guard header >= 24, let body = section.slice(UInt64(header), count: UInt64(bodyLength)),
            let types = body.slice(UInt64(typeOffset), count: UInt64(typeLength)),
            let texts = body.slice(UInt64(textOffset), count: UInt64(textLength))
        else { throw .cut("a part of its BTF") }
        guard texts.bytes.first == 0, texts.bytes.last == 0 else { throw .corrupted("the names in its BTF have no end") }
        try read(types, texts)
        try checkReferences()
        try checkDepth("types") { shape in
            switch shape {
            case .leaf: []
            case .pointer(let type), .alias(let type), .array(let type): [type]
            case .parts: []
            }
        }
        try checkDepth("structs") { shape in
            switch shape {
            case .leaf, .pointer: []
            case .alias(let type), .array(let type): [type]
            case .parts(let types): types
            }
        }
    }

    private mutating func read(_ types: CheckedBytes, _ texts: CheckedBytes) throws(ObjectDefect) {
        var offset = 0
        while offset < types.count {
            guard let name = types.load(offset, as: UInt32.self), let info = types.load(offset + 4, as: UInt32.self),
                let referred = types.load(offset + 8, as: UInt32.self)
            else { throw .cut("a type in its BTF") }
            guard Int(name) < texts.count else { throw .corrupted("type \(shapes.count) in its BTF has no name") }
            let (kind, count) = (Int(info >> 24 & 0x1f), Int(info & 0xffff))
            offset += 12
            // What follows the three numbers every type has: a fixed part, or one for each of its members.
            let sizes: [Int: (fixed: Int, each: Int)] = [
                1: (4, 0), 2: (0, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8), 7: (0, 0), 8: (0, 0), 9: (0, 0), 10: (0, 0),
                11: (0, 0), 12: (0, 0), 13: (0, 8), 14: (4, 0), 15: (0, 12), 16: (0, 0), 17: (4, 0), 18: (0, 0), 19: (0, 12),
            ]
            guard let size = sizes[kind] else {
                throw ObjectDefect("type \(shapes.count) in its BTF is of kind \(kind), which is not known here")
            }
            let length = size.fixed + size.each * count
            guard offset + length <= types.count else { throw .cut("a type in its BTF") }
            var members: [UInt32] = []
            if size.each > 0 {
                for member in 0..<count {
                    let place = offset + member * size.each
                    guard let first = types.load(place, as: UInt32.self), let second = types.load(place + 4, as: UInt32.self) else { break }
                    // Variables of a section have no name of their own.
                    guard kind == 15 || Int(first) < texts.count else { throw .corrupted("a member in its BTF has no name") }
                    switch kind {
                    case 4, 5, 13: members.append(second)
                    case 15: members.append(first)
                    default: break
                    }
                }
            }
            switch kind {
            case 2: shapes.append(.pointer(referred))
            case 3: shapes.append(.array(types.load(offset) ?? 0))
            case 4, 5, 15: shapes.append(.parts(members))
            case 8, 9, 10, 11, 14, 18: shapes.append(.alias(referred))
            default:
                // Functions and their parameters end every chain; what they name is there nevertheless.
                references += members
                if kind == 12 || kind == 13 || kind == 17 { references.append(referred) }
                shapes.append(.leaf)
            }
            if kind == 3 { references.append(types.load(offset + 4) ?? 0) }
            offset += length
        }
    }

    /// Types that are named and end a chain.
    private var references: [UInt32] = []

    private func checkReferences() throws(ObjectDefect) {
        func check(_ type: UInt32) throws(ObjectDefect) {
            guard Int(type) < shapes.count else { throw .corrupted("its BTF names type \(type), and has \(shapes.count - 1)") }
        }
        for type in references { try check(type) }
        for shape in shapes {
            switch shape {
            case .leaf: break
            case .pointer(let type), .alias(let type), .array(let type): try check(type)
            case .parts(let types): for type in types { try check(type) }
            }
        }
    }

    /// Follows what types refer to, without recursion, and refuses loops and what is nested too deep.
    private func checkDepth(_ what: String, _ next: (Shape) -> [UInt32]) throws(ObjectDefect) {
        // 0: not seen; -1: on the way; otherwise the depth below it and 1.
        var depths = [Int](repeating: 0, count: shapes.count)
        for start in shapes.indices where depths[start] == 0 {
            var way: [(type: Int, rest: ArraySlice<UInt32>, depth: Int)] = [(start, next(shapes[start])[...], 0)]
            depths[start] = -1
            while let last = way.indices.last {
                if let following = way[last].rest.popFirst() {
                    let type = Int(following)
                    if depths[type] == -1 { throw .corrupted("the \(what) in its BTF refer to each other in a circle (type \(type))") }
                    if depths[type] > 0 {
                        way[last].depth = max(way[last].depth, depths[type])
                    } else {
                        depths[type] = -1
                        way.append((type, next(shapes[type])[...], 0))
                    }
                } else {
                    let done = way.removeLast()
                    let depth = done.depth + 1
                    guard depth <= Self.depthLimit else {
                        throw ObjectDefect("the \(what) in its BTF are nested more than \(Self.depthLimit) deep")
                    }
                    depths[done.type] = depth
                    if let above = way.indices.last { way[above].depth = max(way[above].depth, depth) }
                }
            }
        }
    }
}
