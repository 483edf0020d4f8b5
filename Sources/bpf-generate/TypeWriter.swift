import BPF

/// Writes structs, unions and enums as Swift.
struct TypeWriter {
    let catalog: TypeCatalog
    private(set) var text = ""

    init(_ catalog: TypeCatalog) { self.catalog = catalog }

    private mutating func line(_ text: String = "", indent: Int = 2) {
        self.text += text.isEmpty ? "\n" : String(repeating: "    ", count: indent) + text + "\n"
    }

    mutating func write(_ entry: TypeCatalog.Entry) {
        switch entry.type {
        case .enumeration(let enumeration): write(enumeration, as: entry.name)
        default:
            if let shape = StructureShape(entry.type, in: catalog) { write(shape, of: entry.type, as: entry.name) }
        }
    }

    // MARK: Enums

    private mutating func write(_ enumeration: EnumerationDescription, as name: String) {
        let raw = "\(enumeration.isSigned ? "" : "U")Int\(enumeration.byteCount * 8)"
        var scope = SwiftNames.Scope(taken: ["rawValue", "description", "hashValue"])
        let names = SwiftNames.values(enumeration.values.map(\.name)).map { scope.claim($0) }
        line("/// `enum \(enumeration.name)`. Other values than the named ones may come up.")
        line("public struct \(name): FixedLayout, RawRepresentable, Hashable, CustomStringConvertible {")
        line("public var rawValue: \(raw)", indent: 3)
        line("public init() { rawValue = 0 }", indent: 3)
        line("public init(rawValue: \(raw)) { self.rawValue = rawValue }", indent: 3)
        line()
        for (value, swift) in zip(enumeration.values, names) {
            let number = enumeration.isSigned ? "\(value.value)" : "\(UInt64(bitPattern: value.value))"
            line("/// `\(value.name)`", indent: 3)
            line("public static var \(swift): \(name) { \(name)(rawValue: \(number)) }", indent: 3)
        }
        line()
        line("/// The value's name in C, or its number.", indent: 3)
        line("public var description: String {", indent: 3)
        line("switch rawValue {", indent: 4)
        var known: Set<Int64> = []
        for value in enumeration.values where known.insert(value.value).inserted {
            line("case \(enumeration.isSigned ? "\(value.value)" : "\(UInt64(bitPattern: value.value))"): \"\(value.name)\"", indent: 4)
        }
        line("default: \"\\(rawValue)\"", indent: 4)
        line("}", indent: 4)
        line("}", indent: 3)
        line("}")
        line()
    }

    // MARK: Structs and unions

    private mutating func write(_ shape: StructureShape, of type: TypeDescription, as name: String) {
        line("/// `\(type)`, \(shape.size) bytes.")
        line("public struct \(name): FixedStructure {")
        var bytes = 0
        for part in shape.stored {
            if let member = part.member {
                line("/// `\(member.type)` at \(part.offset).", indent: 3)
                line("public var \(member.name): \(member.spelling) = \(member.type.zero)", indent: 3)
            } else {
                line("private var _bytes\(bytes): InlineArray<\(part.size), UInt8> = InlineArray(repeating: 0)", indent: 3)
                bytes += 1
            }
        }
        for member in shape.computed { write(member) }
        line()
        line("/// A value whose bytes are zero.", indent: 3)
        line("public init() {}", indent: 3)
        writeInitializer(shape)
        line("}")
        line()
    }

    private mutating func write(_ member: StructureShape.Member) {
        let isBoolean = member.type.isBoolean
        line()
        line("/// `\(member.type)`\(member.bitWidth.map { ", \($0) bits" } ?? "") at \(place(of: member)).", indent: 3)
        line("public var \(member.name): \(member.swiftType) {", indent: 3)
        let (get, set): (String, String)
        if let width = member.bitWidth {
            let isEnumeration = if case .enumeration = member.type.resolved { true } else { false }
            let load = "loadBits(at: \(member.bitOffset), width: \(width))"
            let value = isBoolean ? "newValue ? 1 : 0 as UInt8" : isEnumeration ? "newValue.rawValue" : "newValue"
            get = isBoolean ? "\(load) != 0 as UInt8" : isEnumeration ? "\(member.spelling)(rawValue: \(load))" : load
            set = "storeBits(\(value), at: \(member.bitOffset), width: \(width))"
        } else {
            let offset = member.bitOffset / 8
            get = isBoolean ? "load(at: \(offset), as: UInt8.self) != 0" : "load(at: \(offset))"
            set = isBoolean ? "store(newValue ? 1 : 0 as UInt8, at: \(offset))" : "store(newValue, at: \(offset))"
        }
        line("get { \(get) }", indent: 4)
        line("set { \(set) }", indent: 4)
        line("}", indent: 3)
    }

    private func place(of member: StructureShape.Member) -> String {
        member.bitOffset % 8 == 0 ? "\(member.bitOffset / 8)" : "\(member.bitOffset / 8), bit \(member.bitOffset % 8)"
    }

    /// All that can be set at once, in the order of the declaration.
    private mutating func writeInitializer(_ shape: StructureShape) {
        let members = (shape.stored.compactMap(\.member) + shape.computed.filter { !$0.isOverlay }).sorted { $0.bitOffset < $1.bitOffset }
        guard !members.isEmpty else { return }
        line()
        line("/// A value of these fields; the others are zero.", indent: 3)
        line("public init(", indent: 3)
        for (index, member) in members.enumerated() {
            let zero = member.type.isBoolean ? "false" : member.type.zero
            line("\(member.name): \(member.swiftType) = \(zero)\(index + 1 < members.count ? "," : "")", indent: 4)
        }
        line(") {", indent: 3)
        for member in members { line("self.\(member.name) = \(member.name)", indent: 4) }
        line("}", indent: 3)
    }
}

extension StructureShape.Member {
    /// What it is to whoever uses it.
    var swiftType: String { type.isBoolean ? "Bool" : spelling }
}
