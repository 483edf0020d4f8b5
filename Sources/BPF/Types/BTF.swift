import CLibBPF
import Glibc
import Synchronization

/// Type information: what an object file, or the kernel, says about its C types.
///
/// It is only read and may be used by several tasks at a time.
///
///     let types = try BTF(file: "opens.o")
///     print(try types.type(named: "struct file_open"))
///
/// The corresponding libbpf functions are `btf__parse`, `btf__load_vmlinux_btf` and `btf__type_by_id`.
@safe public final class BTF: @unchecked Sendable {
    let pointer: OpaquePointer
    /// What the memory belongs to: an object, or the BTF this one adds to. Its own where nothing is given.
    private let owner: AnyObject?
    private let isBorrowed: Bool
    /// What declarations are tagged with, by the number of the type; read once, when a struct is first described.
    private let tags = Mutex<[UInt32: [Tag]]?>(nil)

    /// A tag at a declaration, or at one of its fields.
    struct Tag {
        var field: Int32
        var text: String
    }

    /// The types of an object file, or of a file that is nothing but BTF.
    ///
    /// - Throws: `BPFError` if there is no such file, or it has no BTF.
    public convenience init(file path: String) throws(BPFError) {
        unsafe self.init(
            adopting: unsafe try captured(.open, "types of \(path)", pointer: { unsafe btf__parse(path, nil) }), base: nil)
    }

    /// The types in the bytes of a `.BTF` section.
    public convenience init(bytes: [UInt8]) throws(BPFError) {
        guard let count = UInt32(exactly: bytes.count) else {
            throw BPFError(.open, "types", reason: "\(bytes.count) bytes are more than BTF can have")
        }
        unsafe self.init(
            adopting: unsafe try captured(
                .open, "types", pointer: { unsafe bytes.withUnsafeBytes { unsafe btf__new($0.baseAddress, count) } }),
            base: nil)
    }

    /// The types the kernel holds under a number: those an object was loaded with, the kernel's own, or a kernel module's.
    ///
    /// The corresponding libbpf function is `btf__load_from_kernel_by_id`.
    public convenience init(id: UInt32) throws(BPFError) {
        let descriptor = Descriptor(adopting: try check(.open, "types of id \(id)") { bpf_btf_get_fd_by_id(id) })
        var name = [CChar](repeating: 0, count: 64)
        let info = unsafe try name.withUnsafeMutableBufferPointer { buffer throws(BPFError) in
            var info = bpf_btf_info()
            info.name = UInt64(UInt(bitPattern: buffer.baseAddress))
            info.name_len = UInt32(buffer.count)
            try kernelInfo(of: descriptor.rawValue, into: &info, subject: "types of id \(id)")
            return info
        }
        // A module's types only add to the kernel's, and have no meaning without them.
        let isModule = info.kernel_btf != 0 && String(decoding: name.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self) != "vmlinux"
        let base = isModule ? try BTF.kernel : nil
        unsafe self.init(
            adopting: unsafe try captured(
                .open, "types of id \(id)", pointer: { unsafe btf__load_from_kernel_by_id_split(id, base?.pointer) }),
            base: base)
    }

    /// The running kernel's own types, of `/sys/kernel/btf/vmlinux`. They take some megabytes, which are kept while somebody holds them.
    ///
    /// The corresponding libbpf function is `btf__load_vmlinux_btf`.
    public static var kernel: BTF {
        get throws(BPFError) {
            try loaded.withLock { loaded throws(BPFError) in
                if let types = loaded.types { return types }
                let types = unsafe BTF(
                    adopting: unsafe try captured(.open, "the kernel's types", pointer: { unsafe btf__load_vmlinux_btf() }), base: nil)
                loaded.types = types
                return types
            }
        }
    }

    private static let loaded = Mutex(Loaded())

    private struct Loaded {
        weak var types: BTF?
    }

    /// Takes over libbpf's memory.
    init(adopting pointer: OpaquePointer, base: BTF?) {
        unsafe self.pointer = unsafe pointer
        owner = base
        isBorrowed = false
    }

    /// The types of an object, which stays open with this value.
    init(of object: ObjectHandle, _ pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
        owner = object
        isBorrowed = true
    }

    deinit {
        if !isBorrowed { unsafe btf__free(pointer) }
    }

    /// One more than the highest number of a type. Types are numbered from 1, by the order in which the compiler met them.
    public var endID: UInt32 { unsafe btf__type_cnt(pointer) }

    /// The number of a type, by how C spells it: `struct flow`, `enum verdict`, `__be32`, and for structs, unions and enums also the
    /// name alone.
    ///
    /// The corresponding libbpf function is `btf__find_by_name_kind`.
    public func id(named name: String) -> UInt32? {
        let words = name.split(separator: " ", maxSplits: 1)
        let kinds: [BTFKind]
        let tag: String
        switch words.count == 2 ? words[0] : "" {
        case "struct": (kinds, tag) = ([.structure], String(words[1]))
        case "union": (kinds, tag) = ([.union], String(words[1]))
        case "enum": (kinds, tag) = ([.enumeration, .enumeration64], String(words[1]))
        default: (kinds, tag) = ([.structure, .union, .enumeration, .enumeration64, .alias, .integer, .float], name)
        }
        for kind in kinds {
            let id = unsafe btf__find_by_name_kind(pointer, tag, UInt32(kind.rawValue))
            if id > 0 { return UInt32(id) }
        }
        return nil
    }

    /// The number of a function; nothing if there is none of the name.
    func id(ofFunction name: String) -> UInt32? {
        let id = unsafe btf__find_by_name_kind(pointer, name, UInt32(BTFKind.function.rawValue))
        return id > 0 ? UInt32(id) : nil
    }

    /// The type of a name, as for `id(named:)`.
    ///
    /// - Throws: `BPFError` if there is none, with those whose names are like it.
    public func type(named name: String) throws(BPFError) -> TypeDescription {
        guard let id = id(named: name) else {
            let wanted = name.split(separator: " ").last.map(String.init) ?? name
            let like = composites.filter { $0.name.contains(wanted) || wanted.contains($0.name) }
            let shown = (like.isEmpty ? Array(composites.prefix(20)) : Array(like.prefix(20))).map(\.name)
            throw BPFError(
                .find, "type \(name)", reason: "there is no such type",
                remedy: BPFError.available(shown)
                    + "; compilers leave out what neither maps, functions nor global variables mention: name it in the map "
                    + "(__type(value, struct …)), or declare an unused global pointer to it")
        }
        return try type(id: id)
    }

    /// Structs and unions that have a name, in the order of their numbers.
    public var composites: [TypeReference] {
        var found: [TypeReference] = []
        for id in 1..<max(1, endID) {
            guard let type = unsafe btf__type_by_id(pointer, id), let kind = unsafe BTFKind(rawValue: btf_kind(type)),
                kind == .structure || kind == .union
            else { continue }
            let name = name(at: unsafe type.pointee.name_off)
            if !name.isEmpty { found.append(TypeReference(id: id, name: "\(kind == .union ? "union" : "struct") \(name)")) }
        }
        return found
    }

    /// Text of the BTF; empty where it points nowhere.
    func name(at offset: UInt32) -> String {
        unsafe btf__name_by_offset(pointer, offset).map { unsafe String(cString: $0) } ?? ""
    }

    /// The tags at a declaration, those of all its fields.
    func tags(of id: UInt32) -> [Tag] {
        tags.withLock { tags in
            if let tags { return tags[id] ?? [] }
            var found: [UInt32: [Tag]] = [:]
            for id in 1..<max(1, endID) {
                guard let type = unsafe btf__type_by_id(pointer, id), unsafe BTFKind(rawValue: btf_kind(type)) == .declarationTag,
                    let tag = unsafe btf_decl_tag(type)
                else { continue }
                found[unsafe type.pointee.type, default: []].append(
                    Tag(field: unsafe tag.pointee.component_idx, text: name(at: unsafe type.pointee.name_off)))
            }
            tags = found
            return found[id] ?? []
        }
    }
}
