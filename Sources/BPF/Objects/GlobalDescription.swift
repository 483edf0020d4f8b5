import CLibBPF

/// A global variable as the object file declares it.
public struct GlobalDescription: Sendable, Hashable {
    /// The C variable's name.
    public let name: String
    /// The section it lies in: `.data`, `.bss`, `.rodata` or one of these with something behind.
    public let section: String
    /// Its C type without qualifiers: `struct flow`, `__u32`, `char[16]`.
    public let type: String
    /// Its size in bytes.
    public let size: Int
    /// Whether it is fixed when the object is loaded.
    public let isConstant: Bool
}

extension ObjectHandle {
    /// The variables in the sections libbpf makes maps of, in the order of the file; none without BTF.
    var globals: [GlobalDescription] {
        guard let btf = unsafe btf else { return [] }
        var found: [GlobalDescription] = []
        let maps = unsafe maps
        for position in unsafe maps.indices where unsafe bpf_map__is_internal(maps[position]) {
            let section = String(unsafe String(cString: bpf_map__name(maps[position])).drop { $0 != "." })
            let id = unsafe btf__find_by_name_kind(btf, section, UInt32(BTFKind.dataSection.rawValue))
            guard id > 0, let type = unsafe btf__type_by_id(btf, UInt32(id)), let variables = unsafe btf_var_secinfos(type) else {
                continue
            }
            for index in 0..<Int(unsafe btf_vlen(type)) {
                let variable = unsafe variables[index]
                guard let declaration = unsafe btf__type_by_id(btf, variable.type),
                    let label = unsafe btf__name_by_offset(btf, declaration.pointee.name_off)
                else { continue }
                found.append(
                    GlobalDescription(
                        name: unsafe String(cString: label), section: section,
                        type: unsafe TypeLayout.declaredName(of: declaration.pointee.type, in: btf), size: Int(variable.size),
                        isConstant: section.hasPrefix(".rodata")))
            }
        }
        return found
    }
}

extension TypeLayout {
    /// A type as C writes it, without qualifiers; a name in short for what has none.
    static func declaredName(of id: UInt32, in btf: OpaquePointer) -> String {
        guard id != 0, let type = unsafe btf__type_by_id(btf, id) else { return "void" }
        switch unsafe btf_kind(type) {
        case 2: return unsafe declaredName(of: type.pointee.type, in: btf) + " *"
        case 3:
            guard let array = unsafe btf_array(type) else { return "array" }
            let (element, count) = unsafe (declaredName(of: array.pointee.type, in: btf), array.pointee.nelems)
            // The outer dimension stands first.
            guard let bracket = element.firstIndex(of: "[") else { return "\(element)[\(count)]" }
            return "\(element[..<bracket])[\(count)]\(element[bracket...])"
        case 6, 19: return unsafe "enum " + cName(of: id, in: btf)
        case 9, 10, 11, 18: return unsafe declaredName(of: type.pointee.type, in: btf)
        default: return unsafe cName(of: id, in: btf)
        }
    }
}
