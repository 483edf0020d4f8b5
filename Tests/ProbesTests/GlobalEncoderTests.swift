import BPF
import PolicyModel
import Testing

@testable import Probes

/// Values of documents as the bytes of global variables.
@Suite struct GlobalEncoderTests {
    static func integer(_ byteCount: Int, signed: Bool = false, boolean: Bool = false, name: String = "unsigned int") -> TypeDescription {
        .integer(IntegerDescription(name: name, byteCount: byteCount, isSigned: signed, isBoolean: boolean))
    }
    static let char = integer(1, signed: true, name: "char")
    static let way = TypeDescription.enumeration(
        EnumerationDescription(
            name: "way", byteCount: 4, isSigned: true, values: [.init(name: "NONE", value: 0), .init(name: "BACK", value: -1)]))
    static let address = TypeDescription.structure(
        CompositeDescription(name: "in_addr", byteCount: 4, fields: [FieldDescription(name: "s_addr", type: integer(4), bitOffset: 0)]))

    private func bytes(_ value: Probe.Global.Value, _ type: TypeDescription) -> [UInt8]? {
        try? GlobalEncoder.bytes(of: value, as: type)
    }

    @Test func `numbers have the type's size, and stay within its range`() {
        #expect(bytes(.text("258"), Self.integer(4)) == [2, 1, 0, 0])
        #expect(bytes(.text("0x0102"), Self.integer(2)) == [2, 1])
        #expect(bytes(.text("-2"), Self.integer(2, signed: true)) == [0xfe, 0xff])
        #expect(bytes(.text("18446744073709551615"), Self.integer(8)) == [UInt8](repeating: 0xff, count: 8))
        #expect(bytes(.text("-9223372036854775808"), Self.integer(8, signed: true)) == [0, 0, 0, 0, 0, 0, 0, 0x80])
        for (text, type) in [
            ("256", Self.integer(1)), ("-1", Self.integer(1)), ("128", Self.integer(1, signed: true)),
            ("-129", Self.integer(1, signed: true)),
            ("18446744073709551616", Self.integer(8)), ("", Self.integer(4)), ("1.5", Self.integer(4)), ("1e3", Self.integer(4)),
            ("--1", Self.integer(4, signed: true)), ("0x", Self.integer(4)), ("+1", Self.integer(4)),
        ] {
            #expect(bytes(.text(text), type) == nil, "\(text) as \(type)")
        }
        #expect(bytes(.text("80"), .alias("__be16", of: Self.integer(2))) == [0, 80])
    }

    @Test func `truth, names of enums, addresses, floats`() {
        let bool = Self.integer(1, boolean: true)
        #expect(bytes(.text("true"), bool) == [1] && bytes(.text("false"), bool) == [0] && bytes(.text("yes"), bool) == nil)
        #expect(bytes(.text("BACK"), Self.way) == [0xff, 0xff, 0xff, 0xff] && bytes(.text("-1"), Self.way) == [0xff, 0xff, 0xff, 0xff])
        #expect(bytes(.text("BACKK"), Self.way) == nil && bytes(.text("2"), Self.way) == nil)
        #expect(bytes(.text("192.0.2.1"), Self.address) == [192, 0, 2, 1] && bytes(.text("::1"), Self.address) == nil)
        #expect(bytes(.text("192.0.2.1"), .alias("__be32", of: Self.integer(4))) == [192, 0, 2, 1])
        #expect(bytes(.text("1.5"), .float(name: "double", byteCount: 8)) == [0, 0, 0, 0, 0, 0, 0xf8, 0x3f])
        #expect(bytes(.text("1.5"), .float(name: "float", byteCount: 4)) == [0, 0, 0xc0, 0x3f])
    }

    @Test func `text has room for its end, and lists are filled up`() {
        let text = TypeDescription.array(of: Self.char, count: 4)
        #expect(
            bytes(.text("abc"), text) == [97, 98, 99, 0] && bytes(.text("abcd"), text) == nil && bytes(.text("10"), text) == [49, 48, 0, 0])
        #expect(bytes(.text("é"), text) == [0xc3, 0xa9, 0, 0])
        let numbers = TypeDescription.array(of: Self.integer(2), count: 3)
        #expect(bytes(.list([.text("1"), .text("2")]), numbers) == [1, 0, 2, 0, 0, 0])
        #expect(bytes(.list([.text("1"), .text("2"), .text("3"), .text("4")]), numbers) == nil && bytes(.text("1"), numbers) == nil)
        #expect(bytes(.list([.list([.text("a"), .text("98")])]), .array(of: text, count: 2)) == [97, 98, 0, 0, 0, 0, 0, 0])
        #expect(bytes(.list([.text("a")]), .array(of: text, count: 2)) == [97, 0, 0, 0, 0, 0, 0, 0])
        #expect(bytes(.list([.text("1")]), Self.integer(4)) == nil)
        #expect(bytes(.text("1"), .pointer(to: TypeReference(id: 0, name: "void"))) == nil)
    }

    @Test func `an allowance lets a second's events through at once, and then so many a second`() {
        let start = ContinuousClock.now
        var allowance = EventAllowance(perSecond: 100, at: start)
        #expect(allowance.take(150, at: start) == 100 && allowance.take(1, at: start) == 0)
        #expect(allowance.take(5, at: start + .milliseconds(10)) == 1)
        #expect(allowance.take(100, at: start + .milliseconds(510)) == 50)
        // An hour saves no more than a second's; a clock that went back takes nothing away.
        #expect(allowance.take(1_000, at: start + .seconds(3_600)) == 100)
        #expect(allowance.take(1, at: start) == 0)
        #expect(allowance.take(1, at: start + .seconds(3_600) + .milliseconds(10)) == 1)
    }
}
