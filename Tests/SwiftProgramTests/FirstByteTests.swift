import BPF
import BPFTesting
import SwiftObjects
import Testing

/// A byte has no second one: that it ends before the packet does is that it begins before.
@Suite("A packet's first byte")
struct FirstByteTests {
    private static let frame = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).bytes

    private static func frame(first: UInt8) -> [UInt8] { [first] + frame.dropFirst() }

    @Test func `is read and written in frames and socket buffers`() throws {
        let loaded = try OpenObject(.packets).load()
        for (name, answers) in [("firstOfFrame", [2, 1]), ("firstOfPacket", [0, 2])] as [(String, [UInt32])] {
            for (first, answer) in zip([0x32, 7] as [UInt8], answers) {
                let result = try loaded.program(name).testRun(data: Self.frame(first: first))
                #expect(result.returnValue == answer, "\(name)")
                #expect(result.data == Self.frame(first: first ^ 0xff), "\(name)")
            }
        }
    }

    @Test func `is read of metadata, and of traffic`() throws {
        let loaded = try OpenObject(.packets).load()
        #expect(try loaded.program("firstOfFrameMetadata").testRun(data: Self.frame).returnValue == 2)
        // Socket buffers of test-runs carry no metadata.
        #expect(try loaded.program("firstOfPacketMetadata").testRun(data: Self.frame).returnValue == 0)
        #expect(try loaded.program("firstOfTraffic").testRun(data: Self.frame).returnValue == 1)
        let six = Packet.ethernet().ipv6("fd00::1", "fd00::2").udp(1, 2).bytes
        #expect(try loaded.program("firstOfTraffic").testRun(data: six).returnValue == 0)
    }
}
