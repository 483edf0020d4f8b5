import CLibBPF
import Glibc

extension Features {
    /// Links of programs that are operations of a struct of the kernel's. Requires Linux 6.4; without links there are such programs from 5.6.
    public static let structOperationsLink: Availability = {
        var options = bpf_map_create_opts()
        options.sz = swiftbpf_size_of_bpf_map_create_opts()
        options.map_flags = UInt32(SWIFTBPF_F_LINK)
        // Of no struct of operations: kernels that know the flag ask for that next, and answer with a number of their own (ENOTSUPP).
        options.btf_vmlinux_value_type_id = 1
        let map = unsafe bpf_map_create(BPF_MAP_TYPE_STRUCT_OPS, "trial", 4, 4, 1, &options)
        if map >= 0 { close(map) }
        return map >= 0 || map == -524 ? .available : Trials.refused(-map, "")
    }()
}
