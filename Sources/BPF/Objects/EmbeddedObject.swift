import FoundationEssentials

/// A compiled eBPF object that lies inside the program.
///
/// The build plugin `EmbedBPF` makes one constant for each `*.bpf.c` of a target: `EmbeddedObject.filter` for `filter.bpf.c`.
public struct EmbeddedObject: Sendable {
    /// The source's name without its ending.
    public let name: String
    /// The ELF file in base64, which the compiler takes in at once where an array literal costs it minutes.
    public let base64: StaticString

    /// An object of the given name.
    public init(name: String, base64: StaticString) {
        self.name = name
        self.base64 = base64
    }

    /// The ELF file.
    public var bytes: [UInt8] {
        // The plugin wrote it; what does not decode was damaged in the binary, and opening the empty object says so.
        Data(base64Encoded: "\(base64)").map { Array($0) } ?? []
    }
}

extension OpenObject {
    /// Opens an object that lies inside the program.
    public init(_ object: EmbeddedObject) throws(BPFError) {
        try self.init(.bytes(object.bytes, name: object.name))
    }
}
