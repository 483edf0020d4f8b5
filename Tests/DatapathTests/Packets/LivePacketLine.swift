import Datapath

/// The lines of docs/packets.md that only packets on interfaces can show.
enum LivePacketLine: String, CaseIterable, Sendable {
    case accelerated = "a tag that the kernel keeps beside the frame (hardware acceleration), alone or with another within"
    case segmentation = "a super-packet of TCP that is to be cut up later (GSO)"
    case datagrams = "a super-packet of UDP that is to be cut up later (GSO)"
    case receipt = "a super-packet of TCP that was put together on receipt (GRO)"
    case bigTCP = "a super-packet above 65,535 bytes (BIG TCP)"
    case jumbogram = "a jumbogram (RFC 2675)"
    case scattered = "a packet in memory that is not contiguous"
    case scatteredError = "an error in memory that is not contiguous, about an allowed connection"
    case tunnel = "an interface without link headers: tun, wireguard"
    case tunnelGarbage = "neither IPv4 nor IPv6 from such an interface, whatever protocol it claims"
    case loopback = "the loopback interface, if it is protected: on the way out and in again"
    case disorder = "a datagram whose later fragment comes before its first"

    var outcome: PacketLine.Outcome {
        switch self {
        case .accelerated, .datagrams, .jumbogram, .scattered, .tunnel, .loopback: .rules(.udp)
        case .segmentation, .receipt, .bigTCP: .established(.tcp)
        case .scatteredError: .related(.udp, otherwise: .icmpError)
        case .tunnelGarbage: .denied(.malformed)
        case .disorder: .denied(.fragment)
        }
    }
}
