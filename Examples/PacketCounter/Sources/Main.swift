import BPF

struct Kind: BitwiseCopyable, Hashable {
    var ethertype: UInt16
    var `protocol`: UInt16
}

struct Traffic: BitwiseCopyable {
    var packets: UInt64
    var bytes: UInt64
}

/// Counts what comes in at an interface, by protocol: `packet-counter eth0 10`.
@main
struct PacketCounter {
    static func main() async throws {
        guard CommandLine.arguments.count == 3, let seconds = Int(CommandLine.arguments[2]) else {
            print("usage: packet-counter INTERFACE SECONDS")
            return
        }
        let object = try OpenObject(EmbeddedObject.counter).load()
        print(object.name)
    }
}
