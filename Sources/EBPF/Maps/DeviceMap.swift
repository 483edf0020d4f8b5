internal import CEBPF

/// Interfaces by number, to send frames out of.
///
///     let ports = DeviceMap(entries: 64)
///     return ports.redirect(to: 3)
public struct DeviceMap: KernelMap, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameter entries: How many interfaces it has room for.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 14, keySize: MemoryLayout<UInt32>.size, valueSize: MemoryLayout<UInt32>.size, entries: entries, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }

    /// Sends the frame out of an interface of the map.
    ///
    /// - Parameter otherwise: What becomes of it if there is no such interface.
    /// The helper is `bpf_redirect_map`.
    @inline(__always)
    public func redirect(to index: UInt32, otherwise: XDPAction = .aborted) -> XDPAction {
        unsafe XDPAction(rawValue: UInt32(truncatingIfNeeded: ebpf_redirect_map(address, UInt64(index), UInt64(otherwise.rawValue))))
    }
}
