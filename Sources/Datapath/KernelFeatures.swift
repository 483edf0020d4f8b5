internal import BPF

/// What the datapath needs to know of the kernel, found by trial.
enum KernelFeatures {
    /// Whether XDP programs see frames of several parts, and the length of all by `bpf_xdp_get_buff_len`, helper 188 (Linux 5.18, commit
    /// 0165cc817075).
    static let hasFrags: Bool = {
        if case .unavailable = Features.helper(188, in: .xdp) { false } else { true }
    }()

    /// Whether programs may call `bpf_loop`, helper 181 (Linux 5.17, commit e6f2dd0f8067).
    static let hasLoop: Bool = {
        // Where the trial is refused, so will the program be, and say why.
        if case .unavailable = Features.helper(181, in: .schedCls) { false } else { true }
    }()
}
