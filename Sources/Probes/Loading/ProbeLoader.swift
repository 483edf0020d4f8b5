internal import BPF
public import PolicyModel
internal import Synchronization

/// Puts a probe into the kernel, or in the place of another.
///
/// ```swift
/// var loader = try ProbeLoader(document, object: bytes, pins: nil)
/// let probe = try loader.load(replacing: nil)
/// for try await batch in probe.streams[0].batches { … }
/// ```
///
/// The bytes are opened and loaded in this process: those of a stranger are to be looked at by an ``Inspection`` and loaded by a ``ProbeTrial``
/// first.
public struct ProbeLoader: Sendable {
    /// What the document says.
    public let probe: Probe
    private let document: Document
    let bytes: [UInt8]
    let pins: ProbePins?

    /// - Parameters:
    ///   - document: A document of kind Probe.
    ///   - bytes: The object it names.
    ///   - pins: Where to pin it; nil has it end with this process.
    /// - Throws: ``ProbeError`` if the bytes are not those whose SHA-256 the document tells.
    public init(_ document: Document, object bytes: [UInt8], pins: ProbePins?) throws(ProbeError) {
        guard case .probe(let probe) = document.value else { throw ProbeError("\(document.identity) is no probe") }
        self.probe = probe
        self.bytes = bytes
        self.pins = pins
        self.document = document
        if let expected = probe.sha256 {
            let found = SHA256Digest(of: bytes)
            guard found == expected else {
                throw ProbeError("refused: the object \(probe.object) has SHA-256 \(found), and the document wants \(expected)")
            }
        }
    }

    /// Loads and attaches the programs.
    ///
    /// Where another probe is replaced, each of its links whose target stays is updated to the new program in one step, if the kernel can do
    /// that for its kind. Of the other kinds the new program is attached before that of the other probe is let go, so that nothing is
    /// missed, and something may be seen by both; where only one can be, the other is let go first. If anything fails the other probe
    /// stays as it was, or the error says what of it could not be put back.
    ///
    /// - Parameter old: A probe whose place it takes; it is to be ended by ``LoadedProbe/unload()`` once this one is accepted.
    /// - Parameter isTrial: Whether to stop before anything is attached. That the kernel attaches a program is not known then.
    public func load(replacing old: LoadedProbe? = nil, isTrial: Bool = false) throws(ProbeError) -> LoadedProbe {
        // Programs that may be left out, and were refused only when they came to be attached.
        var refused: [String: BPFError] = [:]
        while true {
            if let probe = try load(replacing: old, isTrial: isTrial, leavingOut: &refused) { return probe }
        }
    }

    /// - Returns: Nothing if the kernel refused to attach a program that may be left out, which then is among those refused.
    private func load(
        replacing old: LoadedProbe?, isTrial: Bool, leavingOut refused: inout [String: BPFError]
    ) throws(ProbeError) -> LoadedProbe? {
        var object = try kernel { () throws(BPFError) in try OpenObject(.bytes(bytes, name: probe.name)) }
        let plan = try plan(for: object)
        try kernel { () throws(BPFError) in try edit(&object, plan) }
        try checkMemory(before: object)
        var takeover = Takeover(old)
        let loaded = LoadedObjectHolder(try load(object, plan, takeover, isTrial: isTrial, leavingOut: refused))
        let memory = try checkMemory(of: loaded.object)
        let told = try kernel { () throws(BPFError) in pins == nil ? nil : try ToldLosses(streams: plan.sources.count) }
        let streams = try kernel { () throws(BPFError) in try makeStreams(plan, loaded.object, told) }
        let readers = try kernel { () throws(BPFError) in try makeReaders(loaded.object) }
        let leftOut = Set(loaded.object.leftOut.map(\.name))
        let wishes = plan.programs.filter { !leftOut.contains($0.name) }.flatMap { program in
            program.targets.map { Takeover.Wish(program: program.name, target: $0) }
        }
        // What is not pinned of a probe that was to be.
        var unpinned: [String] = []
        // What only attaching would show.
        var unknown: [String] = []
        if isTrial {
            unknown = try checkTargets(wishes)
        } else {
            // Taken back once that is undone, or pinned as another generation; else by the end of the other probe.
            try old?.pins?.markHandedOn()
            do throws(Takeover.Refusal) {
                try takeover.attach(wishes, of: loaded.object)
            } catch {
                try undo(&takeover, after: refusal(error.error))
                guard dispensable.contains(error.program), refused[error.program] == nil else { throw refusal(error.error) }
                refused[error.program] = error.error
                return nil
            }
            do throws(ProbeError) {
                unpinned = try pin(loaded.object, takeover.held, told)
            } catch {
                try undo(&takeover, after: error)
                throw error
            }
            takeover.accept()
            if pins != nil && unpinned.isEmpty { old?.pins?.unmarkHandedOn() }
        }
        let isPinned = pins != nil && !isTrial && unpinned.isEmpty
        return LoadedProbe(
            probe, programs: programs(loaded.object, plan, takeover.held), maps: maps(loaded.object, streams), streams: streams,
            readers: readers, memoryBytes: memory, pins: isPinned ? pins : nil,
            warnings: warnings(plan, unpinned: unpinned) + unknown, attachments: takeover.held, object: loaded)
    }

    /// What an operator should know of a probe that is loaded, or would be.
    ///
    /// - Parameter unpinned: The targets that the kernel keeps for no one.
    func warnings(_ plan: ProbePlan, unpinned: [String] = []) -> [String] {
        guard pins != nil else { return [] }
        guard unpinned.isEmpty else {
            return [
                "the kernel cannot keep \(unpinned.joined(separator: ", ")) without policyd: while policyd is not running the probe is not"
            ]
        }
        return plan.sources.filter { $0.type == .perfEventArray }.map { source in
            let counted = source.lossCounter == nil ? ", and not counted unless the programs count it in \(source.map)_lost" : ""
            return "\(source.map) is a perf event array, whose buffers are those of who reads them: while policyd is not running, what "
                + "programs write there is lost\(counted); a ring buffer keeps it"
        }
    }

    /// What the object makes of the document.
    func plan(for object: borrowing OpenObject) throws(ProbeError) -> ProbePlan {
        try ProbePlan(probe, DocumentReporter(document), object)
    }

    /// Does something with the kernel, whose refusal is this probe's.
    func kernel<Result: ~Copyable>(_ body: () throws(BPFError) -> Result) throws(ProbeError) -> Result {
        do throws(BPFError) {
            return try body()
        } catch {
            throw refusal(error)
        }
    }

    func refusal(_ error: BPFError) -> ProbeError {
        ProbeError("probe \(probe.name): \(error)", errno: error.errno == 0 ? nil : error.errno)
    }
}

// MARK: - Before the load

extension ProbeLoader {
    /// Sets what the document says.
    private func edit(_ object: inout OpenObject, _ plan: ProbePlan) throws(BPFError) {
        // Where an object says that a map is to be pinned, that would outlive the probe, and be shared with whoever took the name.
        for map in object.maps where map.pin != nil { try object.setPin(at: nil, ofMap: map.name) }
        for map in probe.maps { try object.setMaxEntries(map.maxEntries, ofMap: map.name) }
        for global in plan.globals { try object.setGlobal(global.name, toBytes: global.bytes) }
        let wanted = Set(plan.programs.map(\.name))
        for program in object.programs where !wanted.contains(program.name) { try object.setAutoload(false, program: program.name) }
        for program in plan.programs {
            // Where the section says the target, it has said it to libbpf already.
            if program.isTold, let target = program.targets.first { try object.setTarget(target, ofProgram: program.name) }
            try object.setAutoload(true, program: program.name)
        }
        for program in probe.programs where program.isOptional { try object.setOptional(program: program.name) }
        for group in probe.alternatives { try object.addAlternatives(group) }
    }

    private func makeStreams(
        _ plan: ProbePlan, _ object: borrowing LoadedObject, _ told: ToldLosses?
    ) throws(BPFError) -> [ProbeEventStream] {
        var streams: [ProbeEventStream] = []
        for (place, source) in plan.sources.enumerated() {
            streams.append(
                try ProbeEventStream(
                    probe.name, source, told: told.map { ($0, place) },
                    ring: { (map, loss) throws(BPFError) in try object.ringBuffer(map, lossCounter: loss) },
                    perf: { (map, loss) throws(BPFError) in try object.perfBuffer(map, lossCounter: loss) }))
        }
        return streams
    }
}

extension ProbeLoader {
    private func makeReaders(_ object: borrowing LoadedObject) throws(BPFError) -> [ProbeMapReader] {
        var readers: [ProbeMapReader] = []
        for map in object.maps where !map.isInternal {
            readers.append(
                try ProbeMapReader(
                    map.name, object.contents(ofMap: map.name), key: object.keyType(ofMap: map.name),
                    value: object.valueType(ofMap: map.name)))
        }
        return readers
    }
}

// MARK: - Limits

extension ProbeLoader {
    /// Refuses maps that would be too large before they are made.
    private func checkMemory(before object: borrowing OpenObject) throws(ProbeError) {
        var sum = 0
        for map in object.maps {
            let (total, overflow) = sum.addingReportingOverflow(ProbeMemory.most(map))
            sum = overflow ? .max : total
            guard sum <= probe.limits.memory else {
                throw ProbeError(
                    "refused: with map \(map.name) of \(ProbeMemory.entries(map)) entries the maps of probe \(probe.name) come to "
                        + "\(overflow ? "more memory than there is" : "about \(sum) bytes"), and its limit is \(probe.limits.memory)")
            }
        }
    }

    /// Refuses what takes more of the kernel's memory than the limit, and says how much it takes.
    private func checkMemory(of object: borrowing LoadedObject) throws(ProbeError) -> Int {
        var sum = 0
        let leftOut = Set(object.leftOut.map(\.name))
        do throws(BPFError) {
            for map in object.maps {
                sum += try object.mapInfo(map.name).memoryBytes ?? 0
                // The kernel counts what such a map begins with.
                if map.type.isLocalStorage { sum += ProbeMemory.most(map) }
            }
            for program in object.programs where !leftOut.contains(program.name) {
                sum += try object.program(program.name).info.memoryBytes ?? 0
            }
        } catch {
            throw refusal(error)
        }
        guard sum <= probe.limits.memory else {
            throw ProbeError(
                "refused: probe \(probe.name) takes \(sum) bytes of the kernel's memory, and its limit is \(probe.limits.memory)")
        }
        return sum
    }
}

// MARK: - After the load

extension ProbeLoader {
    /// Pins maps, programs and attachments, if the probe is to outlive this process and they all can be.
    ///
    /// - Returns: The targets because of which nothing is pinned.
    private func pin(_ object: borrowing LoadedObject, _ held: [HeldAttachment], _ told: ToldLosses?) throws(ProbeError) -> [String] {
        guard let pins else { return [] }
        let others = held.filter { $0.linkCount == nil }.map { "\($0.target)" }
        guard others.isEmpty else { return others }
        try pins.makeFolders()
        do throws(BPFError) {
            for map in object.maps { try object.pinMap(map.name, at: pins.map(map.name)) }
            for name in Set(held.map(\.program)) { try object.program(name).pin(at: pins.program(name)) }
            try told?.pin(at: pins.told)
            for (index, attachment) in held.enumerated() {
                try attachment.pin(at: pins.links(index, count: attachment.linkCount ?? 0))
            }
        } catch {
            pins.removeGeneration()
            throw refusal(error)
        }
        return []
    }

    private func programs(_ object: borrowing LoadedObject, _ plan: ProbePlan, _ held: [HeldAttachment]) -> [LoadedProbe.Program] {
        let reasons = Dictionary(object.leftOut.map { ($0.name, $0.description) }) { first, _ in first }
        return object.programs.map { program in
            LoadedProbe.Program(
                name: program.name, type: "\(program.type)", attached: held.filter { $0.program == program.name }.map { "\($0.target)" },
                leftOut: reasons[program.name])
        }
    }

    private func maps(_ object: borrowing LoadedObject, _ streams: [ProbeEventStream]) -> [LoadedProbe.Map] {
        object.maps.filter { !$0.isInternal }.map { map in
            LoadedProbe.Map(
                name: map.name, type: "\(map.type)", maxEntries: map.maxEntries,
                record: streams.first { $0.map == map.name }?.record)
        }
    }
}
