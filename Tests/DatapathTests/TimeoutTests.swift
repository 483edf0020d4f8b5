import BPFTesting
import Datapath
import Glibc
import Logging
import PolicyCompiler
import PolicyModel
import Testing

/// How long connections outlive their last packet.
@Suite(.serialized) struct TimeoutTests {
    typealias Timeouts = DatapathConfiguration.Timeouts

    /// A connection in a state, told by the port its opener has, and the time-out of that state.
    struct Case: Sendable {
        var name: String
        var timeout: any WritableKeyPath<Timeouts, Duration> & Sendable
        /// A packet of it that passes as long as it lives; nothing else lets it out.
        var reply: BPFTesting.Packet
    }

    static let cases: [Case] = [
        Case(name: "opening", timeout: \.tcpOpening, reply: BareWire.toOutside(to: 40_001, .ack)),
        Case(name: "established", timeout: \.tcpEstablished, reply: BareWire.toOutside(to: 40_002, .ack)),
        Case(name: "half-closed", timeout: \.tcpHalfClosed, reply: BareWire.toOutside(to: 40_003, .ack)),
        Case(name: "closing", timeout: \.tcpClosing, reply: BareWire.toOutside(to: 40_004, .ack)),
        Case(name: "reset", timeout: \.tcpReset, reply: BareWire.toOutside(to: 40_005, .ack)),
        Case(name: "udp", timeout: \.udp, reply: .ethernet().ipv4(BareWire.inner, BareWire.outer).udp(53, 40_006)),
        Case(name: "udp stream", timeout: \.udpStream, reply: .ethernet().ipv4(BareWire.inner, BareWire.outer).udp(53, 40_007)),
        Case(name: "icmp", timeout: \.icmp, reply: .ethernet().ipv4(BareWire.inner, BareWire.outer).icmp(type: 0, rest: 0x0008_0001)),
        Case(
            name: "other", timeout: \.other,
            reply: .ethernet().ipv4(BareWire.inner, BareWire.outer, protocolNumber: 47).payload([UInt8](repeating: 0, count: 20))),
    ]

    /// Makes a connection in each of the states.
    private func open(_ wire: BareWire) throws {
        try wire.comesIn(BareWire.toInside(from: 40_001, .syn, seq: 1))
        for port in 40_002...40_005 as ClosedRange<UInt16> { try wire.establish(from: port) }
        try wire.comesIn(BareWire.toInside(from: 40_003, [.fin, .ack], seq: 1_001, ack: 5_001))
        try wire.comesIn(BareWire.toInside(from: 40_004, [.fin, .ack], seq: 1_001, ack: 5_001))
        _ = try wire.getsOut(BareWire.toOutside(to: 40_004, [.fin, .ack], seq: 5_001, ack: 1_002))
        try wire.comesIn(BareWire.toInside(from: 40_005, .rst, seq: 1_001))
        for port in [40_006, 40_007] as [UInt16] {
            try wire.comesIn(.ethernet().ipv4(BareWire.outer, BareWire.inner).udp(port, 53))
        }
        _ = try wire.getsOut(.ethernet().ipv4(BareWire.inner, BareWire.outer).udp(53, 40_007))
        try wire.comesIn(.ethernet().ipv4(BareWire.outer, BareWire.inner).udp(40_007, 53))
        try wire.comesIn(.ethernet().ipv4(BareWire.outer, BareWire.inner).icmp(type: 8, rest: 0x0008_0001))
        try wire.comesIn(.ethernet().ipv4(BareWire.outer, BareWire.inner, protocolNumber: 47).payload([UInt8](repeating: 0, count: 20)))
    }

    @Test func eachStateHasATimeOutOfItsOwn() throws {
        let wire = try BareWire()
        try open(wire)
        let made = try wire.flows().count
        #expect(made == Self.cases.count)
        usleep(1_300_000)
        var long = Timeouts()
        for entry in Self.cases { long[keyPath: entry.timeout] = .seconds(1_000) }
        for entry in Self.cases {
            var timeouts = long
            timeouts[keyPath: entry.timeout] = .seconds(1)
            wire.datapath.setTimeouts(timeouts)
            #expect(try wire.flows().count == made - 1, "\(entry.name)")
            #expect(try !wire.getsOut(entry.reply), "\(entry.name)")
        }
        // Nothing went in the meantime: with its time back, each connection is there again.
        wire.datapath.setTimeouts(long)
        #expect(try wire.flows().count == made)
        for entry in Self.cases { #expect(try wire.getsOut(entry.reply), "\(entry.name)") }
        try wire.end()
    }

    @Test func whatIsOverIsTakenOutAndIsNoEviction() throws {
        let wire = try BareWire()
        try open(wire)
        func used(_ use: [ConnectionUse]) -> [Int] { use.map(\.used) }
        #expect(try used(wire.datapath.sweepConnections()) == [5, 0, 4, 0])
        usleep(1_300_000)
        try wire.comesIn(BareWire.toInside(from: 40_002, .ack, seq: 1_001, ack: 5_001))
        var timeouts = Timeouts()
        for entry in Self.cases { timeouts[keyPath: entry.timeout] = .seconds(1) }
        wire.datapath.setTimeouts(timeouts)
        let use = try wire.datapath.sweepConnections()
        #expect(used(use) == [1, 0, 0, 0], "one was heard of just now")
        #expect(use.allSatisfy { $0.evicted == 0 && $0.refused == 0 && !$0.isFlooded })
        // They are gone for good.
        wire.datapath.setTimeouts(Timeouts())
        #expect(try wire.flows().count == 1)
        try wire.end()
    }

    /// Time-outs outlive the process that set them, and the next one sets its own.
    @Test func anAdoptedDatapathTakesTheTimeOutsOfItsConfiguration() throws {
        let wire = try BareWire()
        try wire.establish()
        usleep(1_300_000)
        let next = try wire.hosts.host.run {
            var configuration = wire.datapath.configuration
            configuration.timeouts.tcpEstablished = .seconds(1)
            return try Datapath(configuration, logger: .init(label: "test", factory: RecordingLog.init))
        }
        #expect(next.adopted)
        #expect(try wire.flows().isEmpty == false, "the first still reckons by its own")
        #expect(try !wire.getsOut(BareWire.toOutside(.ack, seq: 5_001, ack: 1_001)))
        try wire.end()
    }
}
