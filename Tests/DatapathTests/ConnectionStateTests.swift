import BPFTesting
import Datapath
import PolicyModel
import Testing

/// The states of a connection, packet by packet.
@Suite(.serialized) struct ConnectionStateTests {
    @Test func aConnectionIsEstablishedOnceTheOpenerAcknowledgesTheAnswer() throws {
        let wire = try BareWire()
        try wire.comesIn(BareWire.toInside(.syn, seq: 1_000))
        #expect(try wire.state() == .opening)
        #expect(try wire.getsOut(BareWire.toOutside([.syn, .ack], seq: 5_000, ack: 1_001)))
        #expect(try wire.state() == .answered)
        // Somebody who forged the address does not know the answer's number.
        for number in [0, 5_000, 5_002, 1_234] as [UInt32] {
            try wire.comesIn(BareWire.toInside(.ack, seq: 1_001, ack: number))
            #expect(try wire.state() == .answered, "acknowledges \(number)")
        }
        try wire.comesIn(BareWire.toInside(.ack, seq: 1_001, ack: 5_001))
        #expect(try wire.state() == .established)
        try wire.comesIn(BareWire.toInside([.ack, .psh], seq: 1_001, ack: 5_001).payload("hello"))
        let flow = try #require(try wire.flows(port: 80).first)
        #expect(flow.original.packets == 7 && flow.reply.packets == 1)
        #expect(flow.original.bytes == 6 * 54 + 59 && flow.reply.bytes == 54)
        #expect(flow.direction == .ingress && flow.source == IPAddress(BareWire.outer) && flow.destination == IPAddress(BareWire.inner))
        #expect(flow.sourcePort == 40_000 && flow.interface == "eth0" && flow.revision == 1 && flow.rule != nil)
        let status = try wire.hosts.host.run { try wire.datapath.status() }
        #expect(status.connections(.v4)?.used == 1)
        #expect(status.connections(.v4, opening: true)?.used == 0)
        try wire.end()
    }

    /// A connection that was there before the datapath was.
    @Test func aConnectionFoundInTheMiddleIsEstablishedTheSameWay() throws {
        let wire = try BareWire()
        try wire.comesIn(BareWire.toInside(.ack, seq: 1_000, ack: 4_000))
        #expect(try wire.state() == .opening)
        #expect(try wire.getsOut(BareWire.toOutside([.ack, .psh], seq: 4_000, ack: 1_000).payload("12345")))
        #expect(try wire.state() == .answered)
        try wire.comesIn(BareWire.toInside(.ack, seq: 1_000, ack: 4_005))
        #expect(try wire.state() == .established)
        try wire.end()
    }

    @Test func aClosedConnectionMakesRoomForANewOneWithTheSamePorts() throws {
        let wire = try BareWire()
        try wire.establish()
        try wire.comesIn(BareWire.toInside([.fin, .ack], seq: 1_001, ack: 5_001))
        #expect(try wire.state() == .halfClosed)
        #expect(try wire.getsOut(BareWire.toOutside([.ack], seq: 5_001, ack: 1_002)), "the other side may go on")
        #expect(try wire.state() == .halfClosed)
        #expect(try wire.getsOut(BareWire.toOutside([.fin, .ack], seq: 5_001, ack: 1_002)))
        #expect(try wire.state() == .closing)
        try wire.comesIn(BareWire.toInside(.ack, seq: 1_002, ack: 5_002))
        #expect(try wire.state() == .closing)
        // The port is used again.
        try wire.comesIn(BareWire.toInside(.syn, seq: 90_000))
        let flow = try #require(try wire.flows(port: 80).first)
        #expect(flow.state == .opening && flow.original.packets == 1 && flow.reply.packets == 0)
        #expect(try wire.getsOut(BareWire.toOutside([.syn, .ack], seq: 70_000, ack: 90_001)))
        try wire.comesIn(BareWire.toInside(.ack, seq: 90_001, ack: 70_001))
        #expect(try wire.state() == .established)
        try wire.end()
    }

    @Test func whoGoesOnAfterAResetDidNotSendIt() throws {
        let wire = try BareWire()
        try wire.establish()
        try wire.comesIn(BareWire.toInside(.rst, seq: 7))
        #expect(try wire.state() == .reset)
        #expect(try wire.getsOut(BareWire.toOutside(.ack, seq: 5_001, ack: 1_001)), "from the side that was to be reset")
        #expect(try wire.state() == .reset)
        try wire.comesIn(BareWire.toInside(.ack, seq: 1_001, ack: 5_001))
        #expect(try wire.state() == .established)
        // A real one.
        #expect(try wire.getsOut(BareWire.toOutside([.rst, .ack], seq: 5_001, ack: 1_001)))
        #expect(try wire.state() == .reset)
        try wire.comesIn(BareWire.toInside(.syn, seq: 50_000))
        #expect(try wire.state() == .opening)
        try wire.end()
    }

    /// RFC 9293, section 3.5: both sides send a SYN, and both answer it.
    @Test func bothSidesMayOpenAtTheSameTime() throws {
        let wire = try BareWire()
        let fromOutside = BPFTesting.Packet.ethernet().ipv4(BareWire.outer, BareWire.inner).tcp(99, 40_000, flags: .syn, sequence: 9_000)
        // Nobody asked for it.
        try wire.comesIn(fromOutside)
        #expect(try wire.flows().isEmpty)
        #expect(try wire.getsOut(.ethernet().ipv4(BareWire.inner, BareWire.outer).tcp(40_000, 99, flags: .syn, sequence: 3_000)))
        #expect(try wire.state(port: 99) == .opening)
        try wire.comesIn(fromOutside)
        #expect(try wire.state(port: 99) == .answered)
        let answer = BPFTesting.Packet.ethernet().ipv4(BareWire.inner, BareWire.outer)
        #expect(try wire.getsOut(answer.tcp(40_000, 99, flags: [.syn, .ack], sequence: 3_000, acknowledgment: 9_001)))
        #expect(try wire.state(port: 99) == .established)
        let flow = try #require(try wire.flows(port: 99).first)
        #expect(flow.direction == .egress && flow.source == IPAddress(BareWire.inner) && flow.reply.packets == 1)
        // Now it is one connection, and a SYN from the other side is not of it.
        try wire.comesIn(fromOutside)
        #expect(try wire.flows(port: 99).first?.reply.packets == 1)
        try wire.end()
    }

    /// One side was restarted and opens again what the other takes for established.
    @Test func aHalfOpenConnectionCanBeOpenedAgain() throws {
        let wire = try BareWire()
        try wire.establish()
        try wire.comesIn(BareWire.toInside(.syn, seq: 80_000))
        // The other side asks what that is (RFC 5961, section 4), is told, and the next SYN opens.
        #expect(try wire.getsOut(BareWire.toOutside(.ack, seq: 5_001, ack: 1_001)))
        try wire.comesIn(BareWire.toInside(.rst, seq: 1_001))
        try wire.comesIn(BareWire.toInside(.syn, seq: 80_000))
        #expect(try wire.state() == .opening)
        #expect(try wire.getsOut(BareWire.toOutside([.syn, .ack], seq: 6_000, ack: 80_001)))
        try wire.end()
    }

    @Test func datagramsAndEchoesAreConfirmedByGoingOnAfterAnAnswer() throws {
        let wire = try BareWire()
        let ask = BPFTesting.Packet.ethernet().ipv4(BareWire.outer, BareWire.inner).udp(40_000, 53).payload("?")
        let answer = BPFTesting.Packet.ethernet().ipv4(BareWire.inner, BareWire.outer).udp(53, 40_000).payload("!")
        for _ in 0..<3 {
            try wire.comesIn(ask)
            #expect(try wire.state(port: 53) == .opening)
        }
        #expect(try wire.getsOut(answer))
        #expect(try wire.state(port: 53) == .answered)
        #expect(try wire.getsOut(answer))
        #expect(try wire.state(port: 53) == .answered)
        try wire.comesIn(ask)
        #expect(try wire.state(port: 53) == .established)

        try wire.comesIn(.ethernet().ipv4(BareWire.outer, BareWire.inner).icmp(type: 8, rest: 0x0007_0001))
        #expect(try !wire.getsOut(.ethernet().ipv4(BareWire.inner, BareWire.outer).icmp(type: 0, rest: 0x0008_0001)), "of another request")
        #expect(try wire.getsOut(.ethernet().ipv4(BareWire.inner, BareWire.outer).icmp(type: 0, rest: 0x0007_0001)))
        #expect(try !wire.getsOut(.ethernet().ipv4(BareWire.inner, BareWire.outer).icmp(type: 8, rest: 0x0007_0001)), "no reply")
        let echo = try #require(try wire.flows().first { $0.protocol == 1 })
        #expect(echo.state == .answered && echo.identifier == 7 && echo.sourcePort == nil)
        try wire.comesIn(.ethernet().ipv4(BareWire.outer, BareWire.inner).icmp(type: 8, rest: 0x0007_0002))
        #expect(try wire.flows().first { $0.protocol == 1 }?.state == .established)
        try wire.end()
    }

    /// An error about a connection passes, whichever table it is in, and one about nothing does not.
    @Test func errorsFindOpeningsAndEstablishedConnections() throws {
        let wire = try BareWire()
        func error(about packet: BPFTesting.Packet) -> BPFTesting.Packet {
            .ethernet().ipv4(BareWire.inner, BareWire.outer).icmp(type: 3, code: 3, rest: 0).quoting(packet, count: 28)
        }
        let opening = BPFTesting.Packet.ethernet().ipv4(BareWire.outer, BareWire.inner).udp(40_001, 53).payload("?")
        #expect(try !wire.getsOut(error(about: opening)))
        try wire.comesIn(opening)
        #expect(try wire.getsOut(error(about: opening)))
        try wire.establish()
        #expect(try wire.getsOut(error(about: BareWire.toInside(.ack, seq: 1_001, ack: 5_001))))
        #expect(try !wire.getsOut(error(about: BareWire.toInside(from: 40_002, .ack))))
        #expect(try wire.state() == .established && wire.state(port: 53) == .opening, "an error is no answer")
        try wire.end()
    }
}
