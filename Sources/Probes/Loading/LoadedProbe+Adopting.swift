internal import BPF
internal import Glibc
internal import PolicyModel
internal import Synchronization

extension ProbeLoader {
    /// Takes over a probe that was pinned by an earlier process.
    ///
    /// - Parameter before: What that process knew of it.
    /// - Throws: ``ProbeError`` if not everything is there, or a process that was putting another probe in its place was cut short.
    public func adopt(_ before: LoadedProbe.Record) throws(ProbeError) -> LoadedProbe {
        guard let pins, pins.exists, !pins.hasOthers else { throw ProbeError("probe \(probe.name) is not pinned whole") }
        let object = try kernel { () throws(BPFError) in try OpenObject(.bytes(bytes, name: probe.name)) }
        let plan = try plan(for: object)
        return try kernel { () throws(BPFError) in
            var held: [HeldAttachment] = []
            for (index, attachment) in before.attachments.enumerated() {
                held.append(
                    try HeldAttachment(
                        pinnedAt: pins.links(index, count: attachment.links ?? 1), programAt: pins.program(attachment.program),
                        program: attachment.program, id: attachment.programID, target: AttachTarget(text: attachment.target)))
            }
            func lossCounter(_ map: String?) throws(BPFError) -> PerCPUMap<UInt32, UInt64>? {
                guard let map else { return nil }
                return try PerCPUMap(pinnedAt: pins.map(map))
            }
            let told = try ToldLosses(pinnedAt: pins.told)
            var streams: [ProbeEventStream] = []
            for (place, source) in plan.sources.enumerated() {
                let before = try told.count(ofStream: place)
                streams.append(
                    try ProbeEventStream(
                        probe.name, source, told: (told, place),
                        ring: { (map, loss) throws(BPFError) in
                            try RingBuffer(pinnedAt: pins.map(map), lossCounter: lossCounter(loss), lossesTold: before)
                        },
                        perf: { (map, loss) throws(BPFError) in
                            try PerfBuffer(pinnedAt: pins.map(map), lossCounter: lossCounter(loss), lossesTold: before)
                        }))
            }
            var readers: [ProbeMapReader] = []
            for map in object.maps where !map.isInternal {
                let contents = try MapContents(pinnedAt: pins.map(map.name))
                readers.append(
                    try ProbeMapReader(
                        map.name, contents, key: object.keyType(ofMap: map.name), value: object.valueType(ofMap: map.name)))
            }
            return LoadedProbe(
                probe, programs: before.programs, maps: before.maps, streams: streams, readers: readers, memoryBytes: before.memoryBytes,
                pins: pins, warnings: warnings(plan), attachments: held, object: nil)
        }
    }
}

extension ProbeLoader {
    /// Loads and attaches the programs where a probe of the same name, which nobody could take over, has left something in the kernel.
    ///
    /// That goes once the new probe is at work, and stays if the new one is refused. Only where it holds a place that takes one program, or
    /// may be why a program was left out, it goes first; the error says so if the new probe is refused all the same.
    ///
    /// - Parameter probes: The folder of the pins of all probes.
    public func load(overRemainsIn probes: String) throws(ProbeError) -> LoadedProbe {
        do throws(ProbeError) {
            let loaded = try load()
            if loaded.programs.allSatisfy({ $0.leftOut == nil }) {
                if let pins = loaded.pins { pins.removeOthers() } else { try ProbePins.remove(probe.name, in: probes) }
                return loaded
            }
            loaded.unload()
        } catch {
            guard error.errno == EBUSY || error.errno == EEXIST else { throw error }
        }
        try ProbePins.remove(probe.name, in: probes)
        do throws(ProbeError) {
            return try load()
        } catch {
            var refusal = error
            refusal.message += "; what a probe of this name had left in the kernel was in the way, and is no longer there"
            throw refusal
        }
    }
}

extension LoadedProbe {
    /// What another process must know of a pinned probe to take it over.
    public struct Record: Codable, Sendable, Hashable {
        /// An attachment, in the order of the pins.
        public struct Attachment: Codable, Sendable, Hashable {
            public var program: String
            public var target: String
            /// How many links it consists of; nil is one.
            public var links: Int?
            /// The kernel's number of the program; nil in what a policyd before this one wrote.
            public var programID: UInt32?
        }

        public var attachments: [Attachment]
        public var programs: [Program]
        public var maps: [Map]
        public var memoryBytes: Int
    }

    /// What another process must know of it.
    public var record: Record {
        let held = attachments.withLock { $0 }
        return Record(
            attachments: held.map {
                Record.Attachment(program: $0.program, target: "\($0.target)", links: $0.linkCount, programID: $0.programID)
            },
            programs: programs, maps: maps, memoryBytes: memoryBytes)
    }
}
