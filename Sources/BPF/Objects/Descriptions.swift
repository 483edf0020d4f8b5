import CLibBPF

/// A program as the object file declares it.
public struct ProgramDescription: Sendable, Hashable {
    /// The C function's name.
    public let name: String
    /// The ELF section, which says what it is made for: `tc`, `kprobe/do_unlinkat`.
    public let section: String
    /// The type the section says, or the one that was set.
    public let type: ProgramType
    /// What it is loaded for; `.unspecified` where the kind knows no such thing.
    public let attachType: AttachType
    /// What the section says it is to be attached to; nothing where it only says the kind.
    public var target: AttachTarget? { AttachTarget(section: section) }
    /// Whether libbpf does not know the section, and the type was chosen by what others call so: `classifier/ingress`, `xdp_prog`.
    public let isTypedByConvention: Bool
    /// Whether `load()` loads it. Programs of sections that begin with `?` are loaded only if that is turned on.
    public let isAutoloaded: Bool
    /// Its length in eBPF instructions.
    public let instructionCount: Int

    init(_ program: OpaquePointer, in object: ObjectHandle) {
        let name = unsafe String(cString: bpf_program__name(program))
        self.name = name
        isTypedByConvention = object.typedByConvention.contains(name)
        unsafe attachType = AttachType(rawValue: bpf_program__expected_attach_type(program).rawValue)
        unsafe section = String(cString: bpf_program__section_name(program))
        unsafe type = ProgramType(rawValue: bpf_program__type(program).rawValue)
        unsafe isAutoloaded = bpf_program__autoload(program)
        unsafe instructionCount = bpf_program__insn_cnt(program)
    }
}

/// A map as the object file declares it, with edits so far.
public struct MapDescription: Sendable, Hashable {
    /// The C variable's name; for global variables that of the section, with the object's name before it.
    public let name: String
    /// The kind of map.
    public let type: MapType
    /// Size of a key in bytes, 0 where the kind has no keys.
    public let keySize: Int
    /// Size of a value in bytes, 0 where the kind has no values.
    public let valueSize: Int
    /// The most entries it takes; for ring buffers their size in bytes.
    public let maxEntries: Int
    /// How it is made.
    public let flags: MapFlags
    /// Whether it carries global variables and is made by libbpf.
    public let isInternal: Bool
    /// Where the load pins it, if it does: by the object's own declaration, or `setPin`.
    public let pin: String?

    init(_ map: OpaquePointer) {
        unsafe name = String(cString: bpf_map__name(map))
        unsafe type = MapType(rawValue: bpf_map__type(map).rawValue)
        unsafe keySize = Int(bpf_map__key_size(map))
        unsafe valueSize = Int(bpf_map__value_size(map))
        unsafe maxEntries = Int(bpf_map__max_entries(map))
        unsafe flags = MapFlags(rawValue: bpf_map__map_flags(map))
        unsafe isInternal = bpf_map__is_internal(map)
        unsafe pin = bpf_map__pin_path(map).map { unsafe String(cString: $0) }
    }
}
