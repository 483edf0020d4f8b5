import BPF

/// The structs, unions and enums of an object that Swift code gets, each with its name.
///
/// These are the types of keys, values and global variables, what global pointers point to (so types of records are named), and what lies in
/// them. Types of the kernel that programs read through are not among them.
struct TypeCatalog {
    /// What is generated, in the order in which it was met: types after those that lie in them.
    private(set) var entries: [Entry] = []
    private var names: [TypeDescription: String] = [:]
    private var scope = SwiftNames.Scope(taken: Self.used.union(["Maps", "Programs", "Globals"]).union(ProgramKinds.names))

    /// Names the generated code means something else by.
    static let used: Set<String> = [
        "String", "Bool", "Float", "Double", "InlineArray", "CChar", "Hashable", "RawRepresentable",
        "CustomStringConvertible", "FixedLayout", "FixedStructure", "UInt8", "UInt16", "UInt32", "UInt64", "UInt128", "Int8", "Int16",
        "Int32",
        "Int64", "Int128", "MapName", "PerCPUMapName", "MapOfMapsName", "RingBufferName", "PerfBufferName", "UntypedMapName", "ProgramName",
        "GlobalName", "QueueName", "BloomFilterName", "LocalStorageName", "UntypedProgramName",
    ]

    struct Entry {
        var name: String
        var type: TypeDescription
    }

    /// How Swift spells a type, after the type was added; nothing for what it cannot have.
    func spelling(_ type: TypeDescription) -> String? {
        switch type.resolved {
        case .integer(let integer) where integer.isBoolean: return integer.byteCount == 1 ? "UInt8" : nil
        case .integer(let integer):
            // Plain `char`, as in arrays of text, by the name C's importer gives it.
            if integer.isCharacter { return "CChar" }
            let bits = integer.byteCount * 8
            return [8, 16, 32, 64, 128].contains(bits) ? (integer.isSigned ? "Int\(bits)" : "UInt\(bits)") : nil
        case .float(_, let byteCount): return byteCount == 4 ? "Float" : byteCount == 8 ? "Double" : nil
        case .pointer: return "UInt64"
        case .array(let element, let count):
            guard count > 0, let inner = spelling(element) else { return nil }
            return "InlineArray<\(count), \(inner)>"
        case .structure, .union, .enumeration: return names[type.resolved]
        case .void, .function, .incomplete, .alias: return nil
        }
    }

    /// The alignment Swift gives the type, in bytes.
    func alignment(_ type: TypeDescription) -> Int {
        switch type.resolved {
        case .integer(let integer): integer.byteCount
        case .float(_, let byteCount): byteCount
        case .pointer: 8
        case .array(let element, _): alignment(element)
        case .enumeration(let enumeration): enumeration.byteCount
        case .structure, .union: StructureShape(type, in: self)?.alignment ?? 1
        case .void, .function, .incomplete, .alias: 1
        }
    }

    /// Takes a type in, and what lies in it.
    ///
    /// - Parameter hint: What it is called if C gives it no name.
    mutating func add(_ type: TypeDescription, hint: String) {
        // A typedef names what has no name else.
        var alias: String?
        if case .alias(let name, _) = type { alias = name }
        let resolved = type.resolved
        guard names[resolved] == nil else { return }
        switch resolved {
        case .array(let element, _): add(element, hint: hint)
        case .structure(let composite), .union(let composite):
            guard composite.byteCount > 0, composite.byteCount <= Self.largest else { return }
            let name = composite.name.isEmpty ? alias ?? hint : composite.name
            addMembers(of: composite, hint: name)
            enter(resolved, name)
        case .enumeration(let enumeration):
            guard [1, 2, 4, 8].contains(enumeration.byteCount) else { return }
            enter(resolved, enumeration.name.isEmpty ? alias ?? hint : enumeration.name)
        default: break
        }
    }

    /// Larger ones no code handles by value.
    private static let largest = 1 << 16

    private mutating func addMembers(of composite: CompositeDescription, hint: String) {
        for field in composite.fields {
            if field.name.isEmpty, let inner = field.type.composite {
                addMembers(of: inner, hint: hint)
            } else {
                add(field.type, hint: "\(hint)_\(field.name)")
            }
        }
    }

    private mutating func enter(_ type: TypeDescription, _ name: String) {
        let name = scope.claim(SwiftNames.type(name))
        names[type] = name
        entries.append(Entry(name: name, type: type))
    }
}
