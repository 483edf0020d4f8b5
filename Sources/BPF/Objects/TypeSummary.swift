import CLibBPF

/// A struct, union or enumeration that an object's BTF gives a name.
public struct TypeSummary: Sendable, Hashable {
    /// `struct`, `union` or `enum`.
    public let kind: String
    public let name: String
    /// Its size in bytes.
    public let size: Int
    /// The names of its fields or values in their order.
    public let members: [String]
}

extension OpenObject {
    /// The named structs, unions and enumerations of the object's BTF, in its order; none without BTF.
    public var typeSummaries: [TypeSummary] {
        guard let btf = unsafe handle.btf else { return [] }
        var found: [TypeSummary] = []
        for id in 1..<max(1, unsafe btf__type_cnt(btf)) {
            guard let type = unsafe btf__type_by_id(btf, id), let label = unsafe btf__name_by_offset(btf, type.pointee.name_off),
                unsafe label.pointee != 0
            else { continue }
            let number = unsafe BTFKind(rawValue: btf_kind(type))
            let kinds: [BTFKind: String] = [.structure: "struct", .union: "union", .enumeration: "enum", .enumeration64: "enum"]
            guard let number, let kind = kinds[number] else { continue }
            var members: [String] = []
            for index in 0..<Int(unsafe btf_vlen(type)) {
                let offset: UInt32? =
                    switch number {
                    case .enumeration: unsafe btf_enum(type)?[index].name_off
                    case .enumeration64: unsafe btf_enum64(type)?[index].name_off
                    default: unsafe btf_members(type)?[index].name_off
                    }
                if let offset, let name = unsafe btf__name_by_offset(btf, offset) { members.append(unsafe String(cString: name)) }
            }
            found.append(
                TypeSummary(kind: kind, name: unsafe String(cString: label), size: unsafe Int(type.pointee.size), members: members))
        }
        return found
    }
}
