internal import Builtin
internal import CEBPF

/// What stands for a map in a program: memory whose address the loader replaces by the map.
@_rawLayout(size: 32, alignment: 8)
public struct MapStorage: ~Copyable {
    @inline(__always)
    init() {}

    @inline(__always)
    var address: UnsafeRawPointer { UnsafeRawPointer(Builtin.addressOfRawLayout(self)) }
}

/// A map, declared as a global constant of a program's source.
///
///     let counts = HashMap<UInt32, Counter>(entries: 256)
///
/// What the compiler for eBPF programs reads of it are the arguments of its type and its last six words, a ``MapDefinition``.
public protocol KernelMap: ~Copyable, Sendable {
    /// The map's address, which only helpers take.
    @unsafe var address: UnsafeRawPointer { get }

    /// What the loader makes the map by.
    var definition: MapDefinition { get }
}

/// What a map is made by. The order of the words is what the compiler for eBPF programs knows them by.
public struct MapDefinition: BitwiseCopyable, Sendable {
    /// `BPF_MAP_TYPE_…`.
    public let kind: UInt32
    /// Bytes of a key, 0 where the kind has none: `MemoryLayout.size`, as user space has it.
    public let keySize: UInt32
    /// Bytes of a value, 0 where the kind has none.
    public let valueSize: UInt32
    /// The most entries, or the bytes of a ring.
    public let entries: UInt32
    /// `BPF_F_…`.
    public let flags: UInt32
    /// `LIBBPF_PIN_…`.
    public let pinning: UInt32

    @inline(__always)
    init(kind: UInt32, keySize: Int = 0, valueSize: Int = 0, entries: UInt32, flags: UInt32 = 0, pinning: Pinning) {
        self.kind = kind
        self.keySize = UInt32(truncatingIfNeeded: keySize)
        self.valueSize = UInt32(truncatingIfNeeded: valueSize)
        self.entries = entries
        self.flags = flags
        self.pinning = pinning.rawValue
    }
}

/// A map of keys to values.
public protocol KeyedMap<Key, Value>: KernelMap, Lookup, ~Copyable where Key: BitwiseCopyable, Value: BitwiseCopyable {}

extension KeyedMap where Self: ~Copyable {
    /// The value of a key where it lies in the map, or nothing if the key is not there.
    ///
    /// What is written to it is in the map at once; other processors may do so at the same time.
    /// The helper is `bpf_map_lookup_elem`.
    @inline(__always)
    public func lookup(_ key: Key) -> MapValue<Value>? {
        unsafe withBytes(of: key) { key in
            guard let place = unsafe ebpf_map_lookup_elem(address, key) else { return nil }
            return unsafe MapValue(place.assumingMemoryBound(to: Value.self))
        }
    }

    /// A copy of the value of a key, or nothing if the key is not there.
    @inline(__always)
    public func value(for key: Key) -> Value? { lookup(key)?.value }

    /// Sets the value of a key.
    ///
    /// The helper is `bpf_map_update_elem`.
    @inline(__always)
    @discardableResult
    public func set(_ value: Value, for key: Key, mode: UpdateMode = .any) -> CallResult {
        unsafe withBytes(of: key) { key in
            unsafe withBytes(of: value) { value in
                unsafe CallResult(ebpf_map_update_elem(address, key, value, mode.rawValue))
            }
        }
    }
}

/// A map whose keys come and go.
public protocol EntryMap: KeyedMap, ~Copyable {}

extension EntryMap where Self: ~Copyable {
    /// Takes a key out.
    ///
    /// The helper is `bpf_map_delete_elem`.
    @inline(__always)
    @discardableResult
    public func remove(_ key: Key) -> CallResult {
        unsafe withBytes(of: key) { key in unsafe CallResult(ebpf_map_delete_elem(address, key)) }
    }

    /// Takes a key out and hands over what its value was, or nothing if the key was not there.
    ///
    /// Two calls: another processor may take the same value.
    @inline(__always)
    public func take(_ key: Key) -> Value? {
        unsafe withBytes(of: key) { key in
            guard let place = unsafe ebpf_map_lookup_elem(address, key) else { return nil }
            let value = unsafe place.assumingMemoryBound(to: Value.self).pointee
            _ = unsafe ebpf_map_delete_elem(address, key)
            return value
        }
    }

    /// The value of a key where it lies in the map; if the key is not there, after it was put there with a value.
    ///
    /// Nothing if the map is full. Of two processors that put the same key there, one value stays.
    @inline(__always)
    public func lookup(_ key: Key, orInsert value: @autoclosure () -> Value) -> MapValue<Value>? {
        if let found = lookup(key) { return found }
        set(value(), for: key, mode: .insert)
        return lookup(key)
    }
}

/// Which keys `set` may touch.
public struct UpdateMode: BitwiseCopyable, Sendable {
    let rawValue: UInt64

    @inline(__always)
    init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// Those that are there and those that are not.
    @inline(__always)
    public static var any: UpdateMode { UpdateMode(0) }
    /// Only keys that are not there yet (`BPF_NOEXIST`).
    @inline(__always)
    public static var insert: UpdateMode { UpdateMode(1) }
    /// Only keys that are there (`BPF_EXIST`).
    @inline(__always)
    public static var replace: UpdateMode { UpdateMode(2) }
}

/// Who makes a map and where it is kept.
public struct Pinning: BitwiseCopyable, Sendable {
    let rawValue: UInt32

    @inline(__always)
    init(_ rawValue: UInt32) { self.rawValue = rawValue }

    /// The map belongs to the object.
    @inline(__always)
    public static var none: Pinning { Pinning(0) }
    /// The loader uses the map that is pinned under this one's name, or pins it there (`LIBBPF_PIN_BY_NAME`).
    @inline(__always)
    public static var byName: Pinning { Pinning(1) }
}
