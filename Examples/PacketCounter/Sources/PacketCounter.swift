import BPF

/// Counts what comes in at an interface, by protocol.
@main
struct PacketCounter {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let seconds = Int(arguments[2]) else {
            print("usage: packet-counter INTERFACE SECONDS")
            return
        }
        let object = try OpenObject(.counter).load()
        let traffic = try object.perCPUMap(EmbeddedObject.Counter.Maps.traffic)
        let link = try object.program("count", as: XDP.self).attach(interface: .name(arguments[1]))
        print("counting at \(arguments[1])")
        for _ in 0..<seconds {
            try await Task.sleep(for: .seconds(1))
            try traffic.forEach { kind, sums in
                // Each CPU counts for itself.
                let packets = sums.reduce(0) { $0 + $1.packets }
                let bytes = sums.reduce(0) { $0 + $1.bytes }
                print("\(name(of: kind)): \(packets) packets, \(bytes) bytes")
            }
        }
        try link.detach()
    }

    private static func name(of kind: EmbeddedObject.Counter.TrafficKind) -> String {
        let isIP = kind.ethertype == 0x0800 || kind.ethertype == 0x86dd
        guard isIP else { return "ethertype 0x" + String(kind.ethertype, radix: 16) }
        let family = kind.ethertype == 0x0800 ? "IPv4" : "IPv6"
        let names: [UInt16: String] = [1: "ICMP", 6: "TCP", 17: "UDP", 58: "ICMPv6"]
        return "\(family) \(names[kind.protocol] ?? "protocol \(kind.protocol)")"
    }
}
