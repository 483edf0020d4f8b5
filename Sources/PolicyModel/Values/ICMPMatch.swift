/// The ICMP messages that one entry of a rule's `icmp` names.
///
/// A name such as `echo-request` is a message of both families, each with its own number;
/// `neighbor-solicitation` is one of IPv6 only and matches nothing in IPv4.
public struct ICMPMatch: Hashable, Sendable {
    /// A type, and a code if only one is meant.
    public struct Message: Hashable, Sendable {
        /// The ICMP type.
        public var type: UInt8
        /// The only code that matches; nil matches every code.
        public var code: UInt8?

        public init(type: UInt8, code: UInt8? = nil) {
            self.type = type
            self.code = code
        }

        func matches(_ type: UInt8, _ code: UInt8) -> Bool {
            type == self.type && (self.code == nil || code == self.code)
        }
    }

    /// The entry as it stands in the document.
    public var text: String
    /// The message of ICMP on IPv4, if there is one.
    public var v4: Message?
    /// The message of ICMPv6, if there is one.
    public var v6: Message?

    public init(_ text: String, v4: Message?, v6: Message?) {
        self.text = text
        self.v4 = v4
        self.v6 = v6
    }

    /// The message meant in one family.
    public func message(_ family: IPAddress.Family) -> Message? {
        family == .v4 ? v4 : v6
    }

    /// Whether the message with this type and code is meant, in a packet whose protocol is the family's ICMP.
    public func matches(family: IPAddress.Family, type: UInt8, code: UInt8) -> Bool {
        message(family)?.matches(type, code) ?? false
    }
}

extension ICMPMatch: CustomStringConvertible {
    public var description: String { text }
}
