/// The names of ICMP messages and codes, as IANA's registries and nftables have them.
///
/// A name that both families know stands for both messages, with each family's own numbers.
public enum ICMPName {
    /// A named message, or a named code of one.
    package struct Entry: Sendable {
        package var name: String
        package var v4: ICMPMatch.Message?
        package var v6: ICMPMatch.Message?

        init(_ name: String, v4: UInt8? = nil, v6: UInt8? = nil) {
            self.name = name
            self.v4 = v4.map { .init(type: $0) }
            self.v6 = v6.map { .init(type: $0) }
        }

        /// A code, with the types it belongs to in each family.
        init(_ name: String, v4: (type: UInt8, code: UInt8)?, v6: (type: UInt8, code: UInt8)?) {
            self.name = name
            self.v4 = v4.map { .init(type: $0.type, code: $0.code) }
            self.v6 = v6.map { .init(type: $0.type, code: $0.code) }
        }
    }

    package static let messages: [Entry] = [
        Entry("echo-reply", v4: 0, v6: 129),
        Entry("destination-unreachable", v4: 3, v6: 1),
        Entry("source-quench", v4: 4),
        Entry("redirect", v4: 5, v6: 137),
        Entry("echo-request", v4: 8, v6: 128),
        Entry("router-advertisement", v4: 9, v6: 134),
        Entry("router-solicitation", v4: 10, v6: 133),
        Entry("time-exceeded", v4: 11, v6: 3),
        Entry("parameter-problem", v4: 12, v6: 4),
        Entry("timestamp-request", v4: 13),
        Entry("timestamp-reply", v4: 14),
        Entry("info-request", v4: 15),
        Entry("info-reply", v4: 16),
        Entry("address-mask-request", v4: 17),
        Entry("address-mask-reply", v4: 18),
        Entry("extended-echo-request", v4: 42, v6: 160),
        Entry("extended-echo-reply", v4: 43, v6: 161),
        Entry("packet-too-big", v6: 2),
        Entry("mld-listener-query", v6: 130),
        Entry("mld-listener-report", v6: 131),
        Entry("mld-listener-done", v6: 132),
        Entry("mld2-listener-report", v6: 143),
        Entry("neighbor-solicitation", v6: 135),
        Entry("neighbor-advertisement", v6: 136),
        Entry("router-renumbering", v6: 138),
        Entry("inverse-neighbor-solicitation", v6: 141),
        Entry("inverse-neighbor-advertisement", v6: 142),
    ]

    package static let codes: [Entry] = [
        Entry("network-unreachable", v4: (3, 0), v6: nil),
        Entry("host-unreachable", v4: (3, 1), v6: nil),
        Entry("protocol-unreachable", v4: (3, 2), v6: nil),
        Entry("port-unreachable", v4: (3, 3), v6: (1, 4)),
        Entry("fragmentation-needed", v4: (3, 4), v6: nil),
        Entry("source-route-failed", v4: (3, 5), v6: nil),
        Entry("network-prohibited", v4: (3, 9), v6: nil),
        Entry("host-prohibited", v4: (3, 10), v6: nil),
        Entry("administratively-prohibited", v4: (3, 13), v6: (1, 1)),
        Entry("no-route", v4: nil, v6: (1, 0)),
        Entry("beyond-scope", v4: nil, v6: (1, 2)),
        Entry("address-unreachable", v4: nil, v6: (1, 3)),
        Entry("policy-fail", v4: nil, v6: (1, 5)),
        Entry("reject-route", v4: nil, v6: (1, 6)),
        Entry("hop-limit-exceeded", v4: (11, 0), v6: (3, 0)),
        Entry("reassembly-time-exceeded", v4: (11, 1), v6: (3, 1)),
        Entry("unknown-header-type", v4: nil, v6: (4, 1)),
        Entry("unknown-option", v4: nil, v6: (4, 2)),
    ]

    /// The name of a message type of one family; nil for a type that has none here.
    public static func name(of type: UInt8, _ family: IPAddress.Family) -> String? {
        messages.first { (family == .v4 ? $0.v4 : $0.v6)?.type == type }?.name
    }

    /// The type of a named message in one family; nil if the family does not have it.
    public static func type(of name: some StringProtocol, _ family: IPAddress.Family) -> UInt8? {
        let entry = messages.first { $0.name == name }
        return (family == .v4 ? entry?.v4 : entry?.v6)?.type
    }
}
