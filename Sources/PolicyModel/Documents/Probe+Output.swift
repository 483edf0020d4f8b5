extension Probe {
    /// The document that says what this probe is, fields at their default left out.
    public var output: OutputValue {
        var spec: [(String, OutputValue)] = [("object", .text(object.description))]
        if let sha256 { spec.append(("sha256", .text(sha256.description))) }
        func add(_ key: String, _ pairs: [(String, OutputValue)]) {
            if !pairs.isEmpty { spec.append((key, .mapping(pairs))) }
        }
        add("globals", globals.map { ($0.name, $0.value.output) })
        add("programs", programs.map { ($0.name, $0.output) })
        if !alternatives.isEmpty {
            let groups = alternatives.map { group in
                OutputValue.list(group.map { $0.count == 1 ? .text($0[0]) : .list($0.map { .text($0) }) })
            }
            spec.append(("alternatives", .list(groups)))
        }
        add("maps", maps.map { ($0.name, .mapping([("maxEntries", .integer($0.maxEntries))])) })
        if !events.isEmpty {
            let sources = events.map { source in
                OutputValue.mapping([("map", .text(source.map))] + (source.record.map { [("record", .text($0))] } ?? []))
            }
            spec.append(("events", .list(sources)))
        }
        let usual = Limits()
        var limits: [(String, OutputValue)] = []
        if self.limits.memory != usual.memory { limits.append(("memory", .text(ByteCount.text(self.limits.memory)))) }
        if self.limits.programs != usual.programs { limits.append(("programs", .integer(self.limits.programs))) }
        if self.limits.eventsPerSecond != usual.eventsPerSecond {
            limits.append(("eventsPerSecond", .integer(self.limits.eventsPerSecond)))
        }
        add("limits", limits)
        if persist { spec.append(("persist", .bool(true))) }
        return Document.output(.probe, name, labels, spec)
    }
}

extension Probe.Global.Value {
    fileprivate var output: OutputValue {
        switch self {
        case .text(let text): .text(text)
        case .list(let elements): .list(elements.map(\.output))
        }
    }
}

extension Probe.Program {
    fileprivate var output: OutputValue {
        var fields: [(String, OutputValue)] = []
        switch attachment {
        case .bySection: break
        case .none: fields.append(("attach", .text("none")))
        case .targets(let targets): fields.append(("attach", .list(targets.map { .text($0.text) })))
        }
        if isOptional { fields.append(("optional", .bool(true))) }
        return .mapping(fields)
    }
}
