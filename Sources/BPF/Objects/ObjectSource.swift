/// Where a compiled eBPF object comes from.
public enum ObjectSource: Sendable, Hashable {
    /// The bytes of an ELF file, and the name the object goes by.
    case bytes([UInt8], name: String)
    /// The path of an ELF file.
    case file(String)
}
