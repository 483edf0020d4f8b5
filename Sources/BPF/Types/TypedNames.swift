/// The name of a map with its types, as the build plugin generates it.
///
///     let flows = try loaded.map(EmbeddedObject.Flows.Maps.flows)
///     try flows.set(.init(packets: 1), forKey: .init(address: 0x0100_007f))
public struct MapName<Key: BitwiseCopyable, Value: BitwiseCopyable>: Sendable, Hashable {
    /// The C variable's name.
    public let name: String

    public init(_ name: String) { self.name = name }
}

/// The name of a per-CPU map with its types, as the build plugin generates it.
public struct PerCPUMapName<Key: BitwiseCopyable, Value: BitwiseCopyable>: Sendable, Hashable {
    /// The C variable's name.
    public let name: String

    public init(_ name: String) { self.name = name }
}

/// The name of an array or hash of maps with the type of its keys, as the build plugin generates it.
public struct MapOfMapsName<Key: BitwiseCopyable>: Sendable, Hashable {
    /// The C variable's name.
    public let name: String

    public init(_ name: String) { self.name = name }
}

/// The name of a ring buffer with the type of its records, as the build plugin generates it.
public struct RingBufferName<Record: BitwiseCopyable>: Sendable, Hashable {
    /// The C variable's name.
    public let name: String
    /// The per-CPU array in which the programs count what they could not write, if there is one.
    public let lossCounter: String?
    /// How C spells the records' type, if it is known.
    public let type: String?

    public init(_ name: String, type: String? = nil, lossCounter: String? = nil) {
        self.name = name
        self.type = type
        self.lossCounter = lossCounter
    }
}

/// The name of a perf event array with the type of its records, as the build plugin generates it.
public struct PerfBufferName<Record: BitwiseCopyable>: Sendable, Hashable {
    /// The C variable's name.
    public let name: String
    /// How C spells the records' type, if it is known.
    public let type: String?

    public init(_ name: String, type: String? = nil) {
        self.name = name
        self.type = type
    }
}

/// The name of a map of any other kind, as the build plugin generates it.
public struct UntypedMapName: Sendable, Hashable {
    /// The C variable's name.
    public let name: String

    public init(_ name: String) { self.name = name }
}

/// The name of a program, as the build plugin generates it.
public struct ProgramName: Sendable, Hashable {
    /// The C function's name.
    public let name: String

    public init(_ name: String) { self.name = name }
}

/// The name of a global variable with its type, as the build plugin generates it.
public struct GlobalName<Value: BitwiseCopyable>: Sendable, Hashable {
    /// The C variable's name.
    public let name: String

    public init(_ name: String) { self.name = name }
}

extension OpenObject {
    /// Sets a global variable to the value it has from the load on.
    public mutating func set<Value: BitwiseCopyable>(_ global: GlobalName<Value>, to value: Value) throws(BPFError) {
        try setGlobal(global.name, to: value)
    }

    /// Says whether a program is loaded at all.
    public mutating func setAutoload(_ isOn: Bool, _ program: ProgramName) throws(BPFError) {
        try setAutoload(isOn, program: program.name)
    }
}

extension LoadedObject {
    /// A map of the object.
    public func map<Key: BitwiseCopyable, Value: BitwiseCopyable>(_ map: MapName<Key, Value>) throws(BPFError) -> Map<Key, Value> {
        try self.map(map.name)
    }

    /// A memory-mapped array of the object, declared with `BPF_F_MMAPABLE`.
    public func mappedArray<Value: BitwiseCopyable>(_ map: MapName<UInt32, Value>) throws(BPFError) -> MappedArray<Value> {
        try mappedArray(map.name)
    }

    /// A per-CPU map of the object.
    public func perCPUMap<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        _ map: PerCPUMapName<Key, Value>
    ) throws(BPFError) -> PerCPUMap<Key, Value> {
        try perCPUMap(map.name)
    }

    /// An array or hash of maps of the object.
    public func mapOfMaps<Key: BitwiseCopyable>(_ map: MapOfMapsName<Key>) throws(BPFError) -> MapOfMaps<Key> {
        try mapOfMaps(map.name)
    }

    /// The consuming end of a ring buffer of the object, which counts losses if the object has a counter for them.
    public func ringBuffer<Record: BitwiseCopyable>(_ map: RingBufferName<Record>) throws(BPFError) -> RingBuffer {
        guard let type = map.type else { return try ringBuffer(map.name, lossCounter: map.lossCounter) }
        return try ringBuffer(map.name, of: Record.self, type: type, lossCounter: map.lossCounter)
    }

    /// The consuming end of a perf event array of the object.
    ///
    /// - Parameter pagesPerCPU: The size of each CPU's buffer in pages, a power of two.
    public func perfBuffer<Record: BitwiseCopyable>(
        _ map: PerfBufferName<Record>, pagesPerCPU: Int = 64
    ) throws(BPFError) -> PerfBuffer {
        guard let type = map.type else { return try perfBuffer(map.name, pagesPerCPU: pagesPerCPU) }
        return try perfBuffer(map.name, of: Record.self, type: type, pagesPerCPU: pagesPerCPU)
    }

    /// A loaded program.
    public func program(_ program: ProgramName) throws(BPFError) -> Program { try self.program(program.name) }

    /// The value of a global variable as the programs see it now.
    public func value<Value: BitwiseCopyable>(of global: GlobalName<Value>) throws(BPFError) -> Value { try self.global(global.name) }

    /// Sets a global variable of `.data` or `.bss` while programs run.
    public func set<Value: BitwiseCopyable>(_ global: GlobalName<Value>, to value: Value) throws(BPFError) {
        try setGlobal(global.name, to: value)
    }
}

extension RecordBatch {
    /// Gives each record as a value of a ring buffer's type, in order; shorter records are left out.
    public func forEach<Record: BitwiseCopyable, E: Error>(
        of ring: RingBufferName<Record>, _ body: (Record) throws(E) -> Void
    ) throws(E) {
        try forEach(as: Record.self, body)
    }
}
