import CLibBPF
import Glibc

/// An eBPF object file that is opened and not yet in the kernel: it can be looked at and edited.
///
/// What it says is the same on every machine and needs no privileges. `load()` consumes it.
///
///     var object = try OpenObject(.file("filter.o"))
///     try object.setMaxEntries(65_536, ofMap: "flows")
///     try object.setGlobal("sampling", to: UInt32(100))
///     let loaded = try object.load()
///
/// The corresponding libbpf functions are `bpf_object__open_file` and `bpf_object__open_mem`.
public struct OpenObject: ~Copyable, Sendable {
    let handle: ObjectHandle

    /// Opens an object.
    ///
    /// - Throws: `BPFError` of step `open` if there is no such file, or it is no whole eBPF object; libbpf's words are in it.
    public init(_ source: ObjectSource) throws(BPFError) {
        handle = try ObjectHandle(opening: source)
    }

    /// The object's name: the one given with its bytes, or the file's without its ending.
    public var name: String { handle.name }

    /// The programs in the order of the file.
    public var programs: [ProgramDescription] { unsafe handle.programs.map { unsafe ProgramDescription($0) } }

    /// The maps in the order of the file, those with global variables after the declared ones.
    public var maps: [MapDescription] { unsafe handle.maps.map { unsafe MapDescription($0) } }

    /// Sets how many entries a map takes; for ring buffers their size in bytes, a power of two of at least a page.
    public mutating func setMaxEntries(_ count: Int, ofMap name: String) throws(BPFError) {
        let map = unsafe try handle.map(named: name, for: .edit)
        guard let count = UInt32(exactly: count), count > 0 else {
            throw BPFError(.edit, "map \(name)", reason: "\(count) is no number of entries")
        }
        try captured(.edit, "map \(name)") { unsafe bpf_map__set_max_entries(map, count) }
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
        let map = unsafe try handle.map(named: name, for: .edit)
        let wanted = unsafe MapDescription(map)
        let given = try MapInfo(descriptor: descriptor, subject: "map \(name)")
        // libbpf would take over whatever it is given, and the program would fail later, or not at all.
        guard given.type == wanted.type, given.keySize == wanted.keySize, given.valueSize == wanted.valueSize else {
            throw BPFError(
                .edit, "map \(name)",
                reason: "declared as \(wanted.type) of \(wanted.keySize) to \(wanted.valueSize) bytes, but the map given is "
                    + "\(given.type) of \(given.keySize) to \(given.valueSize)")
        }
        try captured(.edit, "map \(name)") { unsafe bpf_map__reuse_fd(map, descriptor) }
    }

    /// Gives an array or hash of maps the map whose shape all its inner maps have, when the object does not declare one.
    public mutating func setInnerMap<M: MapHandle & ~Copyable>(_ inner: borrowing M, ofMap name: String) throws(BPFError) {
        let map = unsafe try handle.map(named: name, for: .edit)
        // libbpf neither duplicates nor closes it: the object keeps a descriptor of its own as long as it lives.
        let template = SharedDescriptor(try Descriptor(duplicating: inner.fileDescriptor, for: "map \(name)"))
        handle.templates.append(template)
        try captured(.edit, "map \(name)") { unsafe bpf_map__set_inner_map_fd(map, template.rawValue) }
    }

    /// Says whether a program is loaded at all; by default all are.
    public mutating func setAutoload(_ isOn: Bool, program name: String) throws(BPFError) {
        let program = unsafe try handle.program(named: name, for: .edit)
        try captured(.edit, "program \(name)") { unsafe bpf_program__set_autoload(program, isOn) }
    }

    /// Sets a program's type where its section does not say it.
    public mutating func setType(_ type: ProgramType, program name: String) throws(BPFError) {
        let program = unsafe try handle.program(named: name, for: .edit)
        try captured(.edit, "program \(name)") { unsafe bpf_program__set_type(program, bpf_prog_type(type.rawValue)) }
    }

    /// Has an XDP program take frames that lie in several parts, of which it sees the first: without it, drivers whose frames do not fit
    /// into a page refuse the program. Requires Linux 5.18; a program array takes such programs or others, not both.
    public mutating func allowFragments(program name: String) throws(BPFError) {
        let program = unsafe try handle.program(named: name, for: .edit)
        let flags = unsafe bpf_program__flags(program) | UInt32(BPF_F_XDP_HAS_FRAGS)
        try captured(.edit, "program \(name)") { unsafe bpf_program__set_flags(program, flags) }
    }

    /// Makes the maps and loads the programs.
    ///
    /// - Throws: `BPFError` of step `load` that names the program or map, with the verifier's log when the verifier refused. Nothing
    ///   of the object stays in the kernel.
    ///
    /// The corresponding libbpf function is `bpf_object__load`.
    public consuming func load() throws(BPFError) -> LoadedObject {
        try handle.adoptDeclaredPins()
        let (result, printed) = LibbpfMessages.capturing { unsafe bpf_object__load(handle.pointer) }
        defer { handle.releaseLog() }
        if result < 0 {
            let program = VerifierLog.refusedProgram(in: printed)
            // ENOSPC speaks of the log then, and the verifier's own number is lost.
            let isCut = -result == ENOSPC && program != nil
            throw BPFError(
                .load, program.map { "program \($0) of object \(name)" } ?? "object \(name)", errno: isCut ? 0 : -result,
                reason: isCut ? "the verifier refused it, and its log of more than 16 MiB is cut" : "",
                verifierLog: program == nil ? "" : handle.verifierLog,
                libbpfMessages: printed)
        }
        return LoadedObject(handle)
    }
}
