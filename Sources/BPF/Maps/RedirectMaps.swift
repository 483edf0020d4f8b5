import CLibBPF
import Glibc

/// Interfaces to which XDP programs send frames with `bpf_redirect_map`, by index or by key.
///
/// Values have 4 bytes, or 8 where a program is to run for each frame that leaves by an interface. An entry goes with its interface.
public struct DeviceMap: ~Copyable, Sendable, MapHandle {
    /// Where frames go.
    public struct Entry: Sendable, Hashable {
        /// The interface's index in the network namespace the entry was made in.
        public let interface: Int32
        /// The number of the program that sees the frames before they leave.
        public let programID: UInt32?
    }

    let checked: CheckedMap

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    /// An array or a hash of interfaces.
    public var type: MapType { checked.type }
    /// The most interfaces it takes.
    public var maxEntries: Int { checked.maxEntries }

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(adopting: Descriptor(adopting: fileDescriptor), keySize: 4, valueSize: nil, kind: "DeviceMap") {
            $0 == .deviceMap || $0 == .deviceHash
        }
    }

    /// Makes a map of interfaces: of the kind `deviceMap`, or `deviceHash`, which takes any key.
    public static func create(_ type: MapType = .deviceMap, name: String, maxEntries: Int) throws(BPFError) -> DeviceMap {
        try DeviceMap(adopting: Descriptor(creating: type, name: name, keySize: 4, valueSize: 8, maxEntries: maxEntries).release())
    }

    /// Has frames for a key leave by an interface of this thread's network namespace.
    public func set(interface: Int32, forKey key: UInt32) throws(BPFError) {
        try checked.setRedirect(UInt32(bitPattern: interface), program: 0, forKey: key)
    }

    /// Has frames for a key leave by an interface after a program has seen them, an XDP program made for a device map
    /// (`SEC("xdp/devmap")`). Requires Linux 5.8 and values of 8 bytes.
    public func set(interface: Int32, program: borrowing Program, forKey key: UInt32) throws(BPFError) {
        try checked.setRedirect(UInt32(bitPattern: interface), program: program.fileDescriptor, forKey: key)
    }

    /// Where frames for a key go, or nothing if it leads nowhere.
    public func entry(forKey key: UInt32) throws(BPFError) -> Entry? {
        guard let (interface, program) = try checked.redirect(forKey: key), interface != 0 else { return nil }
        return Entry(interface: Int32(bitPattern: interface), programID: program)
    }

    /// Takes a key out; says whether it led anywhere.
    @discardableResult
    public func removeEntry(forKey key: UInt32) throws(BPFError) -> Bool {
        // An array always says yes.
        if checked.type == .deviceMap, try entry(forKey: key) == nil { return false }
        return try checked.remove(key: key)
    }
}

/// Processors to which XDP programs hand frames with `bpf_redirect_map`, by their numbers.
///
/// Values have 4 bytes, or 8 where a program is to run on the processor for each frame.
public struct CPUMap: ~Copyable, Sendable, MapHandle {
    /// How a processor takes frames.
    public struct Entry: Sendable, Hashable {
        /// How many frames may wait for it.
        public let queueSize: Int
        /// The number of the program that sees the frames there.
        public let programID: UInt32?
    }

    let checked: CheckedMap

    public var fileDescriptor: CInt { checked.descriptor.rawValue }
    public var name: String { checked.name }
    /// The number of places: processors above cannot be named.
    public var count: Int { checked.maxEntries }

    public init(adopting fileDescriptor: CInt) throws(BPFError) {
        checked = try CheckedMap(adopting: Descriptor(adopting: fileDescriptor), keySize: 4, valueSize: nil, kind: "CPUMap") {
            $0 == .cpuMap
        }
    }

    /// Makes a map of processors, at most as many as are possible here.
    public static func create(name: String, count: Int) throws(BPFError) -> CPUMap {
        try CPUMap(adopting: Descriptor(creating: .cpuMap, name: name, keySize: 4, valueSize: 8, maxEntries: count).release())
    }

    /// Has a processor take frames, of which so many may wait for it; 0 takes it out.
    public func set(queueSize: Int, forCPU cpu: UInt32) throws(BPFError) {
        try checked.setRedirect(UInt32(clamping: queueSize), program: 0, forKey: cpu)
    }

    /// Has a processor take frames and run a program on them, an XDP program made for a CPU map (`SEC("xdp/cpumap")`). Requires Linux
    /// 5.9 and values of 8 bytes.
    public func set(queueSize: Int, program: borrowing Program, forCPU cpu: UInt32) throws(BPFError) {
        try checked.setRedirect(UInt32(clamping: queueSize), program: program.fileDescriptor, forKey: cpu)
    }

    /// How a processor takes frames, or nothing if it takes none.
    public func entry(forCPU cpu: UInt32) throws(BPFError) -> Entry? {
        guard let (size, program) = try checked.redirect(forKey: cpu), size != 0 else { return nil }
        return Entry(queueSize: Int(size), programID: program)
    }

    /// Takes a processor out; says whether it was there.
    @discardableResult
    public func remove(cpu: UInt32) throws(BPFError) -> Bool {
        if try entry(forCPU: cpu) == nil { return false }
        return try checked.remove(key: cpu)
    }
}

extension CheckedMap {
    /// Sets a number, and a program behind it where the values have room.
    fileprivate func setRedirect(_ number: UInt32, program: CInt, forKey key: UInt32) throws(BPFError) {
        if valueSize == 8 {
            // The program's descriptor stands in the upper half, on every machine this library runs on.
            try set(UInt64(number) | UInt64(UInt32(bitPattern: program)) << 32, forKey: key)
        } else if program == 0 {
            try set(number, forKey: key)
        } else {
            throw BPFError(
                .update, "map \(name)", reason: "its values of \(valueSize) bytes have no room for a program",
                remedy: "declare them as struct bpf_devmap_val or bpf_cpumap_val")
        }
    }

    fileprivate func redirect(forKey key: UInt32) throws(BPFError) -> (number: UInt32, programID: UInt32?)? {
        if valueSize == 8 {
            guard let value: UInt64 = try value(forKey: key) else { return nil }
            let program = UInt32(truncatingIfNeeded: value >> 32)
            return (UInt32(truncatingIfNeeded: value), program == 0 ? nil : program)
        }
        guard let value: UInt32 = try value(forKey: key) else { return nil }
        return (value, nil)
    }
}
