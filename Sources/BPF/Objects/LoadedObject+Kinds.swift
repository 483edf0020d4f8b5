import CLibBPF

/// Maps of the kinds that are no tables of keys and values.
extension LoadedObject {
    /// A queue or stack of the object.
    public func queue<Element: BitwiseCopyable>(_ name: String, of element: Element.Type = Element.self) throws(BPFError) -> QueueMap<
        Element
    > {
        try checkLayout(of: name, key: UInt32.self, value: Element.self)
        return try QueueMap(adopting: duplicate(map: name))
    }

    /// A bloom filter of the object.
    public func bloomFilter<Element: BitwiseCopyable>(
        _ name: String, of element: Element.Type = Element.self
    ) throws(BPFError) -> BloomFilter<Element> {
        try checkLayout(of: name, key: UInt32.self, value: Element.self)
        return try BloomFilter(adopting: duplicate(map: name))
    }

    /// Local storage of the object: values of sockets, tasks, files or cgroups.
    public func localStorage<Value: BitwiseCopyable>(
        _ name: String, of value: Value.Type = Value.self
    ) throws(BPFError) -> LocalStorage<Value> {
        try checkLayout(of: name, key: UInt32.self, value: Value.self)
        return try LocalStorage(adopting: duplicate(map: name))
    }

    /// A map of stack traces of the object.
    public func stackTraces(_ name: String) throws(BPFError) -> StackTraces { try StackTraces(adopting: duplicate(map: name)) }

    /// A map of sockets of the object: sockmap, sockhash or the sockets of a reuse-port group.
    public func socketMap<Key: BitwiseCopyable>(_ name: String, key: Key.Type = Key.self) throws(BPFError) -> SocketMap<Key> {
        try SocketMap(adopting: duplicate(map: name))
    }

    /// An array of perf events, cgroups or AF_XDP sockets of the object.
    public func descriptorArray(_ name: String) throws(BPFError) -> DescriptorArray { try DescriptorArray(adopting: duplicate(map: name)) }

    /// A map of interfaces of the object.
    public func deviceMap(_ name: String) throws(BPFError) -> DeviceMap { try DeviceMap(adopting: duplicate(map: name)) }

    /// A map of processors of the object.
    public func cpuMap(_ name: String) throws(BPFError) -> CPUMap { try CPUMap(adopting: duplicate(map: name)) }
}
