internal import BPF

/// What one of a probe's maps holds, written by the types of its keys and values.
public final class ProbeMapReader: Sendable {
    /// An entry as JSON.
    public struct Entry: Sendable, Hashable {
        public var key: String
        /// One value, or of per-CPU kinds one for each processor. Of stack traces none: they are what ``ProbeMapReader/frames(ofStack:)`` says.
        public var values: [String]
    }

    /// A frame of a stack trace.
    public enum Frame: Sendable, Hashable {
        case address(UInt64)
        /// An offset in the file with this build ID.
        case file(buildID: [UInt8], offset: UInt64)
    }

    /// The map's name in the object.
    public let name: String
    /// The kind, as libbpf calls it.
    public let type: String
    /// Whether there is a value for each processor.
    public let isPerCPU: Bool
    private let contents: MapContents
    private let key: RecordDecoder
    private let value: RecordDecoder

    init(_ name: String, _ contents: MapContents, key: TypeDescription?, value: TypeDescription?) throws(BPFError) {
        self.name = name
        self.contents = contents
        type = "\(contents.info.type)"
        isPerCPU = [.perCPUHash, .lruPerCPUHash, .perCPUArray].contains(contents.info.type)
        // Without types what can be told are numbers of the right size, and bytes.
        self.key = try RecordDecoder(key ?? Self.untyped(contents.info.keySize))
        self.value = try RecordDecoder(value ?? Self.untyped(contents.info.valueSize))
    }

    private static func untyped(_ size: Int) -> TypeDescription {
        let byte = TypeDescription.integer(IntegerDescription(name: "unsigned char", byteCount: 1, isSigned: false))
        guard [1, 2, 4, 8].contains(size) else { return .array(of: byte, count: size) }
        return .integer(IntegerDescription(name: "unsigned int", byteCount: size, isSigned: false))
    }

    /// Whether it holds stack traces, whose keys are their numbers.
    public var holdsStacks: Bool { contents.info.type == .stackTraces }

    /// The frames of a stack trace, innermost first; nil if there is none of this number.
    ///
    /// - Throws: ``ProbeError`` if the kernel does not let it be read.
    public func frames(ofStack number: UInt32) throws(ProbeError) -> [Frame]? {
        do throws(BPFError) {
            return try contents.frames(ofStack: number)?.map { frame in
                switch frame {
                case .address(let address): .address(address)
                case .file(let buildID, let offset): .file(buildID: buildID, offset: offset)
                }
            }
        } catch {
            throw ProbeError("\(error)")
        }
    }

    /// Whether the map has keys to go through.
    public var isReadable: Bool { contents.isReadable }

    /// The entries in the order the kernel goes through them.
    ///
    /// - Throws: ``ProbeError`` if the kernel does not let them be read.
    public func entries(limit: Int) throws(ProbeError) -> [Entry] {
        do throws(BPFError) {
            return try contents.entries(limit: limit).map { entry in
                Entry(key: Self.text(entry.key, key), values: holdsStacks ? [] : entry.values.map { Self.text($0, value) })
            }
        } catch {
            throw ProbeError("\(error)")
        }
    }

    private static func text(_ bytes: [UInt8], _ decoder: RecordDecoder) -> String {
        var text: [UInt8] = []
        decoder.json(of: bytes, into: &text)
        return String(decoding: text, as: UTF8.self)
    }
}
