import CLibBPF
import Glibc

/// What two maps must have in common for one to serve in the other's place.
struct MapShape {
    let type: MapType
    let keySize: Int
    let valueSize: Int
    let maxEntries: Int
    let flags: MapFlags
    /// The fields of key and value, where BTF tells them.
    let key: [TypeField]?
    let value: [TypeField]?

    /// Shape of a map of which only Swift's types are known.
    init(type: MapType, keySize: Int, valueSize: Int, maxEntries: Int, flags: MapFlags) {
        (self.type, self.keySize, self.valueSize, self.maxEntries, self.flags) = (type, keySize, valueSize, maxEntries, flags)
        (key, value) = (nil, nil)
    }

    /// As an object that is not loaded declares it.
    init(_ map: OpaquePointer, of btf: OpaquePointer?) {
        let declared = unsafe MapDescription(map)
        (type, keySize, valueSize) = (declared.type, declared.keySize, declared.valueSize)
        (maxEntries, flags) = (declared.maxEntries, declared.flags)
        guard let btf = unsafe btf else {
            (key, value) = (nil, nil)
            return
        }
        key = unsafe TypeField.all(of: bpf_map__btf_key_type_id(map), in: btf)
        value = unsafe TypeField.all(of: bpf_map__btf_value_type_id(map), in: btf)
    }

    /// As a map in the kernel is.
    init(of descriptor: CInt, subject: String) throws(BPFError) {
        let info = try MapInfo(descriptor: descriptor, subject: subject)
        (type, keySize, valueSize, maxEntries) = (info.type, info.keySize, info.valueSize, info.maxEntries)
        // The kernel sets this one itself for maps of interfaces.
        flags = type == .deviceMap || type == .deviceHash ? info.flags.subtracting(.programReadOnly) : info.flags
        guard info.typesID != 0, let btf = unsafe btf__load_from_kernel_by_id(info.typesID) else {
            (key, value) = (nil, nil)
            return
        }
        defer { unsafe btf__free(btf) }
        key = unsafe TypeField.all(of: info.keyTypeID, in: btf)
        value = unsafe TypeField.all(of: info.valueTypeID, in: btf)
    }

    /// In words everything in which a pinned map is not as this one is to be; nothing if it fits.
    ///
    /// Without BTF on both sides, fields are not compared.
    func differences(from pinned: MapShape) -> [String] {
        var found: [String] = []
        func compare<T: Equatable>(_ what: String, _ wanted: T, _ there: T, _ words: (T) -> String) {
            if wanted != there { found.append("\(what): \(words(wanted)) wanted, \(words(there)) pinned") }
        }
        compare("kind", type, pinned.type) { "\($0)" }
        compare("key", keySize, pinned.keySize) { "\($0) bytes" }
        compare("value", valueSize, pinned.valueSize) { "\($0) bytes" }
        // 0 is left to libbpf, which takes the number of CPUs.
        if maxEntries != 0 { compare("max entries", maxEntries, pinned.maxEntries) { "\($0)" } }
        compare("flags", flags, pinned.flags) { "0x" + String($0.rawValue, radix: 16) }
        for (role, wanted, there) in [("key", key, pinned.key), ("value", value, pinned.value)] {
            guard let wanted, let there else { continue }
            found += TypeField.differences(wanted, from: there).map { "\(role) \($0)" }
        }
        return found
    }
}

/// A field of a type in BTF, down to the last of nested structs.
struct TypeField: Hashable {
    /// Its place by names: `.address.word[2]`; empty for a type that has no fields.
    let path: String
    /// In bits from the beginning.
    let offset: Int
    let size: Int
    /// In words what it is: `unsigned int`, `enum state`.
    let type: String

    private var words: String {
        let place = offset % 8 == 0 && size % 8 == 0 ? "\(size / 8) bytes at \(offset / 8)" : "\(size) bits at bit \(offset)"
        return "\(type), \(place)"
    }

    /// The fields of a type in the order of their places; nothing where the map does not say its type.
    static func all(of id: UInt32, in btf: OpaquePointer) -> [TypeField]? {
        if id == 0 { return nil }
        var fields: [TypeField] = []
        unsafe collect(id, in: btf, path: "", offset: 0, bits: nil, depth: 0, into: &fields)
        return fields
    }

    private static func collect(
        _ id: UInt32, in btf: OpaquePointer, path: String, offset: Int, bits: Int?, depth: Int, into fields: inout [TypeField]
    ) {
        let resolved = unsafe btf__resolve_type(btf, id)
        // Void, and what is nested deeper than anyone reads.
        guard resolved > 0, depth < 16, let type = unsafe btf__type_by_id(btf, UInt32(resolved)) else { return }
        let kind = unsafe BTFKind(rawValue: btf_kind(type))
        if kind == .structure || kind == .union, let members = unsafe btf_members(type) {
            for index in 0..<Int(unsafe btf_vlen(type)) {
                let member = unsafe members[index]
                let name = unsafe btf__name_by_offset(btf, member.name_off).map { unsafe String(cString: $0) } ?? ""
                let width = unsafe Int(btf_member_bitfield_size(type, UInt32(index)))
                unsafe collect(
                    member.type, in: btf, path: name.isEmpty ? path : "\(path).\(name)",
                    offset: offset + Int(btf_member_bit_offset(type, UInt32(index))), bits: width == 0 ? nil : width, depth: depth + 1,
                    into: &fields)
            }
            return
        }
        let size = unsafe max(0, Int(btf__resolve_size(btf, id)))
        fields.append(
            TypeField(path: path, offset: offset, size: bits ?? size * 8, type: unsafe words(for: UInt32(resolved), in: btf, depth: depth)))
    }

    private static func words(for id: UInt32, in btf: OpaquePointer, depth: Int) -> String {
        let resolved = unsafe btf__resolve_type(btf, id)
        guard resolved > 0, depth < 32, let type = unsafe btf__type_by_id(btf, UInt32(resolved)) else { return "void" }
        let name = unsafe btf__name_by_offset(btf, type.pointee.name_off).map { unsafe String(cString: $0) } ?? ""
        switch unsafe BTFKind(rawValue: btf_kind(type)) {
        case .array:
            guard let array = unsafe btf_array(type) else { return "array" }
            return unsafe "\(words(for: array.pointee.type, in: btf, depth: depth + 1))[\(array.pointee.nelems)]"
        case .pointer: return "pointer"
        case .structure: return "struct \(name)"
        case .union: return "union \(name)"
        case .enumeration, .longEnumeration: return "enum \(name)"
        default: return name
        }
    }

    /// Which fields are not as wanted, each with what is there.
    fileprivate static func differences(_ wanted: [TypeField], from there: [TypeField]) -> [String] {
        var found: [String] = []
        let pinned = Dictionary(there.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let names = Set(wanted.map(\.path))
        for field in wanted {
            guard let other = pinned[field.path] else {
                found.append("\(field.path): \(field.words) wanted, no such field pinned")
                continue
            }
            if field != other { found.append("\(field.path): \(field.words) wanted, \(other.words) pinned") }
        }
        for field in there where !names.contains(field.path) {
            found.append("\(field.path): no such field wanted, \(field.words) pinned")
        }
        return found
    }
}
