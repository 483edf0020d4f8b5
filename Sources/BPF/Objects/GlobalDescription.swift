import CLibBPF

/// A global variable as the object file declares it.
public struct GlobalDescription: Sendable, Hashable {
    /// The C variable's name.
    public let name: String
    /// The section it lies in: `.data`, `.bss`, `.rodata` or one of these with something behind, `.kconfig`.
    public let section: String
    /// Its C type without qualifiers: `struct flow`, `__u32`, `char[16]`.
    public let type: TypeDescription
    /// Where it lies in its section, in bytes.
    public let byteOffset: Int
    /// Its size in bytes.
    public let size: Int
    /// What `__attribute__((btf_decl_tag("…")))` says about it.
    public let tags: [String]

    /// Whether it is fixed when the object is loaded.
    public var isConstant: Bool { section.hasPrefix(".rodata") || section == ".kconfig" }
}

extension ObjectHandle {
    /// The variables in the sections libbpf makes maps of, in the order of the file; none without BTF.
    var globals: [GlobalDescription] {
        guard let types = try? types else { return [] }
        var found: [GlobalDescription] = []
        let maps = unsafe maps
        for position in unsafe maps.indices where unsafe bpf_map__is_internal(maps[position]) {
            let section = unsafe section(of: maps[position])
            guard let id = types.id(ofSection: section), let variables = try? types.type(id: id).composite?.fields else { continue }
            found += variables.map {
                GlobalDescription(
                    name: $0.name, section: section, type: $0.type, byteOffset: $0.byteOffset, size: $0.type.byteCount ?? 0, tags: $0.tags)
            }
        }
        return found
    }
}
