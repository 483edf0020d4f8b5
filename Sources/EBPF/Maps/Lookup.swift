/// What has values by key: maps in the kernel, and ``HostTable`` and ``HostPrefixTable`` on the host.
///
/// A decision that is generic over it is compiled for both, and tested without a kernel:
///
///     func verdict(
///         _ source: IPv4Address, rules: borrowing some Lookup<Prefix<IPv4Address>, UInt32> & ~Copyable
///     ) -> XDPAction {
///         rules.value(for: Prefix(source)) == 1 ? .drop : .pass
///     }
public protocol Lookup<Key, Value>: ~Copyable {
    associatedtype Key
    associatedtype Value

    /// A copy of the value of a key, or nothing if the key is not there.
    func value(for key: Key) -> Value?
}
