import CLibBPF

/// A field of a struct: its place in bytes.
struct FieldLayout: Hashable {
    var name: String
    var offset: Int
    var size: Int
}

extension TypeLayout {
    /// The fields of a Swift or imported C struct, by reflection; none where it has none or they cannot be told.
    static func fields<T: BitwiseCopyable>(of type: T.Type) -> [FieldLayout] {
        // Reflection wants a value. Only structs are looked at further, and any bits make one of fixed-layout fields.
        unsafe withUnsafeTemporaryAllocation(byteCount: max(1, MemoryLayout<T>.size), alignment: MemoryLayout<T>.alignment) { bytes in
            unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
            let mirror = Mirror(reflecting: unsafe bytes.load(as: T.self))
            guard mirror.displayStyle == .struct else { return [] }
            var end = 0
            return mirror.children.map { child in
                func measure<Field>(_: Field) -> FieldLayout {
                    let alignment = MemoryLayout<Field>.alignment
                    let offset = (end + alignment - 1) / alignment * alignment
                    end = offset + MemoryLayout<Field>.size
                    return FieldLayout(name: child.label ?? "", offset: offset, size: MemoryLayout<Field>.size)
                }
                return measure(child.value)
            }
        }
    }

    /// The fields of a struct in BTF; none if it is no struct, or has bit-fields.
    static func fields(of id: UInt32, in btf: OpaquePointer) -> [FieldLayout] {
        let resolved = unsafe btf__resolve_type(btf, id)
        guard resolved >= 0, let type = unsafe btf__type_by_id(btf, UInt32(resolved)),
            unsafe BTFKind(rawValue: btf_kind(type)) == .structure, let members = unsafe btf_members(type)
        else { return [] }
        var fields: [FieldLayout] = []
        for index in 0..<Int(unsafe btf_vlen(type)) {
            guard unsafe btf_member_bitfield_size(type, UInt32(index)) == 0 else { return [] }
            let name = unsafe btf__name_by_offset(btf, members[index].name_off).map { unsafe String(cString: $0) }
            fields.append(
                FieldLayout(
                    name: name ?? "", offset: Int(unsafe btf_member_bit_offset(type, UInt32(index))) / 8,
                    size: Int(unsafe btf__resolve_size(btf, members[index].type))))
        }
        return fields
    }

    /// Says in words which field lies elsewhere than in BTF, or nothing if all fit.
    ///
    /// Fields are compared one by one where there are as many on both sides; names may differ, but not change places.
    static func difference(_ given: [FieldLayout], from declared: [FieldLayout]) -> String? {
        guard given.count == declared.count else { return nil }
        for (given, field) in zip(given, declared) {
            let haveMoved = given.name != field.name && declared.contains { $0.name == given.name }
            if given.offset != field.offset || given.size != field.size || haveMoved {
                return "where it has \(field.name) (\(field.size) bytes at \(field.offset)), "
                    + "the Swift type has \(given.name) (\(given.size) at \(given.offset))"
            }
        }
        return nil
    }
}
