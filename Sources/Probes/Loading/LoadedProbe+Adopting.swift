internal import BPF
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
            let told = try ToldLosses(pinnedAt: pins.told)
            var streams: [ProbeEventStream] = []
            for (place, source) in plan.sources.enumerated() {
                let before = try told.count(ofStream: place)
                streams.append(
                    try ProbeEventStream(
                        probe.name, source, told: (told, place),
                        ring: { (map, loss) throws(BPFError) in
                            guard let loss else { return try RingBuffer(pinnedAt: pins.map(map)) }
                            return try RingBuffer(
                                pinnedAt: pins.map(map), lossCounter: PerCPUMap(pinnedAt: pins.map(loss)), lossesTold: before)
                        },
                        perf: { (map, loss) throws(BPFError) in
                            guard let loss else { return try PerfBuffer(pinnedAt: pins.map(map)) }
                            return try PerfBuffer(
                                pinnedAt: pins.map(map), lossCounter: PerCPUMap(pinnedAt: pins.map(loss)), lossesTold: before)
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
