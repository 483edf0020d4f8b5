import BPF
import Glibc
import Traffic

guard CommandLine.arguments.count == 3, let seconds = Int(CommandLine.arguments[2]) else {
    print("usage: swift-counter INTERFACE SECONDS")
    exit(2)
}
do {
    let object = try OpenObject(.counter).load()
    let traffic = try object.perCPUMap("traffic", key: TrafficKind.self, value: TrafficSum.self)
    let link = try object.program("count", as: XDP.self).attach(interface: .name(CommandLine.arguments[1]))
    print("counting at \(CommandLine.arguments[1])")
    try await Task.sleep(for: .seconds(seconds))
    try traffic.forEach { kind, sums in
        let (packets, bytes) = sums.reduce((0, 0)) { ($0.0 + $1.packets, $0.1 + $1.bytes) }
        print("ethertype 0x\(String(kind.ethertype, radix: 16)), protocol \(kind.transport): \(packets) packets, \(bytes) bytes")
    }
    try link.detach()
} catch {
    print(error)
    exit(1)
}
