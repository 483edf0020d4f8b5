import BPF
import BPFTestObjects
import CLibBPF
import Foundation
import Testing

/// Random types and records: what the decoder writes is what a slow printer, which knows how the type was made, expects.
@Suite("Random records")
struct RecordFuzzTests {
    @Test(arguments: 0..<8) func `the decoder agrees with a slow printer`(seed: UInt64) throws {
        var random = Lottery(state: seed &+ 1)
        var text: [UInt8] = []
        for _ in 0..<150 {
            let builder = try #require(TypeBuilder())
            let made = builder.structure(depth: 0, &random)
            let types = try BTF(bytes: builder.bytes)
            let decoder = try RecordDecoder(types.type(id: UInt32(made.id)))
            #expect(decoder.byteCount == made.size)
            for _ in 0..<4 {
                let record = (0..<made.size).map { _ in random.byte() }
                text.removeAll(keepingCapacity: true)
                decoder.json(of: record, clock: RecordClock(bootOffset: 0, monotonicOffset: 0), into: &text)
                let expected = made.text(record, 0)
                let written = String(decoding: text, as: UTF8.self)
                guard written == expected else {
                    Issue.record("seed \(seed): \(written) instead of \(expected)")
                    return
                }
                #expect(throws: Never.self) { _ = try JSONSerialization.jsonObject(with: Data(text)) }
                // Shorter ones are still JSON, and lines do not fail.
                let cut = Array(record.prefix(random.below(record.count + 1)))
                text.removeAll(keepingCapacity: true)
                decoder.json(of: cut, into: &text)
                #expect(throws: Never.self) { _ = try JSONSerialization.jsonObject(with: Data(text)) }
                decoder.line(of: record, into: &text)
            }
        }
    }

    @Test func `damaged types are refused or described, and never crash`() throws {
        var random = Lottery(state: 7)
        let whole = try sectionBytes(of: EmbeddedObject.types.bytes, named: ".BTF")
        var described = 0
        var text: [UInt8] = []
        for _ in 0..<600 {
            var bytes = whole
            for _ in 0...random.below(6) { bytes[random.below(bytes.count)] = random.byte() }
            guard let types = try? BTF(bytes: bytes) else { continue }
            for id in 1..<types.endID {
                guard let type = try? types.type(id: id), let decoder = try? RecordDecoder(type) else { continue }
                described += 1
                text.removeAll(keepingCapacity: true)
                decoder.json(of: [UInt8](repeating: 0x41, count: 96), into: &text)
                decoder.line(of: [], into: &text)
            }
        }
        #expect(described > 400)
    }

    /// A section of an ELF file for 64 bits.
    private func sectionBytes(of file: [UInt8], named wanted: String) throws -> [UInt8] {
        func number<T: FixedWidthInteger>(_ at: Int, _: T.Type) -> Int {
            file.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: at, as: T.self)) }
        }
        let (table, size, count) = (number(40, UInt64.self), number(58, UInt16.self), number(60, UInt16.self))
        let names = number(table + number(62, UInt16.self) * size + 24, UInt64.self)
        for index in 0..<count {
            let entry = table + index * size
            let name = file[(names + number(entry, UInt32.self))...].prefix { $0 != 0 }
            if String(decoding: name, as: UTF8.self) == wanted {
                let start = number(entry + 24, UInt64.self)
                return Array(file[start..<(start + number(entry + 32, UInt64.self))])
            }
        }
        throw CocoaError(.fileNoSuchFile)
    }
}

/// Numbers that only depend on the seed.
private struct Lottery {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// Mostly small numbers and letters, so that names of enums, ends of text and escapes come up.
    mutating func byte() -> UInt8 {
        switch below(4) {
        case 0: UInt8(below(4))
        case 1: UInt8(0x41 + below(26))
        default: UInt8(below(256))
        }
    }
}

/// A type that was made, and how values of it are written.
private struct Made {
    var id: Int32
    var size: Int
    var text: ([UInt8], Int) -> String
}

/// Makes random types with libbpf.
private final class TypeBuilder {
    private let btf: OpaquePointer
    private var made = 0

    init?() {
        guard let btf = btf__new_empty() else { return nil }
        self.btf = btf
    }

    deinit { btf__free(btf) }

    var bytes: [UInt8] {
        var size: UInt32 = 0
        let data = btf__raw_data(btf, &size)
        return Array(UnsafeRawBufferPointer(start: data, count: Int(size)))
    }

    private func name() -> String {
        made += 1
        return "x\(made)"
    }

    func any(depth: Int, _ random: inout Lottery) -> Made {
        switch random.below(depth > 3 ? 7 : 10) {
        case 0, 1: integer(&random)
        case 2: boolean()
        case 3: enumeration(&random)
        case 4: pointer()
        case 5: characters(&random)
        case 6: typedef(integer(&random))
        case 7: array(depth: depth, &random)
        default: structure(depth: depth + 1, &random)
        }
    }

    private func integer(_ random: inout Lottery) -> Made {
        let size = [1, 2, 4, 8, 16][random.below(5)]
        let isSigned = random.below(2) == 0
        let id = btf__add_int(btf, "int\(size)\(isSigned)", size, isSigned ? Int32(BTF_INT_SIGNED) : 0)
        return Made(id: id, size: size) { Self.number($0[$1..<($1 + size)], isSigned: isSigned) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>, isSigned: Bool) -> String {
        var value: UInt128 = 0
        for byte in bytes.reversed() { value = value << 8 | UInt128(byte) }
        if isSigned, let last = bytes.last, last >= 0x80 {
            return "-\((bytes.count == 16 ? UInt128.max : (1 << UInt128(bytes.count * 8)) - 1) - value + 1)"
        }
        return "\(value)"
    }

    private func boolean() -> Made {
        Made(id: btf__add_int(btf, "_Bool", 1, Int32(BTF_INT_BOOL)), size: 1) { $0[$1] == 0 ? "false" : "true" }
    }

    private func enumeration(_ random: inout Lottery) -> Made {
        let isWide = random.below(2) == 0
        let size = isWide ? 8 : 4
        let id = isWide ? btf__add_enum64(btf, name(), 8, false) : btf__add_enum(btf, name(), 4)
        var names: [UInt64: String] = [:]
        for _ in 0..<(1 + random.below(20)) {
            var value: UInt64 = 0
            for index in 0..<size { value |= UInt64(random.below(3) == 0 ? random.below(3) : 0) << UInt64(index * 8) }
            let name = name()
            if isWide { btf__add_enum64_value(btf, name, value) } else { btf__add_enum_value(btf, name, Int64(value)) }
            if names[value] == nil { names[value] = name }
        }
        return Made(id: id, size: size) { bytes, at in
            let number = Self.number(bytes[at..<(at + size)], isSigned: false)
            return UInt64(number).flatMap { names[$0] }.map { "\"\($0)\"" } ?? number
        }
    }

    private func pointer() -> Made {
        Made(id: btf__add_ptr(btf, 0), size: 8) { bytes, at in
            "\"0x\(String(UInt64(Self.number(bytes[at..<(at + 8)], isSigned: false)) ?? 0, radix: 16))\""
        }
    }

    private func typedef(_ other: Made) -> Made { Made(id: btf__add_typedef(btf, name(), other.id), size: other.size, text: other.text) }

    private func characters(_ random: inout Lottery) -> Made {
        let count = 1 + random.below(20)
        let isText = random.below(2) == 0
        let element = btf__add_int(btf, isText ? "char" : "unsigned char", 1, isText ? Int32(BTF_INT_SIGNED) : 0)
        let id = btf__add_array(btf, element, element, UInt32(count))
        return Made(id: id, size: count) { bytes, at in
            let bytes = bytes[at..<(at + count)]
            if !isText { return "\"" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\"" }
            return Self.quoted(Array(bytes.prefix { $0 != 0 }))
        }
    }

    /// Slow and another way than the decoder's: a prefix is UTF-8 if Swift's own decoder gives its bytes back.
    private static func quoted(_ bytes: [UInt8]) -> String {
        var text = ""
        var rest = bytes[...]
        while let first = rest.first {
            let character = (1...4).lazy.filter { $0 <= rest.count }.compactMap { count -> String? in
                guard let valid = String(validating: rest.prefix(count), as: UTF8.self), valid.unicodeScalars.count == 1 else { return nil }
                return valid
            }.first
            guard let character, let scalar = character.unicodeScalars.first else {
                text += "\\\\x" + (first < 16 ? "0" : "") + String(first, radix: 16)
                rest = rest.dropFirst()
                continue
            }
            let hex = String(scalar.value, radix: 16)
            switch scalar.value {
            case 0x22: text += "\\\""
            case 0x5c: text += "\\\\"
            case 0x0a: text += "\\n"
            case 0x09: text += "\\t"
            case 0x0d: text += "\\r"
            case 0..<0x20, 0x7f..<0xa0, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069:
                text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: text += character
            }
            rest = rest.dropFirst(character.utf8.count)
        }
        return "\"\(text)\""
    }

    private func array(depth: Int, _ random: inout Lottery) -> Made {
        var element = any(depth: depth + 1, &random)
        // Arrays of characters and bytes are another case.
        while btf_is_int(btf__type_by_id(btf, UInt32(element.id))) && element.size == 1 { element = any(depth: depth + 1, &random) }
        let resolved = btf__type_by_id(btf, UInt32(btf__resolve_type(btf, UInt32(element.id))))
        if btf_is_int(resolved), element.size == 1 { element = pointer() }
        let count = 1 + random.below(4)
        let made = element
        return Made(id: btf__add_array(btf, made.id, made.id, UInt32(count)), size: made.size * count) { bytes, at in
            // Elements of no size lie nowhere.
            "[" + (0..<(made.size == 0 ? 0 : count)).map { made.text(bytes, at + $0 * made.size) }.joined(separator: ",") + "]"
        }
    }

    func structure(depth: Int, _ random: inout Lottery) -> Made {
        struct Member {
            var name: String
            var made: Made
            var bit: Int
            var width: Int
        }
        let isUnion = depth > 0 && random.below(4) == 0
        var members: [Member] = []
        var bit = 0
        var end = 0
        for _ in 0..<random.below(7) {
            if random.below(4) == 0 {
                let size = [1, 2, 4, 8][random.below(4)]
                let isSigned = random.below(2) == 0
                let id = btf__add_int(btf, "bits\(size)\(isSigned)", size, isSigned ? Int32(BTF_INT_SIGNED) : 0)
                let width = 1 + random.below(size * 8)
                let start = isUnion ? 0 : bit + random.below(3)
                let text: ([UInt8], Int) -> String = { bytes, at in
                    var value: UInt64 = 0
                    for index in 0..<width {
                        let place = at * 8 + start + index
                        value |= UInt64(bytes[place / 8] >> UInt8(place % 8) & 1) << UInt64(index)
                    }
                    // The highest bit is the sign, and stands for all above it.
                    if isSigned, value >> UInt64(width - 1) & 1 == 1 { return "\(Int64(bitPattern: value | ~0 << UInt64(width)))" }
                    return "\(value)"
                }
                members.append(Member(name: name(), made: Made(id: id, size: size, text: text), bit: start, width: width))
                bit = start + width
            } else {
                let made = any(depth: depth, &random)
                let isAnonymous = random.below(3) == 0 && btf_is_composite(btf__type_by_id(btf, UInt32(made.id)))
                let start = isUnion ? 0 : (bit + 7) / 8 * 8 + random.below(2) * 8
                members.append(Member(name: isAnonymous ? "" : name(), made: made, bit: start, width: 0))
                bit = start + made.size * 8
            }
            end = max(end, bit)
        }
        let size = (end + 7) / 8 + random.below(3)
        let id = isUnion ? btf__add_union(btf, name(), UInt32(size)) : btf__add_struct(btf, name(), UInt32(size))
        for member in members { btf__add_field(btf, member.name, member.made.id, UInt32(member.bit), UInt32(member.width)) }
        return Made(id: id, size: size) { bytes, at in
            let texts = members.map { member -> String in
                let text = member.made.text(bytes, member.width > 0 ? at : at + member.bit / 8)
                // The members of unnamed ones stand beside the others.
                return member.name.isEmpty ? String(text.dropFirst().dropLast()) : "\"\(member.name)\":\(text)"
            }
            return "{" + texts.filter { !$0.isEmpty }.joined(separator: ",") + "}"
        }
    }
}
