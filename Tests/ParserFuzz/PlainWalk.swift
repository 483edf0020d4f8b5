// The shared parser and table once more: slow, from bytes and the layouts of the standards, without anything of `EBPF`.
public import SwiftConstructs

/// A table by length and leading bits, asked from the longest prefix to the shortest.
private struct PlainTable {
    private var rules: [String: UInt32] = [:]

    init(_ entries: [FuzzedPacket.Entry]) {
        for entry in entries { rules[Self.bits(entry.address, entry.length)] = entry.rule }
    }

    /// The first bits of an address, as text.
    private static func bits(_ address: [UInt8], _ length: UInt8) -> String {
        let digits = address.map { byte in
            let short = String(byte, radix: 2)
            return String(repeating: "0", count: 8 - short.count) + short
        }
        return String(digits.joined().prefix(Int(length)))
    }

    func rule(for address: [UInt8]) -> UInt32? {
        for length in (0...32 as ClosedRange<UInt8>).reversed() {
            if let rule = rules[Self.bits(address, length)] { return rule }
        }
        return nil
    }
}

/// The end of a walk that met the packet's end.
private struct Short: Error {}

/// Bytes that are read from the first to the last.
private struct Cursor {
    let bytes: [UInt8]
    var place = 0

    mutating func next(_ count: Int) throws -> [UInt8] {
        let end = place + count
        if end > bytes.count { throw Short() }
        defer { place = end }
        return Array(bytes[place..<end])
    }
}

/// Two bytes as a number.
private func number(_ bytes: some Collection<UInt8>) -> Int { bytes.reduce(0) { $0 * 256 + Int($1) } }

extension FuzzedPacket {
    /// What the shared source has to say of the frame's first bytes.
    public func plainSummary(ofFirst count: Int? = nil) -> PacketSummary {
        var cursor = Cursor(bytes: Array(frame.prefix(count ?? frame.count)))
        var found = PacketSummary()
        do {
            try walk(&cursor, &found)
        } catch {
            found.kind = PacketSummary.Kind.short
        }
        return found
    }

    private func walk(_ cursor: inout Cursor, _ found: inout PacketSummary) throws {
        var type = number(try cursor.next(14).suffix(2))
        while type == 0x8100 || type == 0x88a8, found.tags < 2 {
            let tag = try cursor.next(4)
            if found.tags == 0 { found.vlan = UInt16(number(tag[0...1]) % 4096) }
            found.tags += 1
            type = number(tag[2...3])
        }
        switch type {
        case 0x0800: try walkVersion4(&cursor, &found)
        case 0x86dd: try walkVersion6(&cursor, &found)
        default: break
        }
    }

    private func walkVersion4(_ cursor: inout Cursor, _ found: inout PacketSummary) throws {
        found.version = 4
        let header = try cursor.next(20)
        let length = Int(header[0] % 16) * 4
        if header[0] / 16 != 4 || length < 20 {
            found.kind = PacketSummary.Kind.malformed
            return
        }
        found.transport = header[9]
        found.source = UInt32(number(header[12...15]))
        found.destination = UInt32(number(header[16...19]))
        // Options may lie beyond the end: they are not read.
        cursor.place += length - 20
        try finish(&cursor, &found, isLaterFragment: number(header[6...7]) % 8192 != 0)
        found.rule = PlainTable(entries).rule(for: Array(header[12...15])) ?? 0
    }

    private func walkVersion6(_ cursor: inout Cursor, _ found: inout PacketSummary) throws {
        found.version = 6
        let header = try cursor.next(40)
        if header[0] / 16 != 6 {
            found.kind = PacketSummary.Kind.malformed
            return
        }
        found.source = UInt32(number(header[20...23]))
        found.destination = UInt32(number(header[36...39]))
        var next = header[6]
        for _ in 1...6 {
            switch next {
            case 0, 43, 60:
                let beginning = try cursor.next(2)
                next = beginning[0]
                cursor.place += Int(beginning[1]) * 8 + 6
            case 44:
                let fragment = try cursor.next(8)
                next = fragment[0]
                if number(fragment[2...3]) / 8 != 0 {
                    found.transport = next
                    return try finish(&cursor, &found, isLaterFragment: true)
                }
            default:
                found.transport = next
                return try finish(&cursor, &found, isLaterFragment: false)
            }
        }
        found.kind = PacketSummary.Kind.tooLong
    }

    /// The ports, where there are any.
    private func finish(_ cursor: inout Cursor, _ found: inout PacketSummary, isLaterFragment: Bool) throws {
        found.offset = UInt16(cursor.place)
        found.kind = isLaterFragment ? PacketSummary.Kind.fragment : PacketSummary.Kind.whole
        if isLaterFragment || found.transport != 6 && found.transport != 17 { return }
        let ports = try cursor.next(4)
        found.sourcePort = UInt16(number(ports[0...1]))
        found.destinationPort = UInt16(number(ports[2...3]))
    }
}
