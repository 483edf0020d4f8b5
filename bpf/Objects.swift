/// A compiled eBPF object that lies inside the program: one constant for each `*.bpf.c` below this folder,
/// written by the build plugin.
public struct EmbeddedObject: Sendable {
    /// The source's name without its ending: `policy` for `policy.bpf.c`.
    public let name: String
    /// The ELF file in base64.
    public let base64: StaticString
}
