import CDatapath
@testable import Datapath
import PolicyCompiler
import PolicyModel

/// What the kernel's own code, compiled into this process, makes of a frame that lies in memory which ends where the frame does.
struct NativeWalk {
    var packet = pd_packet()
    var reason: PacketEvent.Reason

    /// - Parameter length: how long the frame is; more than there are bytes where only its beginning is at hand.
    init(_ frame: [UInt8], _ link: pd_link = PD_LINK_ETHERNET, length: Int? = nil) {
        var packet = pd_packet()
        // An array's storage may be larger than its count; this one is not.
        let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: frame.count)
        defer { memory.deallocate() }
        _ = memory.initialize(from: frame)
        var bytes = pd_bytes(
            data: UnsafePointer(memory.baseAddress), end: memory.baseAddress.map { UnsafePointer($0 + frame.count) },
            length: UInt32(length ?? frame.count))
        reason = EventDecoder.reason(UInt8(pd_walk(&bytes, UInt8(link.rawValue), &packet)))
        self.packet = packet
    }

    var isLaterFragment: Bool { UInt32(packet.flags) & PD_PACKET_LATER_FRAGMENT.rawValue != 0 }

    /// What differs between the fields it found and those the kernel reported; nil where nothing does.
    func difference(from event: pd_event) -> String? {
        func words(_ address: some Any) -> [UInt8] { withUnsafeBytes(of: address) { Array($0) } }
        let pairs: [(String, [UInt8], [UInt8])] = [
            ("family", [packet.family], [event.family]), ("protocol", [packet.protocol], [event.protocol]),
            ("flags", [packet.flags], [event.flags]), ("ICMP", [packet.icmp_type, packet.icmp_code], [event.icmp_type, event.icmp_code]),
            ("ethertype", words(packet.ethertype), words(event.ethertype)),
            ("ports", words((packet.source_port, packet.destination_port)), words((event.source_port, event.destination_port))),
            ("source", words(packet.source), words(event.source)), ("destination", words(packet.destination), words(event.destination)),
        ]
        guard let (field, mine, theirs) = pairs.first(where: { $0.1 != $0.2 }) else { return nil }
        return "\(field): \(mine) in user space, \(theirs) in the kernel"
    }
}

extension KernelEngine {
    /// The name of the rule with a number; nil where it stands for none.
    func ruleName(_ number: UInt32) -> String? { policy.reference(number)?.rule }
}
