private import FoundationEssentials

/// A compiled eBPF object that lies inside the program: one constant for each `*.bpf.c` below this folder,
/// written by the build plugin.
public struct EmbeddedObject: Sendable {
    /// The source's name without its ending: `policy` for `policy.bpf.c`.
    public let name: String
    /// The ELF file in base64.
    public let base64: StaticString

    /// The ELF file.
    public var bytes: [UInt8] {
        // The plugin wrote it; what does not decode was damaged in the binary, and opening the empty object says so.
        Data(base64Encoded: "\(base64)").map { Array($0) } ?? []
    }
}
