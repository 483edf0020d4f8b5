/// The frames of a file that tcpdump, Wireshark and the like write: classic pcap, in either byte order, with microseconds or nanoseconds,
/// and pcapng.
///
/// Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, <https://www.tcpdump.org/linktypes.html>.
public struct CaptureFile: Sendable {
    /// What a frame begins with.
    public enum Link: Hashable, Sendable {
        /// An Ethernet header.
        case ethernet
        /// An IP header.
        case raw
    }

    /// A frame.
    public struct Frame: Hashable, Sendable {
        /// Its place in the file, from 1.
        public var number: Int
        public var link: Link
        /// What was captured of it, without headers that are neither Ethernet nor IP.
        public var bytes: [UInt8]
        /// How long it was on the wire, counted like `bytes`.
        public var length: Int
        /// Which way it went, where the file tells.
        public var direction: Direction?
    }

    /// The frames in the order of the file.
    public private(set) var frames: [Frame] = []
    /// What is wrong with the file.
    public private(set) var diagnostics: [Diagnostic] = []

    /// Whether bytes begin as such a file does.
    public static func isCapture(_ bytes: [UInt8]) -> Bool { Magic(bytes) != nil }

    /// Reads the contents of the file at `path`, which messages name.
    public init(_ bytes: [UInt8], path: String) {
        do throws(CaptureError) {
            switch Magic(bytes) {
            case .classic(let isBig): try readClassic(Fields(bytes: bytes, isBig: isBig))
            case .blocks: try readBlocks(bytes)
            case nil: throw CaptureError("is no capture: it begins neither as pcap nor as pcapng does")
            }
        } catch {
            diagnostics.append(Diagnostic(at: SourceLocation(file: path), error.reason))
        }
    }

    /// Reads a file; `-` is standard input. Nil, if it is no capture but might be something else.
    public init?(path: String) {
        guard let bytes = try? FileContents.read(path, limit: FileContents.listLimit, remedy: ""), Self.isCapture(bytes) else { return nil }
        self.init(bytes, path: path)
    }

    /// The first four bytes.
    private enum Magic {
        case classic(isBig: Bool)
        case blocks

        init?(_ bytes: [UInt8]) {
            switch Array(bytes.prefix(4)) {
            case [0xA1, 0xB2, 0xC3, 0xD4], [0xA1, 0xB2, 0x3C, 0x4D]: self = .classic(isBig: true)
            case [0xD4, 0xC3, 0xB2, 0xA1], [0x4D, 0x3C, 0xB2, 0xA1]: self = .classic(isBig: false)
            case [0x0A, 0x0D, 0x0D, 0x0A]: self = .blocks
            default: return nil
            }
        }
    }

    private mutating func readClassic(_ fields: Fields) throws(CaptureError) {
        // The upper bits of the link type tell of check sequences behind frames, which nothing here looks at.
        let link = Int(try fields.word(20) & 0xFFFF)
        var position = 24
        while position < fields.bytes.count {
            let (captured, length) = (Int(try fields.word(position + 8)), Int(try fields.word(position + 12)))
            try add(fields.slice(position + 16, captured), length: length, link: link)
            position += 16 + captured
        }
    }

    private mutating func readBlocks(_ bytes: [UInt8]) throws(CaptureError) {
        var fields = Fields(bytes: bytes, isBig: false)
        var links: [Int] = []
        var position = 0
        while position < bytes.count {
            let kind = try fields.word(position)
            if kind == 0x0A0D_0D0A {
                // Each section says its own byte order, and has interfaces of its own.
                fields.isBig = try fields.slice(position + 8, 4) == [0x1A, 0x2B, 0x3C, 0x4D]
                links = []
            }
            let size = Int(try fields.word(position + 4))
            guard size >= 12, size % 4 == 0, size <= bytes.count - position else { throw CaptureError.cut(position) }
            switch kind {
            case 1: links.append(Int(try fields.half(position + 8)))
            case 6:
                let interface = Int(try fields.word(position + 8))
                guard links.indices.contains(interface) else {
                    throw CaptureError("names an interface it does not have, at byte \(position)")
                }
                let (captured, length) = (Int(try fields.word(position + 20)), Int(try fields.word(position + 24)))
                guard captured <= size - 32 else { throw CaptureError.cut(position) }
                try add(fields.slice(position + 28, captured), length: length, link: links[interface])
            case 3:
                guard let link = links.first else { throw CaptureError("has a packet before any interface, at byte \(position)") }
                let length = Int(try fields.word(position + 8))
                try add(fields.slice(position + 12, min(length, size - 16)), length: length, link: link)
            default: break
            }
            position += size
        }
    }

    /// Adds a frame with a header of its link type, one of tcpdump's numbers.
    private mutating func add(_ bytes: [UInt8], length: Int, link: Int) throws(CaptureError) {
        var frame = Frame(number: frames.count + 1, link: .raw, bytes: bytes, length: max(length, bytes.count), direction: nil)
        switch link {
        case 1: frame.link = .ethernet
        // Raw IP; 12 and 14 are what some systems write for it.
        case 101, 228, 229, 12, 14: break
        // The address family as the capturing host writes it.
        case 0, 108: frame.drop(4)
        // Linux "any": type of packet, hardware, address; then the ethertype.
        case 113: frame.cook(header: 16, type: 1, ethertype: 14)
        case 276: frame.cook(header: 20, type: 10, ethertype: 0)
        default: throw CaptureError("has frames of link type \(link), which is not read: Ethernet, raw IP, Linux cooked, null and loop are")
        }
        frames.append(frame)
    }
}

extension CaptureFile.Frame {
    fileprivate mutating func drop(_ count: Int) {
        bytes = Array(bytes.dropFirst(count))
        length = max(length - count, bytes.count)
    }

    /// Makes an Ethernet frame of one with a header of Linux's.
    fileprivate mutating func cook(header: Int, type: Int, ethertype: Int) {
        guard bytes.count >= header else { return drop(bytes.count) }
        // PACKET_OUTGOING of linux/if_packet.h; the others came in.
        direction = bytes[type] == 4 ? .egress : .ingress
        let kind = bytes[ethertype...(ethertype + 1)]
        drop(header)
        bytes = Array(repeating: 0, count: 12) + kind + bytes
        (link, length) = (.ethernet, length + 14)
    }
}

/// Why a capture cannot be read, as a clause about the file.
private struct CaptureError: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }

    static func cut(_ position: Int) -> CaptureError { CaptureError("is cut off or damaged at byte \(position)") }
}

/// The numbers in a capture.
private struct Fields {
    let bytes: [UInt8]
    var isBig: Bool

    func slice(_ position: Int, _ count: Int) throws(CaptureError) -> [UInt8] {
        guard position <= bytes.count, count <= bytes.count - position else { throw .cut(position) }
        return Array(bytes[position..<position + count])
    }

    func word(_ position: Int) throws(CaptureError) -> UInt32 { try number(position, 4) }

    func half(_ position: Int) throws(CaptureError) -> UInt32 { try number(position, 2) }

    private func number(_ position: Int, _ count: Int) throws(CaptureError) -> UInt32 {
        let slice = try slice(position, count)
        return (isBig ? slice : slice.reversed()).reduce(0) { $0 << 8 | UInt32($1) }
    }
}
