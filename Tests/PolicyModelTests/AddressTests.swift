import PolicyModel
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("192.0.2.1", "192.0.2.1"),
        ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::0053", "2001:db8::53"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:c000:201"),
    ])
    func `an address is read and written in its canonical form`(text: String, canonical: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
        #expect(IPAddress(bytes: address.bytes) == address)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "1.2.3.4/32",
        ":", ":::", "1:2", "1::2::3", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8",
        "1:", ":1", "::1:", "1::2:", "0:1:2:3:4:5::7:", "g::", "fe80::1%eth0", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4.5",
        "::1.2.3.4:1", "１.2.3.4",
    ])
    func `what is no address is refused`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `a mapped address stays an address of IPv6`() throws {
        let address = try #require(IPAddress("::ffff:192.0.2.1"))
        #expect(address.family == .v6)
        #expect(try !#require(CIDR("192.0.2.0/24")).contains(address))
    }

    @Test func `values are host order numbers, bytes network order`() {
        #expect(IPAddress(v4: 0xC000_0201).description == "192.0.2.1")
        #expect(IPAddress(v4: 0xC000_0201).bytes == [192, 0, 2, 1])
        #expect(IPAddress(v6: 0x2001_0DB8_0000_0000, low: 0x53).description == "2001:db8::53")
    }

    @Test func `IPv4 sorts before IPv6, then by value`() throws {
        let sorted = try ["::", "10.0.0.1", "255.0.0.0", "::1", "9.0.0.0"].map { try #require(IPAddress($0)) }.sorted()
        #expect(sorted.map(\.description) == ["9.0.0.0", "10.0.0.1", "255.0.0.0", "::", "::1"])
    }
}

@Suite struct CIDRTests {
    @Test(arguments: [
        ("0.0.0.0/0", "0.0.0.0", "255.255.255.255"), ("192.0.2.0/24", "192.0.2.0", "192.0.2.255"),
        ("192.0.2.1/32", "192.0.2.1", "192.0.2.1"), ("192.0.2.1", "192.0.2.1", "192.0.2.1"),
        ("128.0.0.0/1", "128.0.0.0", "255.255.255.255"),
        ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::/65", "2001:db8::", "2001:db8::7fff:ffff:ffff:ffff"), ("::1/128", "::1", "::1"),
    ])
    func `a prefix begins and ends where it should`(text: String, lower: String, upper: String) throws {
        let prefix = try CIDR.parse(text)
        #expect(prefix.lower.description == lower)
        #expect(prefix.upper.description == upper)
        #expect(prefix.contains(prefix.lower) && prefix.contains(prefix.upper))
        #expect(CIDR(prefix.description) == prefix)
        let value = prefix.lower.value
        if value > 0 { #expect(!prefix.contains(IPAddress(family: prefix.family, value: value - 1))) }
    }

    @Test(arguments: [
        ("10.0.0.1/8", CIDR.ParseError.hostBitsSet(meant: CIDR(IPAddress(v4: 0x0A00_0000), length: 8))),
        ("10.0.0.0/33", .length(of: .v4)), ("10.0.0.0/", .length(of: .v4)), ("10.0.0.0/08", .length(of: .v4)),
        ("10.0.0.0/8/8", .length(of: .v4)), ("10.0.0.0/-1", .length(of: .v4)), ("::/129", .length(of: .v6)),
        ("10.0.0/8", .malformed), ("10.0.0.0 /8", .malformed), ("/8", .malformed), ("", .malformed),
    ])
    func `a prefix that is wrong is refused with the reason`(text: String, error: CIDR.ParseError) {
        #expect(throws: error) { try CIDR.parse(text) }
        #expect(CIDR(text) == nil)
    }

    @Test func `a prefix holds only prefixes that are nested in it`() throws {
        let outer = try CIDR.parse("10.0.0.0/8")
        #expect(outer.contains(try CIDR.parse("10.1.0.0/16")))
        #expect(outer.contains(outer))
        #expect(!outer.contains(try CIDR.parse("0.0.0.0/0")))
        #expect(!outer.contains(try CIDR.parse("11.0.0.0/16")))
        #expect(!(try CIDR.parse("::/0")).contains(outer))
    }
}
