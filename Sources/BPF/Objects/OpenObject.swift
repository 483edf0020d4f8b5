import CLibBPF

/// An eBPF object file that is opened and not yet in the kernel: it can be looked at and edited.
///
/// What it says is the same on every machine and needs no privileges. `load()` consumes it.
///
///     var object = try OpenObject(.file("filter.o"))
///     try object.setMaxEntries(65_536, ofMap: "flows")
///     try object.setGlobal("sampling", to: UInt32(100))
///     let loaded = try object.load()
///
/// Files are looked at before libbpf opens them, and refused in words where they are not what they should be. Objects of older and newer
/// compilers and libraries open as well: kinds of programs are told by names of sections that libbpf does not know, and ring buffers with
/// sizes of keys and values lose these; `notes` says so.
///
/// The corresponding libbpf function is `bpf_object__open_mem`.
public struct OpenObject: ~Copyable, Sendable {
    /// One change of the object, kept so that it can be made once more.
    typealias Edit = @Sendable (ObjectHandle) throws(BPFError) -> Void

    let handle: ObjectHandle
    private(set) var edits: [Edit] = []
    /// What may be left out of the kernel, and in favour of what.
    var choices = ProgramChoices()

    /// Opens an object.
    ///
    /// - Throws: `BPFError` of step `open` if there is no such file, or it is no whole eBPF object of this machine's byte order.
    public init(_ source: ObjectSource) throws(BPFError) {
        handle = try ObjectHandle(opening: source)
    }

    /// Opens an object that was compiled together with this program, which needs no such look.
    init(trusted source: ObjectSource) throws(BPFError) {
        handle = try ObjectHandle(opening: source, isTrusted: true)
    }

    /// The object's name: the one given with its bytes, or the file's up to its first dot.
    public var name: String { handle.name }

    /// What its programs are licensed under, which decides which helpers they may call; empty if it does not say.
    public var license: String { handle.license }

    /// The programs in the order of the file.
    public var programs: [ProgramDescription] { unsafe handle.programs.map { unsafe ProgramDescription($0, in: handle) } }

    /// The maps in the order of the file, those with global variables after the declared ones.
    public var maps: [MapDescription] { unsafe handle.maps.map { unsafe MapDescription($0) } }

    /// The global variables in the order of the file; none if it has no BTF.
    public var globals: [GlobalDescription] { handle.globals }

    /// What was set when the object was opened although it says nothing, or something else: kinds of programs that were told by
    /// convention, sizes of ring buffers' keys and values.
    public var notes: [String] { handle.notes }

    /// Makes a change now, and once more should the object have to be opened again.
    mutating func edit(_ change: @escaping Edit) throws(BPFError) {
        try change(handle)
        edits.append(change)
    }
}

extension OpenObject {
    /// Sets how many entries a map takes; for ring buffers their size in bytes, a power of two of at least a page.
    public mutating func setMaxEntries(_ count: Int, ofMap name: String) throws(BPFError) {
        try edit { (handle) throws(BPFError) in
            let map = unsafe try handle.map(named: name, for: .edit)
            guard let count = UInt32(exactly: count), count > 0 else {
                throw BPFError(.edit, "map \(name)", reason: "\(count) is no number of entries")
            }
            try captured(.edit, "map \(name)") { unsafe bpf_map__set_max_entries(map, count) }
        }
    }

    /// Has the object use a map that is there already, a pinned one for example, in place of one of its own.
    ///
    /// - Throws: `BPFError` if kind, key size or value size differ from the declaration. The number of entries may differ.
    public mutating func reuse<M: MapHandle & ~Copyable>(_ map: borrowing M, asMap name: String) throws(BPFError) {
        try reuse(descriptor: map.fileDescriptor, asMap: name)
    }

    /// Has the object use the map behind a descriptor in place of one of its own. The descriptor stays the caller's.
    ///
    /// - Throws: `BPFError` if kind, key size or value size differ from the declaration. The number of entries may differ.
    public mutating func reuse(descriptor: CInt, asMap name: String) throws(BPFError) {
        // The change may be made again when the caller's is closed.
        let kept = SharedDescriptor(try Descriptor(duplicating: descriptor, for: "map \(name)"))
        try edit { (handle) throws(BPFError) in
            let map = unsafe try handle.map(named: name, for: .edit)
            let wanted = unsafe MapDescription(map)
            let given = try MapInfo(descriptor: kept.rawValue, subject: "map \(name)")
            // libbpf would take over whatever it is given, and the program would fail later, or not at all.
            guard given.type == wanted.type, given.keySize == wanted.keySize, given.valueSize == wanted.valueSize else {
                throw BPFError(
                    .edit, "map \(name)",
                    reason: "declared as \(wanted.type) of \(wanted.keySize) to \(wanted.valueSize) bytes, but the map given is "
                        + "\(given.type) of \(given.keySize) to \(given.valueSize)")
            }
            try captured(.edit, "map \(name)") { unsafe bpf_map__reuse_fd(map, kept.rawValue) }
        }
    }

    /// Gives an array or hash of maps the map whose shape all its inner maps have, when the object does not declare one.
    public mutating func setInnerMap<M: MapHandle & ~Copyable>(_ inner: borrowing M, ofMap name: String) throws(BPFError) {
        // libbpf neither duplicates nor closes it: the object keeps a descriptor of its own as long as it lives.
        let template = SharedDescriptor(try Descriptor(duplicating: inner.fileDescriptor, for: "map \(name)"))
        try edit { (handle) throws(BPFError) in
            let map = unsafe try handle.map(named: name, for: .edit)
            handle.lent.append(template)
            try captured(.edit, "map \(name)") { unsafe bpf_map__set_inner_map_fd(map, template.rawValue) }
        }
    }

    /// Says whether a program is loaded at all. By default all are, but for those of sections that begin with `?`.
    public mutating func setAutoload(_ isOn: Bool, program name: String) throws(BPFError) {
        try edit { (handle) throws(BPFError) in try handle.setAutoload(isOn, program: name) }
    }

    /// Sets a program's type where its section does not say it.
    public mutating func setType(_ type: ProgramType, program name: String) throws(BPFError) {
        try edit { (handle) throws(BPFError) in
            let program = unsafe try handle.program(named: name, for: .edit)
            try captured(.edit, "program \(name)") { unsafe bpf_program__set_type(program, bpf_prog_type(type.rawValue)) }
        }
    }

    /// Has an XDP program take frames that lie in several parts, of which it sees the first: without it, drivers whose frames do not fit
    /// into a page refuse the program. Requires Linux 5.18; a program array takes such programs or others, not both.
    public mutating func allowFragments(program name: String) throws(BPFError) {
        try edit { (handle) throws(BPFError) in
            let program = unsafe try handle.program(named: name, for: .edit)
            let flags = unsafe bpf_program__flags(program) | UInt32(BPF_F_XDP_HAS_FRAGS)
            try captured(.edit, "program \(name)") { unsafe bpf_program__set_flags(program, flags) }
        }
    }

}

extension ObjectHandle {
    func setAutoload(_ isOn: Bool, program name: String) throws(BPFError) {
        let program = unsafe try program(named: name, for: .edit)
        try captured(.edit, "program \(name)") { unsafe bpf_program__set_autoload(program, isOn) }
    }
}
