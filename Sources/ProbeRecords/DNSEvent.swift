public import EBPF

// swift-format-ignore: TypeNamesShouldBeCapitalized, AlwaysUseLowerCamelCase
/// Whether a message asks or answers.
public enum dns_kind: UInt8, BitwiseCopyable, Sendable {
    case QUERY
    case ANSWER
}

// swift-format-ignore: TypeNamesShouldBeCapitalized, AlwaysUseLowerCamelCase
/// Which way a message goes, seen from this host.
public enum dns_direction: UInt8, BitwiseCopyable, Sendable {
    case SENT
    case RECEIVED
}

// swift-format-ignore: TypeNamesShouldBeCapitalized, AlwaysUseLowerCamelCase
/// The commoner types of records (IANA).
public enum dns_type: UInt16, BitwiseCopyable, Sendable {
    /// Any other: `type_number` says which.
    case OTHER = 0
    case A = 1
    case NS = 2
    case CNAME = 5
    case SOA = 6
    case PTR = 12
    case MX = 15
    case TXT = 16
    case AAAA = 28
    case SRV = 33
    case NAPTR = 35
    case DS = 43
    case DNSKEY = 48
    case SVCB = 64
    case HTTPS = 65
    case ANY = 255
}

// swift-format-ignore: TypeNamesShouldBeCapitalized, AlwaysUseLowerCamelCase
/// What came of a query, as far as it has a name in RFC 1035.
public enum dns_result: UInt8, BitwiseCopyable, Sendable {
    case NOERROR = 0
    case FORMERR = 1
    case SERVFAIL = 2
    case NXDOMAIN = 3
    case NOTIMP = 4
    case REFUSED = 5
    /// Any other: `result_number` says which.
    case OTHER = 16
}

// swift-format-ignore: TypeNamesShouldBeCapitalized, AlwaysUseLowerCamelCase
/// A DNS query or its answer.
public struct dns_event: BitwiseCopyable, Sendable {
    /// When, in nanoseconds since boot.
    public var time: UInt64
    /// Of an answer: since its query; 0 if that was not seen.
    public var duration_ns: UInt64
    /// Who asked, if a process of this host did; of a query received nobody.
    public var pid: UInt32
    /// The user it acted as.
    public var uid: UInt32
    /// Query or answer.
    public var kind: dns_kind
    /// Whether this host sent or received it.
    public var direction: dns_direction
    /// What is asked for.
    public var type: dns_type
    /// Of an answer.
    public var result: dns_result
    /// What an answer has in common with its query.
    public var id: UInt16
    /// Of an answer: records in its answer section.
    public var answers: UInt16
    /// Of an answer: how many of these are addresses, as far as they were read.
    public var addresses: UInt16
    /// The port of who asks, in the order of this machine.
    public var client_port: UInt16
    /// The port of who answers, in the order of this machine.
    public var server_port: UInt16
    /// The type of what is asked for as a number.
    public var type_number: UInt16
    /// Of an answer: its result as a number.
    public var result_number: UInt8
    /// The server wants to be asked by TCP.
    public var truncated: Bool
    /// What the program counts by while it reads the message; zero in records.
    public var padding: (UInt16, UInt16, UInt16)
    /// The thread's name.
    public var comm: FixedString<16>
    /// Who asks; an address of IPv4 is mapped into IPv6 (RFC 4291).
    public var client_address: IPv6Address
    /// Who answers; mapped likewise.
    public var server_address: IPv6Address
    /// The first address of an answer, or zero.
    public var answer_address: IPv6Address
    /// What is asked for, its labels joined by dots.
    public var name: FixedString<256>
}

// swift-format-ignore: TypeNamesShouldBeCapitalized, AlwaysUseLowerCamelCase
/// Messages seen.
public struct dns_counts: BitwiseCopyable, Sendable {
    /// Queries.
    public var queries: UInt64
    /// Answers.
    public var answers: UInt64
    /// Messages that could not be read.
    public var malformed: UInt64
}
