internal import CEBPF

/// Values without keys, which come out again in the order of the map's kind.
public protocol ValueQueue<Value>: KernelMap, ~Copyable {
    associatedtype Value: BitwiseCopyable
}

extension ValueQueue where Self: ~Copyable {
    /// Puts a value in; fails with E2BIG when the map is full.
    ///
    /// - Parameter replacingOldest: Whether the oldest value makes room then.
    /// The helper is `bpf_map_push_elem`.
    @inline(__always)
    @discardableResult
    public func push(_ value: Value, replacingOldest: Bool = false) -> CallResult {
        unsafe withBytes(of: value) { value in
            unsafe CallResult(ebpf_map_push_elem(address, value, replacingOldest ? 2 : 0))
        }
    }

    /// Takes the next value out.
    ///
    /// The helper is `bpf_map_pop_elem`.
    @inline(__always)
    public func pop() -> Value? {
        unsafe received { place in unsafe ebpf_map_pop_elem(address, place) }
    }

    /// The next value, which stays.
    ///
    /// The helper is `bpf_map_peek_elem`.
    @inline(__always)
    public func peek() -> Value? {
        unsafe received { place in unsafe ebpf_map_peek_elem(address, place) }
    }
}

/// Values that come out in the order they went in.
public struct Queue<Value: BitwiseCopyable>: ValueQueue, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameter entries: The most values it takes.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 22, valueSize: MemoryLayout<Value>.size, entries: entries, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}

/// Values of which the last in comes out first.
public struct Stack<Value: BitwiseCopyable>: ValueQueue, ~Copyable, @unchecked Sendable {
    let storage = MapStorage()
    public let definition: MapDefinition

    /// - Parameter entries: The most values it takes.
    @inline(__always)
    public init(entries: UInt32, pinning: Pinning = .none) {
        definition = MapDefinition(
            kind: 23, valueSize: MemoryLayout<Value>.size, entries: entries, pinning: pinning)
    }

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe storage.address }
}
