import CLibBPF
import Glibc

/// A map of stack traces, which programs take with `bpf_get_stackid` and hand on by number.
public struct StackTraces: ~Copyable, Sendable, MapHandle {
    /// A place in code.
    public enum Frame: Sendable, Hashable {
        /// An address in the kernel or in the process, as the processor has it.
        case address(UInt64)
        /// An offset in a file with a build ID of 20 bytes.
        case file(buildID: [UInt8], offset: UInt64)
    }

    let checked: CheckedMap
    private let hasBuildIDs: Bool

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    /// The most traces it takes.
    public var maxEntries: Int { checked.maxEntries }
    /// The most frames of a trace it keeps.
    public var depth: Int { checked.valueSize / (hasBuildIDs ? Self.buildIDSize : 8) }

    private static var buildIDSize: Int { MemoryLayout<bpf_stack_build_id>.size }

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        let checked = try CheckedMap(
            adopting: Descriptor(adopting: fileDescriptor), keySize: 4, valueSize: nil, kind: "StackTraces"
        ) { $0 == .stackTraces }
        hasBuildIDs = try MapInfo(descriptor: checked.descriptor.rawValue, subject: "map \(checked.name)").flags.contains(.stackBuildID)
        self.checked = checked
    }

    /// Makes a map of traces.
    ///
    /// - Parameter depth: The most frames of a trace, up to `kernel.perf_event_max_stack` (127).
    public static func create(name: String, maxEntries: Int, depth: Int = 127, flags: MapFlags = []) throws(BPFError) -> StackTraces {
        let frame = flags.contains(.stackBuildID) ? buildIDSize : 8
        return try StackTraces(
            adopting: Descriptor(
                creating: .stackTraces, name: name, keySize: 4, valueSize: frame * depth, maxEntries: maxEntries, flags: flags
            ).release())
    }

    /// The frames of a trace, innermost first, or nothing if there is no such trace. Takes what `bpf_get_stackid` returned.
    public func frames(of number: UInt32) throws(BPFError) -> [Frame]? {
        var number = number
        let size = checked.valueSize
        return unsafe try withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { bytes throws(BPFError) -> [Frame]? in
            let result = unsafe bpf_map_lookup_elem(fileDescriptor, &number, bytes.baseAddress)
            if result == -ENOENT { return nil }
            if result < 0 { throw BPFError(.lookup, "map \(name)", errno: -result) }
            return unsafe Self.frames(UnsafeRawBufferPointer(bytes), hasBuildIDs: hasBuildIDs)
        }
    }

    /// The frames in the bytes of a trace.
    static func frames(_ bytes: [UInt8], hasBuildIDs: Bool) -> [Frame] {
        unsafe bytes.withUnsafeBytes { unsafe frames($0, hasBuildIDs: hasBuildIDs) }
    }

    private static func frames(_ bytes: UnsafeRawBufferPointer, hasBuildIDs: Bool) -> [Frame] {
        hasBuildIDs ? unsafe files(bytes) : unsafe addresses(bytes)
    }

    /// The numbers of the traces that are there.
    public func numbers(limit: Int? = nil) throws(BPFError) -> [UInt32] { try checked.keys(limit: limit) }

    /// Takes a trace out, which makes room for others; says whether it was there.
    @discardableResult
    public func remove(_ number: UInt32) throws(BPFError) -> Bool { try checked.remove(key: number) }

    /// The rest of a short trace is zero.
    private static func addresses(_ bytes: UnsafeRawBufferPointer) -> [Frame] {
        var frames: [Frame] = []
        for offset in stride(from: 0, to: bytes.count, by: 8) {
            let address = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if address == 0 { break }
            frames.append(.address(address))
        }
        return frames
    }

    private static func files(_ bytes: UnsafeRawBufferPointer) -> [Frame] {
        var frames: [Frame] = []
        for offset in stride(from: 0, to: bytes.count, by: buildIDSize) {
            let frame = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: bpf_stack_build_id.self)
            switch frame.status {
            case Int32(BPF_STACK_BUILD_ID_VALID.rawValue):
                let id = unsafe withUnsafeBytes(of: frame.build_id) { unsafe [UInt8]($0.prefix(Int(BPF_BUILD_ID_SIZE))) }
                frames.append(.file(buildID: id, offset: frame.offset))
            // A place whose file the kernel could not look into just then.
            case Int32(BPF_STACK_BUILD_ID_IP.rawValue): frames.append(.address(frame.ip))
            default: return frames
            }
        }
        return frames
    }
}
