import BPF

/// How a struct or union of C's is laid out in Swift: fields that Swift stores as C does, bytes for all else, and accessors into these.
struct StructureShape {
    var size: Int
    var alignment = 1
    /// What is stored, in order and without gaps.
    private(set) var stored: [Stored] = []
    /// What is read out of the bytes: members of unions, bit-fields, fields that are not aligned, truth values.
    private(set) var computed: [Member] = []

    struct Stored {
        var offset: Int
        var size: Int
        /// Nothing for bytes that stand for padding or for what is computed.
        var member: Member?
    }

    struct Member {
        var name: String
        var type: TypeDescription
        /// Its Swift type.
        var spelling: String
        var bitOffset: Int
        var bitWidth: Int?
        /// Whether it shares its bytes with others, so that setting all makes no sense.
        var isOverlay: Bool
    }

    init?(_ type: TypeDescription, in catalog: TypeCatalog) {
        let members: [Member]
        switch type.resolved {
        case .structure(let composite):
            size = composite.byteCount
            members = Self.members(of: composite, at: 0, isOverlay: false, in: catalog)
        case .union(let composite):
            size = composite.byteCount
            members = Self.members(of: composite, at: 0, isOverlay: true, in: catalog)
        default: return nil
        }
        var scope = SwiftNames.Scope(taken: ["hashValue", "load", "store", "loadBits", "storeBits"])
        var end = 0
        for var member in members.sorted(by: { $0.bitOffset < $1.bitOffset }) {
            member.name = scope.claim(SwiftNames.member(member.name))
            let offset = member.bitOffset / 8
            let byteCount = member.type.byteCount ?? 0
            let needed = catalog.alignment(member.type)
            let isStored =
                !member.isOverlay && member.bitWidth == nil && !member.type.isBoolean && offset >= end && offset % needed == 0
                && offset + byteCount <= size
            guard isStored else {
                computed.append(member)
                continue
            }
            if offset > end { stored.append(Stored(offset: end, size: offset - end, member: nil)) }
            stored.append(Stored(offset: offset, size: byteCount, member: member))
            end = offset + byteCount
            alignment = max(alignment, needed)
        }
        if size > end { stored.append(Stored(offset: end, size: size - end, member: nil)) }
        // A size that is no multiple of the alignment, as that of packed structs: all of it is bytes, which need none.
        if size % alignment != 0 {
            computed = (computed + stored.compactMap(\.member)).sorted { $0.bitOffset < $1.bitOffset }
            stored = [Stored(offset: 0, size: size, member: nil)]
            alignment = 1
        }
    }

    private static func members(
        of composite: CompositeDescription, at bitOffset: Int, isOverlay: Bool, in catalog: TypeCatalog
    ) -> [Member] {
        composite.fields.flatMap { field -> [Member] in
            if field.name.isEmpty {
                guard let inner = field.type.composite else { return [] }
                var isUnion = isOverlay
                if case .union = field.type.resolved { isUnion = true }
                return members(of: inner, at: bitOffset + field.bitOffset, isOverlay: isUnion, in: catalog)
            }
            // What has no size (an array at the end) is not part of the value.
            guard let spelling = catalog.spelling(field.type), field.type.byteCount ?? 0 > 0 else { return [] }
            return [
                Member(
                    name: field.name, type: field.type, spelling: spelling, bitOffset: bitOffset + field.bitOffset,
                    bitWidth: field.bitWidth, isOverlay: isOverlay)
            ]
        }
    }
}

extension TypeDescription {
    var isBoolean: Bool { if case .integer(let integer) = resolved { integer.isBoolean } else { false } }

    /// A value of zero bytes, where its type is known.
    var zero: String {
        switch resolved {
        case .array(let element, _): ".init(repeating: \(element.zero))"
        case .structure, .union, .enumeration: ".init()"
        default: "0"
        }
    }
}
