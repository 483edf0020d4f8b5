// The datapath's header walk, bpf/include/policyd/packet.h, in Swift: to see what the datapath would be like.
import EBPF

let license = License.gpl

let walked = ArrayMap<Walked>(entries: 1)

/// What the walk finds, laid out as `struct pd_packet`.
struct Walked {
    var family: UInt8 = 0
    var transportProtocol: UInt8 = 0
    var flags: UInt8 = 0
    var tcpFlags: UInt8 = 0
    var ethertype: UInt16 = 0
    var sourcePort: UInt16 = 0
    var destinationPort: UInt16 = 0
    var icmpType: UInt8 = 0
    var icmpCode: UInt8 = 0
    var fragmentID: UInt32 = 0
    var fragmentData: UInt32 = 0
    var fragmentOffset: UInt32 = 0
    var transport: UInt32 = 0
    var end: UInt32 = 0
    var payload: UInt32 = 0
    var source = IPv6Address(high: 0, low: 0)
    var destination = IPv6Address(high: 0, low: 0)
}

/// Of `enum pd_reason`.
enum Reason {
    static var good: UInt32 { 1 }
    static var malformed: UInt32 { 4 }
    static var extensions: UInt32 { 6 }
    static var nonIP: UInt32 { 7 }
    static var internalFault: UInt32 { 8 }
}

/// Of `enum pd_packet_flags`.
enum Flag {
    static var ports: UInt8 { 1 }
    static var icmp: UInt8 { 2 }
    static var firstFragment: UInt8 { 4 }
    static var laterFragment: UInt8 { 8 }
    static var icmpError: UInt8 { 16 }
}

/// Headers that end beyond this many bytes are more than the walk allows.
let mostHeaderBytes: UInt32 = 1024
let mostTags = 4
let mostExtensions = 8
let longestPacket: UInt32 = 65_535

extension TCContext {
    /// What lies in the first bytes, where headers may.
    @inline(__always)
    func header<Header: BitwiseCopyable>(_ type: Header.Type, at offset: UInt32) -> Header? {
        offset > mostHeaderBytes ? nil : read(type, at: Int(offset))
    }

    @inline(__always)
    var length: UInt32 { UInt32(truncatingIfNeeded: count) }
}

/// Notes that the packet is a fragment. False when that cannot be.
@inline(__always)
func noteFragment(_ out: MapValue<Walked>, data: UInt32, place: UInt32, more: Bool) -> Bool {
    let left = out.value.end &- data
    if out.value.end <= data || (more && left % 8 != 0) || place &+ left > longestPacket { return false }
    out.value.fragmentData = data
    out.value.fragmentOffset = place
    out.value.flags |= place != 0 ? Flag.laterFragment : Flag.firstFragment
    return true
}

@inline(__always)
func walkIPv4(_ packet: TCContext, at offset: UInt32, _ out: MapValue<Walked>) -> UInt32 {
    guard let header = packet.header(IPv4Header.self, at: offset) else { return Reason.malformed }
    let size = UInt32(truncatingIfNeeded: header.headerLength)
    var total = UInt32(header.totalLength.value)
    // A GSO packet larger than the field can say has 0 there.
    if total == 0, packet.length > offset &+ longestPacket { total = packet.length &- offset }
    if header.version != 4 || size < 20 || total < size || offset &+ total > packet.length { return Reason.malformed }
    out.value.family = 0
    out.value.transportProtocol = header.protocol.number
    out.value.source.words.0 = header.source.number
    out.value.destination.words.0 = header.destination.number
    out.value.fragmentID = UInt32(header.identification.value)
    out.value.transport = offset &+ size
    out.value.end = offset &+ total
    if header.isFragment {
        let place = UInt32(truncatingIfNeeded: header.fragmentOffset)
        return noteFragment(out, data: offset &+ size, place: place, more: header.hasMoreFragments) ? Reason.good : Reason.malformed
    }
    return Reason.good
}

/// The first option of a jumbogram.
struct JumboOption {
    var nextHeader: UInt8
    var length: UInt8
    var type: UInt8
    var optionLength: UInt8
    var payload: BigEndian<UInt32>
}

@inline(__always)
func walkIPv6(_ packet: TCContext, at offset: UInt32, _ out: MapValue<Walked>) -> UInt32 {
    guard let header = packet.header(IPv6Header.self, at: offset), header.version == 6, packet.length >= offset &+ 40 else {
        return Reason.malformed
    }
    let left = packet.length &- offset &- 40
    var payload = UInt32(header.payloadLength.value)
    if payload == 0, header.nextHeader.number == 0 {
        guard let jumbo = packet.header(JumboOption.self, at: offset &+ 40), jumbo.type == 194, jumbo.optionLength == 4 else {
            return Reason.malformed
        }
        payload = jumbo.payload.value
        if payload <= longestPacket { return Reason.malformed }
    } else if payload == 0, left > longestPacket {
        payload = left
    }
    if payload > left { return Reason.malformed }
    out.value.family = 1
    out.value.transportProtocol = header.nextHeader.number
    out.value.transport = offset &+ 40
    out.value.end = offset &+ 40 &+ payload
    out.value.source = header.source
    out.value.destination = header.destination
    return Reason.good
}

@inline(never)
func walkNetwork(_ packet: TCContext) -> UInt32 {
    guard let out = walked.lookup(0) else { return Reason.internalFault }
    out.value = Walked()
    guard let ethernet = packet.header(EthernetHeader.self, at: 0) else { return Reason.malformed }
    var type = ethernet.type
    var offset: UInt32 = 14
    for tag in BoundedIndices(mostTags &+ 1) {
        guard type.isVLAN || type == EtherType(0x9100) else { break }
        out.value.ethertype = type.number.value
        if tag == mostTags { return Reason.extensions }
        guard let vlan = packet.header(VLANTag.self, at: offset) else { return Reason.malformed }
        type = vlan.type
        offset &+= 4
    }
    let number = type.number.value
    out.value.ethertype = number < 0x0600 ? 4 : number
    if type == .ipv4 { return walkIPv4(packet, at: offset, out) }
    if type == .ipv6 { return walkIPv6(packet, at: offset, out) }
    return Reason.nonIP
}

@inline(__always)
func isExtension(_ number: UInt8) -> Bool {
    switch number {
    case 0, 43, 44, 51, 60, 135, 139, 140: true
    default: false
    }
}

/// The first eight bytes of an extension header.
struct Extension {
    var nextHeader: UInt8
    var length: UInt8
    /// Of a routing header its type and the segments left, of a fragment's its place.
    var third: UInt8
    var fourth: UInt8
    var identification: BigEndian<UInt32>

    var place: UInt32 { UInt32(third) &<< 8 | UInt32(fourth) }
}

@inline(never)
func walkExtensions(_ packet: TCContext) -> UInt32 {
    guard let out = walked.lookup(0) else { return Reason.internalFault }
    for index in BoundedIndices(mostExtensions) {
        let next = out.value.transportProtocol
        // Options for every hop stand before all others, where every hop looks.
        if index > 0, next == 0 { return Reason.malformed }
        if !isExtension(next) { return Reason.good }
        let at = out.value.transport
        if at > mostHeaderBytes &- 8 { return Reason.extensions }
        guard let header = packet.header(Extension.self, at: at), at &+ 8 <= out.value.end else { return Reason.malformed }
        if next == 44 {
            // No fragment is cut once more.
            if out.value.fragmentData != 0 { return Reason.malformed }
            out.value.fragmentID = header.identification.value
            out.value.transportProtocol = header.nextHeader
            out.value.transport = at &+ 8
            // Neither an offset nor more to come: whole, and the header of no consequence (RFC 6946).
            if header.place & 0xfff9 == 0 {
                out.value.fragmentData = at &+ 8
                continue
            }
            guard noteFragment(out, data: at &+ 8, place: header.place & 0xfff8, more: header.place & 1 != 0) else {
                return Reason.malformed
            }
            if header.place & 0xfff8 != 0 { return Reason.good }
            continue
        }
        // It would go to one more place than its header says (RFC 5095).
        if next == 43, header.third == 0, header.fourth != 0 { return Reason.malformed }
        if next == 135 || next == 139 || next == 140, header.nextHeader == 59 { return Reason.good }
        let size = next == 51 ? (UInt32(header.length) &+ 2) &* 4 : (UInt32(header.length) &+ 1) &* 8
        if at &+ size > out.value.end || (next == 51 && size < 12) { return Reason.malformed }
        out.value.transportProtocol = header.nextHeader
        out.value.transport = at &+ size
    }
    return isExtension(out.value.transportProtocol) ? Reason.extensions : Reason.good
}

/// Whether a TCP segment may have these flags together.
@inline(__always)
func arePossible(_ flags: TCPFlags) -> Bool {
    if flags.rawValue & 2 != 0, flags.rawValue & 5 != 0 { return false }
    return flags.rawValue & 22 != 0
}

@inline(never)
func walkTransport(_ packet: TCContext) -> UInt32 {
    guard let out = walked.lookup(0) else { return Reason.internalFault }
    let offset = out.value.transport
    if out.value.flags & Flag.laterFragment != 0 { return Reason.good }
    if out.value.end < offset { return Reason.malformed }
    if offset > mostHeaderBytes &- 20 { return Reason.extensions }
    let left = out.value.end &- offset
    out.value.payload = offset
    switch out.value.transportProtocol {
    case 6:
        guard left >= 20, let header = packet.header(TCPHeader.self, at: offset) else { return Reason.malformed }
        let size = UInt32(truncatingIfNeeded: header.headerLength)
        if size < 20 || size > left || !arePossible(header.flags) { return Reason.malformed }
        out.value.tcpFlags = header.flags.rawValue
        notePorts(header.sourcePort, header.destinationPort, payload: offset &+ size, out)
    case 17:
        guard left >= 8, let header = packet.header(UDPHeader.self, at: offset) else { return Reason.malformed }
        let size = UInt32(header.length.value)
        // A length of 0 stands for one that the field cannot say (RFC 2675).
        if size < 8, size != 0 || left <= longestPacket { return Reason.malformed }
        if out.value.flags & Flag.firstFragment == 0, size > left { return Reason.malformed }
        notePorts(header.sourcePort, header.destinationPort, payload: offset &+ 8, out)
    case 132:
        guard left >= 12, packet.header(UInt8.self, at: offset &+ 11) != nil,
            let ports = packet.header(TransportPorts.self, at: offset)
        else { return Reason.malformed }
        notePorts(ports.source, ports.destination, payload: offset &+ 12, out)
    case 1, 58:
        // ICMP over IPv6 and ICMPv6 over IPv4 are protocols like any other.
        if (out.value.transportProtocol == 1) != (out.value.family == 0) { return Reason.good }
        guard left >= 8, let header = packet.header(ICMPHeader.self, at: offset) else { return Reason.malformed }
        noteICMP(header, payload: offset &+ 8, out)
    default: break
    }
    return Reason.good
}

@inline(__always)
func notePorts(_ source: BigEndian<UInt16>, _ destination: BigEndian<UInt16>, payload: UInt32, _ out: MapValue<Walked>) {
    out.value.sourcePort = source.value
    out.value.destinationPort = destination.value
    out.value.flags |= Flag.ports
    out.value.payload = payload
}

@inline(__always)
func noteICMP(_ header: ICMPHeader, payload: UInt32, _ out: MapValue<Walked>) {
    let type = header.type
    out.value.icmpType = type
    out.value.icmpCode = header.code
    out.value.payload = payload
    var flags = out.value.flags | Flag.icmp
    let isEcho = out.value.family == 0 ? type == 8 || type == 0 : type == 128 || type == 129
    let isError = out.value.family == 0 ? type == 3 || type == 4 || type == 5 || type == 11 || type == 12 : type >= 1 && type <= 4
    if isEcho {
        let identifier = UInt16(truncatingIfNeeded: header.rest.value &>> 16)
        out.value.sourcePort = identifier
        out.value.destinationPort = identifier
    }
    if isError { flags |= Flag.icmpError }
    out.value.flags = flags
}

@section("tc") @used
func header_walk(_ packet: TCContext) -> TCAction {
    var reason = walkNetwork(packet)
    if reason == Reason.good, let out = walked.lookup(0), out.value.family == 1 { reason = walkExtensions(packet) }
    if reason == Reason.good { reason = walkTransport(packet) }
    return TCAction(rawValue: Int32(truncatingIfNeeded: reason))
}
