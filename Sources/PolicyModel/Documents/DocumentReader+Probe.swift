/// Reads the `spec` of a probe.
extension DocumentReader {
    func probe(_ spec: YAMLNode, _ metadata: Metadata?, _ draft: inout Draft) {
        let keys = ["object", "sha256", "globals", "programs", "alternatives", "maps", "events", "limits", "persist"]
        guard let fields = FieldReader(spec, "spec", keys: keys, sink: sink) else { return }
        var probe = Probe(name: metadata?.name ?? "", labels: metadata?.labels ?? [:], object: .file(""), location: draft.location)
        if let node = fields.required("object", of: "spec"), let text = fields.scalar(node, "object"),
            let object = object(text, node, fields)
        {
            probe.object = object
        }
        if let (text, node) = fields.text("sha256") {
            probe.sha256 = SHA256Digest(text)
            if probe.sha256 == nil {
                sink.error(
                    at: node, "sha256: \(FieldReader.quoted(text)) is not a SHA-256: 64 hexadecimal digits, as sha256sum prints them")
            }
        }
        probe.globals = fields.named("globals", "a global variable").compactMap { key, name, value in
            global(value, name).map { Probe.Global(name: name, value: $0, location: sink.location(value)) }
        }
        probe.programs = fields.named("programs", "a program").compactMap { program($0, $1, $2) }
        probe.alternatives = alternatives(fields)
        probe.maps = fields.named("maps", "a map").compactMap { key, name, value in
            guard let map = FieldReader(value, "maps: \(name)", keys: ["maxEntries"], sink: sink) else { return nil }
            guard map.required("maxEntries", of: name) != nil, let count = map.integer("maxEntries", in: 1...Int(UInt32.max)) else {
                return nil
            }
            return Probe.Map(name: name, maxEntries: count, location: sink.location(key))
        }
        probe.events = events(fields)
        limits(fields, &probe.limits)
        if let persist = fields.choice("persist", Flag.self) { probe.persist = persist == .true }
        draft.value = .probe(probe)
    }

    /// `true` or `false`.
    private enum Flag: String, CaseIterable {
        case `true`
        case `false`
    }

    private func object(_ text: String, _ node: YAMLNode, _ fields: FieldReader) -> Probe.Object? {
        if text.isEmpty {
            sink.error(at: node, "object: '' is not a file; name an object file, or bundled:NAME")
            return nil
        }
        guard text.hasPrefix(Probe.Object.bundledPrefix) else { return .file(text) }
        let name = String(text.dropFirst(Probe.Object.bundledPrefix.count))
        return fields.name(name, node, "object: a bundled object's name").map { .bundled($0) }
    }

    /// A value of a global variable; the type that decides what it means is in the object.
    private func global(_ node: YAMLNode, _ name: String, depth: Int = 0) -> Probe.Global.Value? {
        switch node.content {
        case .scalar(let text, _):
            if !node.isNull { return .text(text) }
            sink.error(at: node, "globals: \(name) has no value; leave the key out if none is meant")
            return nil
        case .sequence(let elements):
            if depth < 8 { return .list(elements.compactMap { global($0, name, depth: depth + 1) }) }
            sink.error(at: node, "globals: \(name) is a list of lists more than 8 deep")
            return nil
        case .mapping:
            sink.error(at: node, "globals: \(name): expected a single value or a list, found a mapping")
            return nil
        }
    }

    private func program(_ key: YAMLNode, _ name: String, _ node: YAMLNode) -> Probe.Program? {
        guard let fields = FieldReader(node, "programs: \(name)", keys: ["attach", "optional"], sink: sink) else { return nil }
        var program = Probe.Program(name: name, location: sink.location(key))
        program.isOptional = fields.choice("optional", Flag.self) == .true
        guard fields.key("attach") != nil else { return program }
        let nodes = fields.list("attach")
        var targets: [Probe.Program.Target] = []
        for node in nodes {
            guard let text = fields.scalar(node, "attach") else { continue }
            if text == "none" {
                guard nodes.count > 1 else {
                    program.attachment = .none
                    return program
                }
                sink.error(at: node, "attach: 'none' stands alone; a program is attached or it is not")
            } else if Self.isTarget(text) {
                targets.append(.init(text, location: sink.location(node)))
            } else {
                sink.error(
                    at: node,
                    "attach: \(FieldReader.quoted(text)) is not a place to attach to: KIND:PLACE as in kprobe:do_unlinkat, or 'none'")
            }
        }
        program.attachment = .targets(targets)
        return program
    }

    /// Whether a text is like a place to attach to: a kind in small letters, a colon, a place. Which kinds there are, BPF knows.
    private static func isTarget(_ text: String) -> Bool {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return false }
        // Kinds that are places by themselves.
        if ["sk_lookup", "flow_dissector"].contains(text) || text.hasPrefix("netfilter/") && !text.hasSuffix("/") { return true }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), colon != text.startIndex, !text.hasSuffix(":") else { return false }
        return text.utf8[..<colon].allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "_./-".utf8.contains(byte)
            }
        }
    }

    private func alternatives(_ fields: FieldReader) -> [[[String]]] {
        guard let node = fields.value("alternatives") else { return [] }
        guard case .sequence(let groups) = node.content else {
            sink.error(at: node, "alternatives: expected a list of lists of programs, found \(node.kindInWords)")
            return []
        }
        var seen: Set<String> = []
        func name(_ node: YAMLNode) -> String? {
            guard let name = fields.scalar(node, "alternatives"), fields.identifier(name, node, "alternatives", "a program") else {
                return nil
            }
            if seen.insert(name).inserted { return name }
            sink.error(at: node, "alternatives: \(FieldReader.shown(name)) stands here twice")
            return nil
        }
        return groups.map { group in
            guard case .sequence(let members) = group.content, members.count > 1 else {
                sink.error(
                    at: group, "alternatives: expected a list of two programs or more, of which the first that this kernel takes is used")
                return []
            }
            return members.compactMap { member in
                guard case .sequence(let names) = member.content else { return name(member).map { [$0] } }
                if names.isEmpty { sink.error(at: member, "alternatives: the list is empty; an alternative is a program or several") }
                return names.compactMap(name)
            }
        }
    }

    private func events(_ fields: FieldReader) -> [Probe.EventSource] {
        guard let node = fields.value("events") else { return [] }
        guard case .sequence(let elements) = node.content else {
            sink.error(at: node, "events: expected a list of { map, record }, found \(node.kindInWords)")
            return []
        }
        var maps: Set<String> = []
        return elements.compactMap { element in
            guard let event = FieldReader(element, "event", keys: ["map", "record"], sink: sink),
                let node = event.required("map", of: "event"), let map = event.scalar(node, "map"),
                event.identifier(map, node, "map", "a map")
            else { return nil }
            guard maps.insert(map).inserted else {
                sink.error(at: node, "map: \(FieldReader.shown(map)) stands here twice")
                return nil
            }
            var source = Probe.EventSource(map: map, location: sink.location(element))
            if let (record, node) = event.text("record"), event.identifier(record, node, "record", "a struct") { source.record = record }
            return source
        }
    }

    private func limits(_ fields: FieldReader, _ limits: inout Probe.Limits) {
        guard let node = fields.value("limits"),
            let own = FieldReader(node, "limits", keys: ["memory", "programs", "eventsPerSecond"], sink: sink)
        else { return }
        if let (text, node) = own.text("memory") {
            if let bytes = ByteCount.read(text), (4_096...(1 << 40)).contains(bytes) {
                limits.memory = bytes
            } else {
                sink.error(at: node, "memory: \(FieldReader.quoted(text)) is not a number of bytes such as 64MiB, from 4KiB to 1024GiB")
            }
        }
        if let count = own.integer("programs", in: 1...1_024) { limits.programs = count }
        if let count = own.integer("eventsPerSecond", in: 1...100_000_000) { limits.eventsPerSecond = count }
    }
}

extension FieldReader {
    /// The pairs of a mapping from names that C and ELF know to something.
    ///
    /// - Parameter what: What a name names, for messages: `a program`.
    fileprivate func named(_ field: String, _ what: String) -> [(key: YAMLNode, name: String, value: YAMLNode)] {
        guard let node = value(field) else { return [] }
        guard case .mapping(let pairs) = node.content else {
            sink.error(at: node, "\(field): expected a mapping from the name of \(what), found \(node.kindInWords)")
            return []
        }
        var seen: Set<String> = []
        return pairs.compactMap { pair in
            guard case .scalar(let name, _) = pair.key.content else {
                sink.error(at: pair.key, "\(field): a key has to be a word, not \(pair.key.kindInWords)")
                return nil
            }
            guard identifier(name, pair.key, field, what) else { return nil }
            if seen.insert(name).inserted { return (pair.key, name, pair.value) }
            sink.error(at: pair.key, "\(field): \(Self.shown(name)) stands here twice")
            return nil
        }
    }

    /// Whether a name is one that C can give: reports it if it is not.
    fileprivate func identifier(_ name: String, _ node: YAMLNode, _ field: String, _ what: String) -> Bool {
        func isPart(_ byte: UInt8, first: Bool) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): !first
            default: false
            }
        }
        let bytes = name.utf8
        if (1...127).contains(bytes.count), bytes.enumerated().allSatisfy({ isPart($1, first: $0 == 0) }) { return true }
        sink.error(at: node, "\(field): \(Self.quoted(name)) is not the name of \(what): letters, digits and '_', at most 127 of them")
        return false
    }
}
