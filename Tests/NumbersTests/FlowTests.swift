import Testing

@testable import numbers

/// The traffic that firewalls are measured with is what it claims to be.
@Suite struct FlowTests {
    @Test func `a frame has a right header and the size of all`() {
        let flow = Flow(0x0A00_0001, 4_000, 0xC000_0201, 53, protocol: 17)
        let frame = flow.frame()
        #expect(frame.count == Trace.frameBytes)
        #expect(Array(frame[12..<14]) == [8, 0])
        #expect(Array(frame[26..<34]) == [10, 0, 0, 1, 192, 0, 2, 1])
        #expect(Array(frame[34..<38]) == [0x0F, 0xA0, 0, 53])
        // RFC 1071: the sum over a header with its checksum is all ones.
        var sum: UInt32 = 0
        for index in stride(from: 14, to: 34, by: 2) { sum += UInt32(frame[index]) << 8 | UInt32(frame[index + 1]) }
        #expect((sum & 0xffff) + (sum >> 16) == 0xffff)
        #expect(Array(flow.frame6(flags: 0)[12..<14]) == [0x86, 0xdd])
    }

    @Test func `everybody gets the same rules`() {
        let rules = HostRules(200)
        let lines = { (text: String, part: String) in text.split(separator: "\n").count { $0.contains(part) } }
        #expect(lines(rules.yaml(), "- { name: r") == 200)
        #expect(lines(rules.nftables, "ip saddr") == 200)
        #expect(lines(rules.iptables, "-A INPUT") == 200)
        for entry in rules.entries {
            #expect(rules.yaml().contains("from: [\(entry.network)]"))
            #expect(rules.nftables.contains("ip saddr \(entry.network) \(entry.protocol) dport \(entry.ports.lowerBound)"))
        }
    }

    @Test func `hardly a packet is caught by the rules it is measured with`() {
        let rules = HostRules(1_000)
        let caught = rules.flows(10_000).count { flow in
            rules.entries.contains {
                $0.protocol == "udp" && $0.ports.contains(flow.destinationPort) && (flow.source ^ $0.address) >> UInt32(32 - $0.length) == 0
            }
        }
        #expect(caught < 100)
    }

    @Test func `a list has so many different addresses`() {
        let list = HostRules.list(5_000)
        #expect(Set(list).count == 5_000)
        #expect(HostRules.text([0xC000_0201]) == "192.0.2.1\n")
    }

    @Test func `quantiles are values of the sample`() {
        let sample = Sample((1...100).map(Double.init))
        #expect(sample.median == 51)
        #expect(sample.quantile(0.99) == 100)
        #expect(sample.mean == 50.5)
        #expect(Format.short(1_234_567) == "1,234,567")
        #expect(Format.short(0.625) == "0.62" || Format.short(0.625) == "0.63")
        #expect(Format.tick(100_000) == "100k")
    }
}
