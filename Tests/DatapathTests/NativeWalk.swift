import CDatapath
@testable import Datapath
import PolicyCompiler
import PolicyModel

/// Walks a frame by the kernel's own code, compiled into this process.
func walk(_ frame: [UInt8]) -> PacketEvent.Reason {
    frame.withUnsafeBufferPointer { buffer in
        var bytes = pd_bytes(data: buffer.baseAddress, end: buffer.baseAddress.map { $0 + buffer.count }, length: UInt32(buffer.count))
        var packet = pd_packet()
        return EventDecoder.reason(UInt8(pd_walk(&bytes, UInt8(PD_LINK_ETHERNET.rawValue), &packet)))
    }
}

extension KernelEngine {
    /// The name of the rule with a number; nil where it stands for none.
    func ruleName(_ number: UInt32) -> String? { policy.reference(number)?.rule }
}
