import CLibBPF

extension OpenObject {
    /// What the object says about its types.
    ///
    /// - Throws: `BPFError` if it was compiled without `-g`.
    public var types: BTF { get throws(BPFError) { try handle.types } }

    /// The object's global variables.
    public var globals: [GlobalDescription] { get throws(BPFError) { try handle.globals } }

    /// The type of keys of a map, if the object says it.
    public func keyType(ofMap name: String) throws(BPFError) -> TypeDescription? { try handle.keyType(ofMap: name) }

    /// The type of values of a map, if the object says it; of ring and perf buffers that of the records, if it was declared with the map.
    public func valueType(ofMap name: String) throws(BPFError) -> TypeDescription? { try handle.valueType(ofMap: name) }

    /// The type of the records in a ring buffer or perf event array: what the map was declared with, or the one struct of the object
    /// whose name speaks of events or records. Nothing if there is none, or several.
    public func recordType(ofMap name: String) throws(BPFError) -> TypeDescription? { try handle.recordType(ofMap: name) }
}

extension LoadedObject {
    /// What the object says about its types.
    ///
    /// - Throws: `BPFError` if it was compiled without `-g`.
    public var types: BTF { get throws(BPFError) { try handle.types } }

    /// The object's global variables.
    public var globals: [GlobalDescription] { get throws(BPFError) { try handle.globals } }

    /// The type of keys of a map, if the object says it.
    public func keyType(ofMap name: String) throws(BPFError) -> TypeDescription? { try handle.keyType(ofMap: name) }

    /// The type of values of a map, if the object says it; of ring and perf buffers that of the records, if it was declared with the map.
    public func valueType(ofMap name: String) throws(BPFError) -> TypeDescription? { try handle.valueType(ofMap: name) }

    /// The type of the records in a ring buffer or perf event array: what the map was declared with, or the one struct of the object
    /// whose name speaks of events or records. Nothing if there is none, or several.
    public func recordType(ofMap name: String) throws(BPFError) -> TypeDescription? { try handle.recordType(ofMap: name) }
}

/// A global variable of an object.
public struct GlobalDescription: Sendable, Hashable {
    /// The variable's name.
    public let name: String
    /// The section it lies in: `.rodata` for `const volatile`, `.data` with an initial value, `.bss` without, or one of its own.
    public let section: String
    /// Its type.
    public let type: TypeDescription
    /// Where it lies in the section, in bytes.
    public let byteOffset: Int
    /// What `__attribute__((btf_decl_tag("…")))` says about it.
    public let tags: [String]

    /// Whether it is fixed by the load.
    public var isConstant: Bool { section.hasPrefix(".rodata") }
}

extension ObjectHandle {
    var types: BTF {
        get throws(BPFError) {
            guard let btf = unsafe btf else {
                throw BPFError(.find, "types of object \(name)", reason: "it has none", remedy: "compile it with -g")
            }
            return unsafe BTF(of: self, btf)
        }
    }

    var globals: [GlobalDescription] {
        get throws(BPFError) {
            guard unsafe btf != nil else { return [] }
            let types = try types
            var found: [GlobalDescription] = []
            // What is declared `extern` or `SEC("license")` has a section too, and no map.
            let names = unsafe maps.filter { unsafe bpf_map__is_internal($0) }.map { unsafe String(cString: bpf_map__name($0)) }
            for name in names {
                // Called by their section, some with the object's name before it: "policy.rodata", ".data.custom".
                let section = String(name.drop { $0 != "." })
                guard section != ".kconfig", let id = types.id(ofSection: section), let composite = try types.type(id: id).composite else {
                    continue
                }
                for field in composite.fields {
                    found.append(
                        GlobalDescription(
                            name: field.name, section: section, type: field.type, byteOffset: field.byteOffset, tags: field.tags))
                }
            }
            return found
        }
    }

    func keyType(ofMap name: String) throws(BPFError) -> TypeDescription? {
        try type(unsafe bpf_map__btf_key_type_id(try map(named: name, for: .find)))
    }

    func valueType(ofMap name: String) throws(BPFError) -> TypeDescription? {
        let id = unsafe bpf_map__btf_value_type_id(try map(named: name, for: .find))
        // Loading forgets it for kinds whose values the kernel wants to know nothing of.
        return try type(id == 0 ? recordTypeIDs[name] ?? 0 : id)
    }

    func recordType(ofMap name: String) throws(BPFError) -> TypeDescription? {
        if let declared = try valueType(ofMap: name), declared.composite != nil { return declared }
        guard unsafe btf != nil else { return nil }
        let types = try types
        let candidates = types.composites.filter { type in
            type.name.hasPrefix("struct ") && !type.name.contains("bpf_")
                && RecordConventions.words(of: String(type.name.dropFirst(7))).contains { ["event", "events", "record"].contains($0) }
        }
        guard candidates.count == 1 else { return nil }
        return try types.type(id: candidates[0].id)
    }

    private func type(_ id: UInt32) throws(BPFError) -> TypeDescription? {
        guard id != 0, unsafe btf != nil else { return nil }
        return try types.type(id: id)
    }

    /// The declared types of records, by the map's name.
    static func recordTypeIDs(of maps: [OpaquePointer]) -> [String: UInt32] {
        var found: [String: UInt32] = [:]
        for index in unsafe maps.indices {
            let map = unsafe maps[index]
            let id = unsafe bpf_map__btf_value_type_id(map)
            if id != 0 { found[unsafe String(cString: bpf_map__name(map))] = id }
        }
        return found
    }
}

extension BTF {
    /// The number of a data section: `.rodata`.
    func id(ofSection name: String) -> UInt32? {
        let id = unsafe btf__find_by_name_kind(pointer, name, UInt32(BTFKind.dataSection.rawValue))
        return id > 0 ? UInt32(id) : nil
    }
}
