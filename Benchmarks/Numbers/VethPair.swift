import BPFTesting
import CLibBPF
import Foundation
import Glibc

/// Two namespaces joined by a veth pair, and one sender: what a packet takes from the socket it is sent by to the socket it is for.
///
/// The sending thread's processor does all of it, the receiving side included, so packets a second of one sender are its inverse.
final class VethPair {
    let host: NetworkNamespace
    private let peer: NetworkNamespace
    private let receivers: [TestSocket]

    static let hardware: [UInt8] = [2, 0, 0, 0, 0, 1]

    init() throws {
        host = try NetworkNamespace()
        peer = try NetworkNamespace()
        try host.connect("eth0", to: peer, "eth0")
        try host.ip("link", "set", "eth0", "address", "02:00:00:00:00:01")
        try host.addAddress("192.0.2.1/24", to: "eth0")
        try peer.addAddress("192.0.2.2/24", to: "eth0")
        // Sources are from anywhere.
        try host.run(command: "sh", "-c", "echo 0 | tee /proc/sys/net/ipv4/conf/*/rp_filter")
        try host.ip("route", "add", "default", "via", "192.0.2.2")
        // Packets end in the buffers of sockets that nobody reads: full ones cost every packet the same.
        receivers = try host.run {
            try HostRules.ports.map { port in
                let socket = try TestSocket.bound(.udp, "192.0.2.1", port: port)
                var size: CInt = 2_048
                setsockopt(socket.descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
                return socket
            }
        }
    }

    /// What came of a run.
    struct Speed {
        /// Nanoseconds a packet, of the sender's processor: what others do meanwhile is not in it.
        var nanoseconds: Double
        /// By the clock, at best, as a multiple of that: well above 1 where the kernel has handed packets to another thread.
        var clock: Double
        /// The share of packets that did not get as far as the filter.
        var lost: Double

        /// What a reader has to know; nil if all is as it should be.
        var note: String? {
            if lost > 0.001 { return "\(Format.short(lost * 100)) % of the packets were lost before the filter" }
            return clock > 1.3 ? "the sender's processor did other things as well, or others did its work" : nil
        }
    }

    /// Sends the frames again and again for about so long, several times, and takes the median.
    func measure(_ frames: [[UInt8]], milliseconds: Double, rounds: Int) throws -> Speed {
        let bytes = frames.flatMap { $0 }
        let before = try received()
        let slices = try peer.run { () throws -> [(count: Int, clock: Double, processor: Double)] in
            try NetworkNamespace.requirePrivate()
            let sender = try Sender(interface: "eth0")
            // A packet handed to another processor would be paid by that one.
            swiftbpf_stay_on_this_cpu()
            return (0..<rounds).map { _ in sender.send(bytes, milliseconds: milliseconds) }
        }
        let sent = slices.reduce(0) { $0 + $1.count }
        return Speed(
            nanoseconds: Sample(slices.map { $0.processor / Double($0.count) }).median,
            clock: slices.map { $0.clock / $0.processor }.min() ?? .nan, lost: 1 - Double(try received() - before) / Double(sent))
    }

    /// Packets that came to the guarded interface.
    private func received() throws -> Int {
        // /sys would show the namespace it was mounted in; /proc/thread-self shows this thread's.
        let text = try host.run { try String(contentsOfFile: "/proc/thread-self/net/dev", encoding: .utf8) }
        let line = text.split(separator: "\n").first { $0.drop { $0 == " " }.hasPrefix("eth0:") }
        // Received: bytes, packets.
        let fields = line?.split(separator: ":").last?.split(separator: " ") ?? []
        guard fields.count > 1, let count = Int(fields[1]) else { throw BenchmarkError("cannot read what came to the interface") }
        return count
    }
}

/// A raw socket that sends whole frames.
private final class Sender {
    private let descriptor: CInt
    private var next = 0

    init(interface: String) throws {
        descriptor = socket(AF_PACKET, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw BenchmarkError("packet socket: errno \(errno)") }
        // A struct sockaddr_ll, which Swift's Glibc does not import: family, protocol (none: nothing is received), interface.
        var address = [UInt8](repeating: 0, count: 20)
        withUnsafeBytes(of: UInt16(AF_PACKET)) { address.replaceSubrange(0..<2, with: $0) }
        withUnsafeBytes(of: if_nametoindex(interface)) { address.replaceSubrange(4..<8, with: $0) }
        let bound = address.withUnsafeBytes { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { bind(descriptor, $0.baseAddress, socklen_t(bytes.count)) }
        }
        guard bound == 0 else { throw BenchmarkError("bind: errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// Sends frames that lie one after the other for about so long, going on where it stopped.
    func send(_ frames: [UInt8], milliseconds: Double) -> (count: Int, clock: Double, processor: Double) {
        let frameBytes = Trace.frameBytes
        let places = frames.count / frameBytes
        let (start, worked) = (ContinuousClock.now, Trace.processorTime)
        let end = start + .milliseconds(milliseconds)
        var count = 0
        frames.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            repeat {
                // The clock is read every few packets: with 8,000 rules one after the other a packet takes a fifth of a millisecond.
                for _ in 0..<16 {
                    _ = Glibc.send(descriptor, base + next * frameBytes, frameBytes, 0)
                    next = next + 1 < places ? next + 1 : 0
                }
                count += 16
            } while ContinuousClock.now < end
        }
        return (count, (ContinuousClock.now - start) / .nanoseconds(1), Trace.processorTime - worked)
    }
}
