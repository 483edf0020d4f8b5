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

    /// A hash of the file, to tell it from other builds of the same sources. No protection against those who mean to deceive.
    public var digest: UInt64 {
        base64.withUTF8Buffer { text in
            // FNV-1a over words, which are mixed once more: a multiplication carries nothing down.
            let bytes = UnsafeRawBufferPointer(text)
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325 ^ UInt64(bytes.count)
            func mix(_ word: UInt64) {
                hash = (hash ^ word) &* 0x100_0000_01b3
                hash ^= hash >> 29
            }
            let words = bytes.count / 8
            for index in 0..<words { mix(unsafe bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)) }
            for index in (words * 8)..<bytes.count { mix(UInt64(unsafe bytes[index])) }
            return hash
        }
    }
}

extension OpenObject {
    /// Opens an object that lies inside the program.
    public init(_ object: EmbeddedObject) throws(BPFError) {
        // The plugin compiled it together with this program.
        try self.init(trusted: .bytes(object.bytes, name: object.name))
    }
}
