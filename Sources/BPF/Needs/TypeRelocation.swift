internal import CLibBPF

/// A place in the code that is adapted to the kernel's types when it is loaded (CO-RE), out of the section `.BTF.ext`.
struct TypeRelocation {
    /// Where its section's name lies among the names of the BTF.
    var sectionName: UInt32
    /// Its instruction's place in the section, in bytes.
    var offset: UInt32
    /// The type it begins with, in the object's BTF.
    var type: UInt32
    /// Where the way from there lies among the names of the BTF: `0:1:3`.
    var path: UInt32
    /// `enum bpf_core_relo_kind`.
    var kind: UInt32

    /// All of a section, by the layout in `tools/lib/bpf/libbpf_internal.h`; libbpf reads them only when it loads, and keeps them.
    static func all(in section: CheckedBytes) throws(ObjectDefect) -> [TypeRelocation] {
        guard let magic = section.load(0, as: UInt16.self), magic == 0xeb9f, let header = section.load(4, as: UInt32.self) else {
            throw .corrupted("its BTF of functions and lines does not begin as BTF does")
        }
        // Headers of compilers before CO-RE end before.
        guard header >= 32, let offset = section.load(24, as: UInt32.self), let length = section.load(28, as: UInt32.self), length > 0
        else { return [] }
        guard let records = section.slice(UInt64(header) + UInt64(offset), count: UInt64(length)),
            let size = records.load(0, as: UInt32.self), size >= 16, size < 1024
        else { throw .cut("the relocations in its BTF") }
        var found: [TypeRelocation] = []
        var place = 4
        while place < records.count {
            guard let name = records.load(place, as: UInt32.self), let count = records.load(place + 4, as: UInt32.self),
                Int(count) <= (records.count - place - 8) / Int(size)
            else { throw .cut("the relocations in its BTF") }
            place += 8
            for _ in 0..<count {
                guard let offset = records.load(place, as: UInt32.self), let type = records.load(place + 4, as: UInt32.self),
                    let path = records.load(place + 8, as: UInt32.self), let kind = records.load(place + 12, as: UInt32.self)
                else { throw .cut("the relocations in its BTF") }
                found.append(TypeRelocation(sectionName: name, offset: offset, type: type, path: path, kind: kind))
                place += Int(size)
            }
        }
        return found
    }

    /// The section it stands in, with the mark of those that are optional, which libbpf forgets.
    func section(in types: BTF) -> String { types.name(at: sectionName) }

    /// What it asks for, with the names of the object's types.
    func access(in types: BTF) -> TypeAccess? {
        guard let question = TypeAccess.Question(rawValue: kind), let root = types.skippingAliases(type) else { return nil }
        let steps = types.name(at: path).split(separator: ":").map { Int($0) ?? -1 }
        guard let first = steps.first, steps.count <= 64 else { return nil }
        let name = Self.essential(types.spelling(of: root))
        switch question {
        case .ownTypeNumber, .typeNumber, .typeExists, .typeSize, .typeMatches: return TypeAccess(question: question, type: name, path: "")
        case .enumValueExists, .enumValue:
            guard case .enumeration(let enumeration) = try? types.type(id: root), enumeration.values.indices.contains(first) else {
                return nil
            }
            return TypeAccess(question: question, type: name, path: Self.essential(enumeration.values[first].name))
        default:
            guard let path = Self.fields(steps.dropFirst(), of: root, in: types) else { return nil }
            return TypeAccess(question: question, type: name, path: path)
        }
    }

    /// The names of the fields on a way, without those of anonymous ones and without places in arrays.
    private static func fields(_ steps: ArraySlice<Int>, of root: UInt32, in types: BTF) -> String? {
        guard var current = try? types.type(id: root) else { return nil }
        var names: [String] = []
        for step in steps {
            switch current.resolved {
            case .array(let element, _): current = element
            case .structure(let composite), .union(let composite):
                guard composite.fields.indices.contains(step) else { return nil }
                let field = composite.fields[step]
                if !field.name.isEmpty { names.append(field.name) }
                current = field.type
            default: return nil
            }
        }
        return names.joined(separator: ".")
    }

    /// A name without what follows `___`: several shapes of a type in one object are told from each other by it.
    static func essential(_ name: String) -> String {
        let bytes = Array(name.utf8)
        for index in bytes.indices.dropLast(3).reversed() where index > 0 {
            if bytes[index..<(index + 3)].elementsEqual("___".utf8), bytes[index - 1] != 0x5f {
                return String(decoding: bytes[..<index], as: UTF8.self)
            }
        }
        return name
    }
}

extension BTF {
    /// The number of a type without qualifiers and other names for it.
    func skippingAliases(_ id: UInt32) -> UInt32? {
        var id = id
        for _ in 0..<64 {
            guard let type = unsafe btf__type_by_id(pointer, id) else { return nil }
            switch unsafe BTFKind(rawValue: btf_kind(type)) {
            case .alias, .volatile, .constant, .restrict, .typeTag: id = unsafe type.pointee.type
            default: return id
            }
        }
        return nil
    }
}
