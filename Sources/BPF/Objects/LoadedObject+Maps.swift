import CLibBPF

extension LoadedObject {
    /// A map of the object as keys and values of the given types.
    ///
    /// - Throws: `BPFError` if there is no such map, it is of a kind `Map` does not serve, or the types do not have its layout.
    public func map<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        _ name: String, key: Key.Type = Key.self, value: Value.Type = Value.self
    ) throws(BPFError) -> Map<Key, Value> {
        try checkLayout(of: name, key: Key.self, value: Value.self)
        return try Map(adopting: duplicate(map: name))
    }

    /// A per-CPU map of the object.
    public func perCPUMap<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        _ name: String, key: Key.Type = Key.self, value: Value.Type = Value.self
    ) throws(BPFError) -> PerCPUMap<Key, Value> {
        try checkLayout(of: name, key: Key.self, value: Value.self)
        return try PerCPUMap(adopting: duplicate(map: name))
    }

    /// A memory-mapped array of the object, declared with `BPF_F_MMAPABLE`.
    public func mappedArray<Value: BitwiseCopyable>(_ name: String, of value: Value.Type = Value.self) throws(BPFError) -> MappedArray<
        Value
    > {
        try checkLayout(of: name, key: UInt32.self, value: Value.self)
        return try MappedArray(adopting: duplicate(map: name))
    }

    /// An array of the object that is written now and then, declared with `BPF_F_MMAPABLE`.
    public func windowedArray<Value: BitwiseCopyable>(
        _ name: String, of value: Value.Type = Value.self
    ) throws(BPFError) -> WindowedArray<Value> {
        try checkLayout(of: name, key: UInt32.self, value: Value.self)
        return try WindowedArray(adopting: duplicate(map: name))
    }

    /// A program array of the object, the table of tail calls.
    public func programArray(_ name: String) throws(BPFError) -> ProgramArray {
        try ProgramArray(adopting: duplicate(map: name))
    }

    /// An array or hash of maps of the object.
    public func mapOfMaps<Key: BitwiseCopyable>(_ name: String, key: Key.Type = Key.self) throws(BPFError) -> MapOfMaps<Key> {
        try checkLayout(of: name, key: Key.self, value: UInt32.self)
        return try MapOfMaps(adopting: duplicate(map: name))
    }

    /// The descriptor of a map of any kind, for `OpenObject.reuse(descriptor:asMap:)`. It is the object's and closed with it.
    public func withMapDescriptor<R>(_ name: String, _ body: (CInt) throws(BPFError) -> R) throws(BPFError) -> R {
        try body(unsafe bpf_map__fd(try handle.map(named: name, for: .find)))
    }

    /// The kernel's description of a map of any kind.
    public func mapInfo(_ name: String) throws(BPFError) -> MapInfo {
        try MapInfo(descriptor: unsafe bpf_map__fd(try handle.map(named: name, for: .find)), subject: "map \(name)")
    }

    /// Pins a map of any kind at a path of a bpf filesystem.
    public func pinMap(_ name: String, at path: String) throws(BPFError) {
        let map = unsafe try handle.map(named: name, for: .pin)
        try check(.pin, "map \(name) at \(path)") { unsafe bpf_obj_pin(bpf_map__fd(map), path) }
    }

    /// A descriptor of its own for a map. The caller closes it.
    func duplicate(map name: String) throws(BPFError) -> CInt {
        let map = unsafe try handle.map(named: name, for: .find)
        return try Descriptor(duplicating: unsafe bpf_map__fd(map), for: "map \(name)").release()
    }

    func checkLayout<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        of name: String, key: Key.Type, value: Value.Type
    ) throws(BPFError) {
        let map = unsafe try handle.map(named: name, for: .find)
        let kind = unsafe MapDescription(map).type
        if let type = try keyType(ofMap: name) {
            let isHashed = [.hash, .lruHash, .perCPUHash, .lruPerCPUHash, .hashOfMaps].contains(kind)
            let padding = type.paddingCount
            if isHashed, padding > 0 {
                throw BPFError(
                    .find, "map \(name)", reason: "its key has \(padding) bytes of padding, which would be part of the key",
                    remedy: "declare them as fields, and set them to zero")
            }
            // What the kernel takes for an index or a descriptor is one, declared as a signed number or not.
            let isNumbered = [.array, .perCPUArray, .arrayOfMaps].contains(kind) || kind.isLocalStorage
            try compare(TypeLayout(Key.self), type, "key", of: name, withSign: !isNumbered)
        }
        if let type = try valueType(ofMap: name) {
            try compare(TypeLayout(Value.self), type, "value", of: name, withSign: !kind.isMapOfMaps)
        }
    }

    /// - Parameter withSign: Whether it matters that a number may be negative.
    private func compare(
        _ layout: TypeLayout, _ type: TypeDescription, _ role: String, of map: String, withSign: Bool = true
    ) throws(BPFError) {
        if !withSign, case .integer(var integer) = type.resolved {
            integer.isSigned.toggle()
            if layout.difference(from: .integer(integer)) == nil { return }
        }
        if let difference = layout.difference(from: type) {
            throw BPFError(.find, "map \(map)", reason: "its \(role) is not a \(layout.name): \(difference)")
        }
    }
}

/// Buffers of records.
extension LoadedObject {
    /// The consuming end of a ring buffer of the object.
    ///
    /// - Parameter lossCounter: The name of a per-CPU array of `__u64` in whose element 0 the programs count records they could not write.
    ///   Without it the one called as the ring with `_lost` behind, if there is one.
    public func ringBuffer(_ name: String, lossCounter: String? = nil) throws(BPFError) -> RingBuffer {
        try RingBuffer(adopting: duplicate(map: name), lossCounter: self.lossCounter(lossCounter, of: name))
    }

    /// The consuming end of a perf event array of the object.
    ///
    /// - Parameters:
    ///   - pagesPerCPU: The size of each CPU's buffer in pages, a power of two.
    ///   - lossCounter: The name of a per-CPU array of `__u64` in whose element 0 the programs count records they could not write. Without
    ///     it the one called as the buffer with `_lost` behind, if there is one.
    public func perfBuffer(_ name: String, pagesPerCPU: Int = 64, lossCounter: String? = nil) throws(BPFError) -> PerfBuffer {
        try PerfBuffer(
            adopting: duplicate(map: name), pagesPerCPU: pagesPerCPU, lossCounter: self.lossCounter(lossCounter, of: name))
    }

    /// The producing end of a user ring buffer of the object. Requires Linux 6.1.
    public func userRingBuffer(_ name: String) throws(BPFError) -> UserRingBuffer {
        try UserRingBuffer(adopting: duplicate(map: name))
    }

    private func lossCounter(_ given: String?, of name: String) throws(BPFError) -> PerCPUMap<UInt32, UInt64>? {
        if let given { return try perCPUMap(given) }
        let usual = "\(name)_lost"
        let isThere = maps.contains { $0.name == usual && $0.type == .perCPUArray && $0.keySize == 4 && $0.valueSize == 8 }
        // Its sizes suffice: a count is one whether its type may be negative or not.
        return isThere ? try PerCPUMap(adopting: duplicate(map: usual)) : nil
    }

    /// The consuming end of a ring buffer whose records are of a type, which is held against what the object says of them.
    ///
    ///     let ring = try object.ringBuffer("events", of: file_open.self)
    ///     for try await batch in ring.batches() { batch.forEach(as: file_open.self) { print($0.pid) } }
    ///
    /// - Parameters:
    ///   - type: How C spells the records' type; without it what the map was declared with, else the struct of the Swift type's name.
    ///   - lossCounter: The name of a per-CPU array of `__u64` in whose element 0 the programs count records they could not write.
    /// - Throws: `BPFError` also if the layouts differ, with both side by side, or the object does not know the type.
    public func ringBuffer<Record: BitwiseCopyable>(
        _ name: String, of record: Record.Type, type: String? = nil, lossCounter: String? = nil
    ) throws(BPFError) -> RingBuffer {
        try checkRecord(record, type: type, of: name)
        return try ringBuffer(name, lossCounter: lossCounter)
    }

    /// The consuming end of a perf event array whose records are of a type, which is held against what the object says of them.
    ///
    /// - Parameters:
    ///   - type: How C spells the records' type; without it what the map was declared with, else the struct of the Swift type's name.
    ///   - pagesPerCPU: The size of each CPU's buffer in pages, a power of two.
    /// - Throws: `BPFError` also if the layouts differ, with both side by side, or the object does not know the type.
    public func perfBuffer<Record: BitwiseCopyable>(
        _ name: String, of record: Record.Type, type: String? = nil, pagesPerCPU: Int = 64
    ) throws(BPFError) -> PerfBuffer {
        try checkRecord(record, type: type, of: name)
        return try perfBuffer(name, pagesPerCPU: pagesPerCPU)
    }

    private func checkRecord<Record: BitwiseCopyable>(_ record: Record.Type, type: String?, of map: String) throws(BPFError) {
        let layout = TypeLayout(Record.self)
        let declared: TypeDescription
        if let type {
            declared = try types.type(named: type)
        } else if let type = try valueType(ofMap: map), type.composite != nil {
            declared = type
        } else {
            declared = try types.type(named: "struct \(layout.name)")
        }
        try compare(layout, declared, "record", of: map)
    }
}

extension BTF {
    /// Holds a Swift or imported C type against one of these, field by field.
    ///
    /// - Throws: `BPFError` whose reason shows both side by side if they differ, or if there is no such type.
    public func checkLayout<T: BitwiseCopyable>(of type: T.Type, as name: String) throws(BPFError) {
        let layout = TypeLayout(T.self)
        if let difference = try layout.difference(from: self.type(named: name)) {
            throw BPFError(.find, name, reason: "a \(layout.name) is something else: \(difference)")
        }
    }
}
