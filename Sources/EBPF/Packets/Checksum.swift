/// The sum of 16-bit words by which IP, TCP, UDP and ICMP find broken packets (RFC 1071).
///
///     var checksum = Checksum()
///     checksum.add(header.source.number)
///     header.checksum = checksum.value
public struct Checksum: BitwiseCopyable, Equatable, Sendable {
    private var sum: UInt64 = 0

    /// The sum of nothing.
    @inline(__always)
    public init() {}

    /// Goes on from the checksum of a packet, to be corrected: see `replace(_:by:)`.
    @inline(__always)
    public init(correcting checksum: BigEndian<UInt16>) { sum = UInt64(~checksum.bits) }

    /// Adds a word.
    @inline(__always)
    public mutating func add(_ word: BigEndian<UInt16>) { sum &+= UInt64(word.bits) }

    /// Adds a word.
    @inline(__always)
    public mutating func add(_ word: BigEndian<UInt32>) { sum &+= UInt64(word.bits) }

    /// Takes a word out of the sum and puts another in (RFC 1624).
    @inline(__always)
    public mutating func replace(_ old: BigEndian<UInt16>, by new: BigEndian<UInt16>) { sum &+= UInt64(~old.bits) &+ UInt64(new.bits) }

    /// Takes two words out of the sum and puts others in.
    @inline(__always)
    public mutating func replace(_ old: BigEndian<UInt32>, by new: BigEndian<UInt32>) { sum &+= UInt64(~old.bits) &+ UInt64(new.bits) }

    /// The checksum, as it stands in the packet.
    @inline(__always)
    public var value: BigEndian<UInt16> {
        var folded = (sum & 0xffff_ffff) &+ (sum &>> 32)
        folded = (folded & 0xffff) &+ (folded &>> 16)
        folded = (folded & 0xffff) &+ (folded &>> 16)
        folded = (folded & 0xffff) &+ (folded &>> 16)
        return BigEndian(bits: ~UInt16(truncatingIfNeeded: folded))
    }
}

extension IPv4Header {
    /// What ``checksum`` must be for the header, if it has no options.
    @inline(__always)
    public var computedChecksum: BigEndian<UInt16> {
        var sum = Checksum()
        sum.add(BigEndian<UInt16>(UInt16(versionAndLength) &<< 8 | UInt16(typeOfService)))
        sum.add(totalLength)
        sum.add(identification)
        sum.add(fragment)
        sum.add(BigEndian<UInt16>(UInt16(timeToLive) &<< 8 | UInt16(self.protocol.number)))
        sum.add(source.number)
        sum.add(destination.number)
        return sum.value
    }
}
