internal import BPF
internal import PolicyModel

/// What a document asks for, held against the object it names: everything that can be found wrong before the kernel is asked.
struct ProbePlan {
    /// A map that carries events.
    struct Source {
        var map: String
        var type: MapType
        /// What its records are; nil if nobody says it.
        var record: TypeDescription?
        /// The map in which programs count what they could not write.
        var lossCounter: String?
    }

    /// Where each program that is to be loaded goes, in the order in which they are attached; to no place if others call it.
    var programs: [(name: String, targets: [AttachTarget], isTold: Bool)] = []
    /// The bytes of global variables.
    var globals: [(name: String, bytes: [UInt8])] = []
    var sources: [Source] = []

    /// Throws everything that is wrong at once.
    init(_ probe: Probe, _ reporter: DocumentReporter, _ object: borrowing OpenObject) throws(ProbeError) {
        var finder = MistakeFinder(probe, reporter)
        do throws(BPFError) {
            finder.findPrograms(object, &programs)
            finder.findGlobals(object, &globals)
            finder.checkMaps(object)
            try finder.findSources(object, &sources)
        } catch {
            throw ProbeError("\(error)")
        }
        guard finder.found.isEmpty else {
            let count = finder.found.count
            throw ProbeError(
                "refused: the document and the object do not go together: \(count) \(count == 1 ? "error" : "errors")",
                diagnostics: finder.found)
        }
    }
}

/// Looks for what the document says and the object does not have.
private struct MistakeFinder {
    let probe: Probe
    let reporter: DocumentReporter
    var found: [Diagnostic] = []

    init(_ probe: Probe, _ reporter: DocumentReporter) {
        self.probe = probe
        self.reporter = reporter
    }

    private mutating func report(_ location: SourceLocation, _ message: String, suggestion: String? = nil) {
        found.append(reporter.report(.error, at: location, message, suggestion: suggestion))
    }

    /// Reports a name that is not there, with the one that was likely meant, or all there are.
    private mutating func reportMissing(_ what: String, _ name: String, _ location: SourceLocation, among names: [String]) {
        let near = Spelling.nearest(to: name, among: names)
        let others = names.isEmpty ? "it has none" : "it has \(names.prefix(20).joined(separator: ", "))"
        report(location, "\(what): the object has no '\(name)'" + (near == nil ? "; \(others)" : ""), suggestion: near)
    }

    mutating func findPrograms(
        _ object: borrowing OpenObject, _ programs: inout [(name: String, targets: [AttachTarget], isTold: Bool)]
    ) {
        let descriptions = object.programs
        let names = descriptions.map(\.name)
        if descriptions.isEmpty { report(probe.location, "object: it has no program") }
        var said: [String: Probe.Program] = [:]
        for program in probe.programs {
            if names.contains(program.name) {
                said[program.name] = program
            } else {
                reportMissing("programs", program.name, program.location, among: names)
            }
        }
        let alternatives = Set(probe.alternatives.flatMap { $0.flatMap { $0 } })
        for name in alternatives.sorted() where !names.contains(name) {
            reportMissing("alternatives", name, probe.location, among: names)
        }
        // In the order of the document, which may be meant: returns before entries, say. The others follow in that of the file.
        let order = probe.programs.map(\.name)
        let ordered = order.compactMap { name in descriptions.first { $0.name == name } } + descriptions.filter { !order.contains($0.name) }
        for description in ordered {
            // Sections that begin with "?" are left out unless somebody asks for them.
            guard description.isAutoloaded || said[description.name] != nil || alternatives.contains(description.name) else { continue }
            switch said[description.name]?.attachment ?? .bySection {
            case .none: programs.append((description.name, [], true))
            case .targets(let targets): programs.append((description.name, targets.compactMap { read($0) }, true))
            case .bySection:
                if let target = AttachTarget(section: description.section) {
                    programs.append((description.name, [target], false))
                } else {
                    report(
                        said[description.name]?.location ?? probe.location,
                        "programs: the section '\(description.section)' of \(description.name) does not say where to attach it; "
                            + "say it with attach, or attach: none")
                }
            }
        }
        if programs.count > probe.limits.programs {
            report(probe.location, "limits: the object has \(programs.count) programs to load, and the limit is \(probe.limits.programs)")
        }
    }

    private mutating func read(_ target: Probe.Program.Target) -> AttachTarget? {
        do throws(BPFError) {
            return try AttachTarget(text: target.text)
        } catch {
            report(target.location, "attach: \(error.reason.isEmpty ? "\(error)" : "'\(target.text)': \(error.reason)")")
            return nil
        }
    }

    mutating func findGlobals(_ object: borrowing OpenObject, _ globals: inout [(name: String, bytes: [UInt8])]) {
        guard !probe.globals.isEmpty else { return }
        let variables = object.globals
        for global in probe.globals {
            guard let variable = variables.first(where: { $0.name == global.name }) else {
                reportMissing("globals", global.name, global.location, among: variables.map(\.name))
                continue
            }
            do throws(GlobalEncoder.Mismatch) {
                globals.append((global.name, try GlobalEncoder.bytes(of: global.value, as: variable.type)))
            } catch {
                report(global.location, "globals: \(global.name): \(error.words)")
            }
        }
    }

    mutating func checkMaps(_ object: borrowing OpenObject) {
        let maps = object.maps.filter { !$0.isInternal }
        for map in probe.maps {
            guard let described = maps.first(where: { $0.name == map.name }) else {
                reportMissing("maps", map.name, map.location, among: maps.map(\.name))
                continue
            }
            let page = 4_096
            if described.type == .ringBuffer, map.maxEntries < page || map.maxEntries.nonzeroBitCount != 1 {
                report(
                    map.location, "maxEntries: \(map.name) is a ring buffer: \(map.maxEntries) is not a power of two of at least \(page)")
            }
        }
    }

    mutating func findSources(_ object: borrowing OpenObject, _ sources: inout [ProbePlan.Source]) throws(BPFError) {
        let maps = object.maps
        let carriers = maps.filter { [.ringBuffer, .perfEventArray].contains($0.type) }
        var wanted = probe.events
        if wanted.isEmpty { wanted = carriers.map { Probe.EventSource(map: $0.name, location: probe.location) } }
        for event in wanted {
            guard let map = carriers.first(where: { $0.name == event.map }) else {
                if let other = maps.first(where: { $0.name == event.map }) {
                    report(event.location, "events: \(event.map) is a \(other.type), and events come by ring buffer or perf event array")
                } else {
                    reportMissing("events", event.map, event.location, among: carriers.map(\.name))
                }
                continue
            }
            var source = ProbePlan.Source(map: map.name, type: map.type)
            if let record = event.record {
                source.record = try recordType(record, event, object)
            } else {
                source.record = try object.recordType(ofMap: map.name)
            }
            if let counter = maps.first(where: { $0.name == "\(map.name)_lost" }) {
                if counter.type == .perCPUArray, counter.keySize == 4, counter.valueSize == 8 {
                    source.lossCounter = counter.name
                } else {
                    report(event.location, "events: \(counter.name) is to count losses, and is no per-CPU array of 64-bit numbers")
                }
            }
            sources.append(source)
        }
    }

    private mutating func recordType(
        _ name: String, _ event: Probe.EventSource, _ object: borrowing OpenObject
    ) throws(BPFError) -> TypeDescription? {
        let types = try object.types
        guard let id = types.id(named: name) else {
            let names = types.composites.map { String($0.name.drop { $0 != " " }.dropFirst()) }
            reportMissing("record", name, event.location, among: names)
            return nil
        }
        return try types.type(id: id)
    }
}
