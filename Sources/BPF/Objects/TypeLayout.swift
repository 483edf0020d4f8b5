import CLibBPF

/// The layout of a Swift type, to be held against what an object's BTF says about the same memory.
struct TypeLayout {
    let name: String
    let size: Int
    let fields: [FieldLayout]

    init<T: BitwiseCopyable>(_ type: T.Type) {
        name = "\(T.self)"
        size = MemoryLayout<T>.size
        fields = Self.fields(of: T.self)
    }

    /// Says in words how the type differs from one in BTF, or nothing if it fits.
    func difference(from id: UInt32, of btf: OpaquePointer) -> String? {
        let declared = unsafe btf__resolve_size(btf, id)
        guard declared >= 0 else { return nil }
        guard declared != Int64(size) else { return unsafe Self.difference(fields, from: Self.fields(of: id, in: btf)) }
        let type = unsafe Self.cName(of: id, in: btf)
        return "\(type) has \(declared) bytes, and the Swift type \(size)"
            + (Int64(size) < declared ? " (native Swift structs drop padding at the end: declare the struct in a C header)" : "")
    }

    /// "struct flow_key" or "u32", through typedefs and qualifiers.
    static func cName(of id: UInt32, in btf: OpaquePointer) -> String {
        guard let type = unsafe btf__type_by_id(btf, id) else { return "type \(id)" }
        let name = unsafe btf__name_by_offset(btf, type.pointee.name_off).map { unsafe String(cString: $0) } ?? ""
        return switch unsafe BTFKind(rawValue: btf_kind(type)) {
        case .structure: "struct \(name)"
        case .union: "union \(name)"
        default: name.isEmpty ? "the declared type" : name
        }
    }

    /// The bytes of a struct in BTF that belong to no field. In a hash key they would be part of the key, and Swift leaves them undefined.
    static func padding(in id: UInt32, of btf: OpaquePointer) -> Int {
        let declared = unsafe Int(btf__resolve_size(btf, id))
        var end = 0
        var gaps = 0
        let fields = unsafe fields(of: id, in: btf)
        if fields.isEmpty { return 0 }
        for field in fields {
            gaps += max(0, field.offset - end)
            end = max(end, field.offset + field.size)
        }
        return gaps + max(0, declared - end)
    }
}
