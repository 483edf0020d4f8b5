import CLibBPF

/// Where a global variable of an object lies, by its BTF.
@safe struct GlobalVariable {
    let name: String
    let map: OpaquePointer
    let offset: Int
    let size: Int

    init(named name: String, in object: ObjectHandle) throws(BPFError) {
        self.name = name
        guard let btf = unsafe object.btf else {
            throw BPFError(.edit, "global variable \(name)", reason: "object \(object.name) has no BTF", remedy: "compile it with -g")
        }
        var names: [String] = []
        let maps = unsafe object.maps
        // swift-format makes one word of `for unsafe map`.
        for position in unsafe maps.indices where unsafe bpf_map__is_internal(maps[position]) {
            let map = unsafe maps[position]
            // Internal maps are called by their section, some with the object's name before it: "policy.rodata", ".data.custom".
            let section = String(unsafe String(cString: bpf_map__name(map)).drop { $0 != "." })
            let id = unsafe btf__find_by_name_kind(btf, section, UInt32(BTFKind.dataSection.rawValue))
            guard id > 0, let type = unsafe btf__type_by_id(btf, UInt32(id)), let variables = unsafe btf_var_secinfos(type) else {
                continue
            }
            for index in 0..<Int(unsafe btf_vlen(type)) {
                let variable = unsafe variables[index]
                guard let declaration = unsafe btf__type_by_id(btf, variable.type),
                    let label = unsafe btf__name_by_offset(btf, declaration.pointee.name_off)
                else { continue }
                let found = unsafe String(cString: label)
                if found == name {
                    unsafe self.map = unsafe map
                    offset = Int(variable.offset)
                    size = Int(variable.size)
                    return
                }
                names.append(found)
            }
        }
        throw BPFError(
            .edit, "global variable \(name)", reason: "object \(object.name) has no such variable", remedy: BPFError.available(names))
    }

    /// Refuses a type of another size, which would be written over the neighbours.
    func check(size given: Int, type: String) throws(BPFError) {
        if given != size {
            throw BPFError(.edit, "global variable \(name)", reason: "it has \(size) bytes, and \(type) has \(given)")
        }
    }
}
