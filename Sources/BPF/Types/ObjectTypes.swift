import CLibBPF

extension OpenObject {
    /// What the object says about its types.
    ///
    /// - Throws: `BPFError` if it was compiled without `-g`.
    public var types: BTF { get throws(BPFError) { try handle.types } }

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

    /// The global variables; none without BTF.
    public var globals: [GlobalDescription] { handle.globals }

    /// The type of keys of a map, if the object says it.
    public func keyType(ofMap name: String) throws(BPFError) -> TypeDescription? { try handle.keyType(ofMap: name) }

    /// The type of values of a map, if the object says it; of ring and perf buffers that of the records, if it was declared with the map.
    public func valueType(ofMap name: String) throws(BPFError) -> TypeDescription? { try handle.valueType(ofMap: name) }

    /// The type of the records in a ring buffer or perf event array: what the map was declared with, or the one struct of the object
    /// whose name speaks of events or records. Nothing if there is none, or several.
    public func recordType(ofMap name: String) throws(BPFError) -> TypeDescription? { try handle.recordType(ofMap: name) }
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
