import CLibBPF

/// What the kernel says about a program.
public struct ProgramInfo: Sendable, Hashable {
    /// The kernel's number for the program, unique while it lives.
    public let id: UInt32
    /// Its name, of at most 15 characters.
    public let name: String
    /// The hash of its instructions, in hexadecimal.
    public let tag: String
    /// Its kind.
    public let type: ProgramType
    /// When it was loaded, in nanoseconds since boot.
    public let loadTime: UInt64
    /// Its size after the verifier's rewriting, in bytes.
    public let translatedSize: Int
    /// Its size as machine code, in bytes; 0 if it is interpreted.
    public let jitedSize: Int
    /// Instructions the verifier walked. Requires Linux 5.16, 0 before.
    public let verifiedInstructions: Int
    /// The numbers of the maps it uses.
    public let mapIDs: [UInt32]
    /// The kernel's BTF number of the function, hook or tracepoint it was loaded for; 0 for kinds that attach freely. Requires Linux 6.0.
    public let attachBTFID: UInt32
    /// The kernel's number of the BTF object that number is of.
    let attachBTFObjectID: UInt32
    /// How often it ran, while statistics are on (`kernel.bpf_stats_enabled`).
    public let runCount: UInt64
    /// How long it ran in nanoseconds, while statistics are on.
    public let runTime: UInt64
    /// How often it did not run because it was running on that CPU already.
    public let missedRuns: UInt64
    /// The memory it takes in bytes, as far as the kernel tells.
    public let memoryBytes: Int?
    /// The kernel's number of the BTF it was loaded with; 0 if there was none.
    public let typesID: UInt32
    /// The user who loaded it.
    public let userID: UInt32
    /// Whether its licence lets it call helpers that are for GPL programs.
    public let isGPLCompatible: Bool

    init(descriptor: CInt, subject: String) throws(BPFError) {
        var info = bpf_prog_info()
        try kernelInfo(of: descriptor, into: &info, subject: subject)
        id = info.id
        name = text(of: info.name)
        type = ProgramType(rawValue: info.type)
        loadTime = info.load_time
        translatedSize = Int(info.xlated_prog_len)
        jitedSize = Int(info.jited_prog_len)
        verifiedInstructions = Int(info.verified_insns)
        attachBTFID = info.attach_btf_id
        attachBTFObjectID = info.attach_btf_obj_id
        runCount = info.run_cnt
        runTime = info.run_time_ns
        missedRuns = info.recursion_misses
        memoryBytes = readDescriptorField("memlock", of: descriptor)
        (typesID, userID) = (info.btf_id, info.created_by_uid)
        isGPLCompatible = info.gpl_compatible != 0
        unsafe tag = withUnsafeBytes(of: info.tag) { bytes in
            unsafe bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        // Asked a second time, now that the number of maps is known.
        mapIDs = try Self.mapIDs(count: Int(info.nr_map_ids), descriptor: descriptor, subject: subject)
    }

    /// Whether what it was loaded for is part of a module, and not of the kernel proper.
    var isAttachedToModule: Bool {
        let descriptor = bpf_btf_get_fd_by_id(attachBTFObjectID)
        guard descriptor >= 0 else { return false }
        let btf = Descriptor(adopting: descriptor)
        var name = [CChar](repeating: 0, count: 64)
        var info = bpf_btf_info()
        var length = UInt32(MemoryLayout<bpf_btf_info>.size)
        let result = unsafe name.withUnsafeMutableBufferPointer { buffer in
            info.name = UInt64(UInt(bitPattern: buffer.baseAddress))
            info.name_len = UInt32(buffer.count)
            return unsafe bpf_obj_get_info_by_fd(btf.rawValue, &info, &length)
        }
        return result == 0 && info.kernel_btf != 0 && !name.starts(with: "vmlinux".utf8.map { CChar($0) })
    }

    private static func mapIDs(count: Int, descriptor: CInt, subject: String) throws(BPFError) -> [UInt32] {
        if count == 0 { return [] }
        var ids = [UInt32](repeating: 0, count: count)
        var info = bpf_prog_info()
        var length = UInt32(MemoryLayout<bpf_prog_info>.size)
        try check(.info, subject) {
            unsafe ids.withUnsafeMutableBufferPointer { buffer in
                info.nr_map_ids = UInt32(count)
                info.map_ids = UInt64(UInt(bitPattern: buffer.baseAddress))
                return unsafe bpf_obj_get_info_by_fd(descriptor, &info, &length)
            }
        }
        return Array(ids.prefix(Int(info.nr_map_ids)))
    }
}
