/// Why bytes are refused as an eBPF object before libbpf looks at them.
struct ObjectDefect: Error {
    /// What is wrong, as a sentence about "it".
    let reason: String
    /// What would help, if that is known.
    let remedy: String?

    init(_ reason: String, remedy: String? = nil) {
        self.reason = reason
        self.remedy = remedy
    }

    /// What is to be found where the file ends, or somewhere it cannot be.
    static func cut(_ what: String) -> ObjectDefect {
        ObjectDefect("\(what) lies beyond its end: the file is cut short or corrupted", remedy: "compile or copy it again")
    }

    /// What contradicts itself.
    static func corrupted(_ what: String) -> ObjectDefect {
        ObjectDefect("\(what): the file is corrupted", remedy: "compile or copy it again")
    }
}

/// Numbers out of bytes somebody else wrote: nothing is read that is not there.
struct CheckedBytes {
    let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    var count: Int { bytes.count }

    /// A little-endian number at an offset; nothing where the bytes end before.
    func load<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: Number.Type = Number.self) -> Number? {
        guard offset >= 0, offset <= bytes.count - MemoryLayout<Number>.size else { return nil }
        return unsafe bytes.withUnsafeBytes { Number(littleEndian: unsafe $0.loadUnaligned(fromByteOffset: offset, as: Number.self)) }
    }

    /// The bytes of a range; nothing where they are not all there.
    func slice(_ offset: UInt64, count: UInt64) -> CheckedBytes? {
        guard offset <= UInt64(bytes.count), count <= UInt64(bytes.count) - offset else { return nil }
        let start = bytes.startIndex + Int(offset)
        return CheckedBytes(bytes[start..<(start + Int(count))])
    }

    /// A structure of the format's at an offset; nothing where the bytes end before.
    func structure<Structure: BitwiseCopyable>(_ type: Structure.Type, at offset: UInt64) -> Structure? {
        guard let part = slice(offset, count: UInt64(MemoryLayout<Structure>.size)) else { return nil }
        return unsafe part.bytes.withUnsafeBytes { unsafe $0.loadUnaligned(as: Structure.self) }
    }

    /// The text up to the next zero byte; nothing where there is none.
    func text(at offset: UInt32) -> String? {
        guard Int(offset) < bytes.count else { return nil }
        let rest = bytes[(bytes.startIndex + Int(offset))...]
        guard let end = rest.firstIndex(of: 0) else { return nil }
        return String(decoding: rest[..<end], as: UTF8.self)
    }
}
