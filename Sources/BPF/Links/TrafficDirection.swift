import CLibBPF

/// Where traffic control sees a packet of an interface.
public enum TrafficDirection: String, Sendable, Hashable, CaseIterable {
    /// Packets that come in by the interface.
    case ingress
    /// Packets that leave by the interface.
    case egress
}
