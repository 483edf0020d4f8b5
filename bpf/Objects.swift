public import BPF

// The build plugin adds an `EmbeddedObject` for each `*.bpf.c` and `*.bpf.swift` of this folder.
extension EmbeddedObject {
    /// The objects of the bundled probes, each by its `name`: `file-opens`.
    public static let bundledProbes: [EmbeddedObject] = [
        .allocations, .dns, .fileOpens, .functionCalls, .packetDrops, .tcpConnections, .tcpTroubles, .tlsFailures,
    ]
}
