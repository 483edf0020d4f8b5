import CLibBPF

extension ObjectHandle {
    /// Sets what an object leaves open, or sets where the kernel wants nothing, and writes down what was done.
    func applyConventions() {
        // swift-format makes one word of `for unsafe program`.
        let (programs, maps) = unsafe (programs, maps)
        for index in unsafe programs.indices {
            let program = unsafe programs[index]
            guard unsafe bpf_program__type(program) == BPF_PROG_TYPE_UNSPEC else { continue }
            let (name, section) = unsafe (String(cString: bpf_program__name(program)), String(cString: bpf_program__section_name(program)))
            guard let convention = SectionConvention(section: section) else {
                notes.append("program \(name): what kind it is cannot be told by its section \(section)")
                continue
            }
            unsafe bpf_program__set_type(program, bpf_prog_type(convention.type.rawValue))
            unsafe bpf_program__set_expected_attach_type(program, bpf_attach_type(convention.attachType))
            typedByConvention.insert(name)
            notes.append("program \(name): taken for \(convention.type) by its section \(section)")
        }
        for index in unsafe maps.indices {
            let map = unsafe maps[index]
            let type = unsafe MapType(rawValue: bpf_map__type(map).rawValue)
            guard type == .ringBuffer || type == .userRingBuffer else { continue }
            let (key, value) = unsafe (bpf_map__key_size(map), bpf_map__value_size(map))
            guard key != 0 || value != 0 else { continue }
            // The kernel makes no ring buffer whose records have a size of their own (ringbuf_map_alloc, kernel/bpf/ringbuf.c); objects
            // declare it to say what the records are.
            unsafe bpf_map__set_key_size(map, 0)
            unsafe bpf_map__set_value_size(map, 0)
            notes.append(
                unsafe "map \(String(cString: bpf_map__name(map))): key size \(key) and value size \(value) of the ring buffer set to 0")
        }
    }

    /// Refuses maps that libbpf takes for something they are not: it has operations of a kernel struct only for those of the section
    /// `.struct_ops`, and follows them for all of the kind.
    func checkMaps(of file: ELFObject) throws(ObjectDefect) {
        guard let section = file.sections.firstIndex(where: { $0.name == ".maps" }) else { return }
        let declared = Set(file.symbols.lazy.filter { Int($0.section) == section }.map(\.name))
        let maps = unsafe maps
        for index in unsafe maps.indices where unsafe bpf_map__type(maps[index]) == BPF_MAP_TYPE_STRUCT_OPS {
            let name = unsafe String(cString: bpf_map__name(maps[index]))
            if declared.contains(name) { throw .corrupted("map \(name) is declared to be operations of a kernel struct") }
        }
    }

    /// What the programs are licensed under, which decides which helpers they may call; empty if the object does not say it.
    var license: String {
        guard let file = try? ELFObject(source.bytes), let section = file.section("license") else { return "" }
        return String(decoding: section.content.bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
