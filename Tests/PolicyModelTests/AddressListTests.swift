import PolicyTesting
@testable import PolicyModel
import Testing

/// The short way through plain lines of list files says what the way for every line says.
@Suite struct AddressListTests {
    /// Lines that are addresses, prefixes, and nearly such.
    private static func line(_ random: inout SplitMix64) -> String {
        let octets = (0..<(Int.random(in: 0..<8, using: &random) == 0 ? 3 : 4)).map { _ in
            ["0", "1", "9", "10", "99", "100", "255", "256", "00", "01", "1000"].randomElement(using: &random) ?? "0"
        }
        var line = octets.joined(separator: ".")
        if Bool.random(using: &random) { line += "/" + String(Int.random(in: 0...34, using: &random)) }
        switch Int.random(in: 0..<12, using: &random) {
        case 0: line += "\r"
        case 1: line += " # why"
        case 2: line = " " + line
        case 3: line += "/"
        case 4: line += "."
        case 5: line = "2001:db8::\(line.count)"
        default: break
        }
        return line
    }

    /// What an address or prefix without anything around it is.
    private static func strict(_ line: String) -> CIDR? {
        let entry = line.split(separator: "#", omittingEmptySubsequences: false)[0].drop { $0 == " " }
        var bytes = Array(entry.utf8)
        while let last = bytes.last, [0x20, 0x0D].contains(last) { bytes.removeLast() }
        return CIDR(String(decoding: bytes, as: UTF8.self))
    }

    @Test func plainLinesAreReadAsAllLinesAre() {
        var random = SplitMix64(seed: 7)
        var sound = 0
        for _ in 0..<20_000 {
            let line = Self.line(&random)
            let list = AddressList(Array((line + "\n192.0.2.1").utf8), path: "list")
            let expected = Self.strict(line)
            if expected != nil { sound += 1 }
            #expect(list.entries == [expected, CIDR("192.0.2.1")].compactMap { $0 }, "\(line)")
            #expect(list.diagnostics.isEmpty == (expected != nil), "\(line)")
        }
        #expect(sound > 1_000)
    }

    @Test func aMistakeBehindPlainLinesHasItsLine() {
        let list = AddressList(Array("10.0.0.0/8\n10.0.0.1\n10.0.0.1/8\n\n1.2.3.4.5\n".utf8), path: "list")
        #expect(list.entries == [CIDR("10.0.0.0/8"), CIDR("10.0.0.1")].compactMap { $0 })
        #expect(list.diagnostics.map(\.location.line) == [3, 5])
    }
}
