import CLibBPF
import Glibc

/// What of eBPF is in the kernel, whoever made it. Needs CAP_SYS_ADMIN.
///
///     for program in try Inventory.programs() where program.runCount > 0 { … }
///
/// What goes while the list is made is left out; what comes may be missing.
public enum Inventory {
    /// The programs, by ascending number.
    ///
    /// The corresponding libbpf function is `bpf_prog_get_next_id`.
    public static func programs() throws(BPFError) -> [ProgramInfo] {
        try all("programs", next: { unsafe bpf_prog_get_next_id($0, &$1) }, open: bpf_prog_get_fd_by_id) { descriptor throws(BPFError) in
            try ProgramInfo(descriptor: descriptor, subject: "program")
        }
    }

    /// The maps, by ascending number.
    ///
    /// The corresponding libbpf function is `bpf_map_get_next_id`.
    public static func maps() throws(BPFError) -> [MapInfo] {
        try all("maps", next: { unsafe bpf_map_get_next_id($0, &$1) }, open: bpf_map_get_fd_by_id) { descriptor throws(BPFError) in
            try MapInfo(descriptor: descriptor, subject: "map")
        }
    }

    /// The links, by ascending number. Requires Linux 5.8.
    ///
    /// The corresponding libbpf function is `bpf_link_get_next_id`.
    public static func links() throws(BPFError) -> [LinkInfo] {
        try all("links", next: { unsafe bpf_link_get_next_id($0, &$1) }, open: bpf_link_get_fd_by_id) { descriptor throws(BPFError) in
            try LinkInfo(descriptor: descriptor, subject: "link")
        }
    }

    /// The BTF objects: those of programs, of modules, and the kernel's own.
    ///
    /// The corresponding libbpf function is `bpf_btf_get_next_id`.
    public static func types() throws(BPFError) -> [TypesInfo] {
        try all("BTF objects", next: { unsafe bpf_btf_get_next_id($0, &$1) }, open: bpf_btf_get_fd_by_id) { descriptor throws(BPFError) in
            try TypesInfo(descriptor: descriptor)
        }
    }

    private static func all<Info>(
        _ what: String, next: (UInt32, inout UInt32) -> CInt, open: (UInt32) -> CInt, _ info: (CInt) throws(BPFError) -> Info
    ) throws(BPFError) -> [Info] {
        var found: [Info] = []
        var id: UInt32 = 0
        while true {
            var following: UInt32 = 0
            let result = next(id, &following)
            if result == -ENOENT { return found }
            if result < 0 { throw BPFError(.query, what, errno: -result) }
            id = following
            let opened = open(id)
            // Gone meanwhile.
            if opened == -ENOENT { continue }
            if opened < 0 { throw BPFError(.query, "\(what): id \(id)", errno: -opened) }
            let descriptor = Descriptor(adopting: opened)
            found.append(try info(descriptor.rawValue))
        }
    }
}

/// What the kernel says about a BTF object.
public struct TypesInfo: Sendable, Hashable {
    /// The kernel's number for it, unique while it lives.
    public let id: UInt32
    /// `vmlinux` or the module's name; empty for those of programs.
    public let name: String
    /// Its size in bytes.
    public let size: Int
    /// Whether it is the kernel's own, or a module's.
    public let isKernel: Bool

    init(descriptor: CInt) throws(BPFError) {
        var name = [UInt8](repeating: 0, count: 64)
        var info = bpf_btf_info()
        var length = UInt32(MemoryLayout<bpf_btf_info>.size)
        try check(.info, "BTF object") {
            unsafe name.withUnsafeMutableBytes { room in
                info.name = UInt64(UInt(bitPattern: room.baseAddress))
                info.name_len = UInt32(room.count)
                return unsafe bpf_obj_get_info_by_fd(descriptor, &info, &length)
            }
        }
        id = info.id
        size = Int(info.btf_size)
        isKernel = info.kernel_btf != 0
        self.name = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }
}

/// The kernel counts runs and run time of every program as long as this value lives, or another process has asked for it. It costs each
/// run some 20 ns. Requires Linux 5.8 and CAP_SYS_ADMIN.
///
///     let statistics = try RunStatistics()
///     …
///     print(try program.info.runTime)
///     _ = consume statistics
///
/// The corresponding libbpf function is `bpf_enable_stats`.
public struct RunStatistics: ~Copyable, Sendable {
    private let descriptor: Descriptor

    /// Has the kernel begin to count.
    public init() throws(BPFError) {
        descriptor = Descriptor(adopting: try check(.open, "run statistics") { bpf_enable_stats(BPF_STATS_RUN_TIME) })
    }
}
