extension HostPolicy {
    /// The document that says what this policy is, fields at their default left out.
    public var output: OutputValue {
        var spec: [(String, OutputValue)] = [("tier", .text(tier.rawValue)), ("priority", .integer(priority))]
        if let interfaces { spec.append(("interfaces", .list(interfaces.output))) }
        if mode != .enforce { spec.append(("mode", .text(mode.rawValue))) }
        if !ingress.isEmpty || egress.isEmpty { spec.append(("ingress", .list(ingress.map { $0.output(.ingress) }))) }
        if !egress.isEmpty { spec.append(("egress", .list(egress.map { $0.output(.egress) }))) }
        return Document.output(.hostPolicy, name, labels, spec)
    }
}

extension AddressSet {
    /// The document that says what this set is; entries of list files and of run time are in no document.
    public var output: OutputValue {
        var spec: [(String, OutputValue)] = []
        let entries = addresses.map(\.description) + sets.map { "set:\($0)" }
        if !entries.isEmpty || files.isEmpty { spec.append(("addresses", .list(entries.map { .text($0) }))) }
        if !files.isEmpty { spec.append(("files", .list(files.map { .text($0) }))) }
        return Document.output(.addressSet, name, labels, spec)
    }
}

extension Document {
    /// The document without the comments and the layout of its text.
    public var output: OutputValue {
        switch value {
        case .policy(let policy): policy.output
        case .set(let set): set.output
        case .probe(let probe): probe.output
        }
    }

    static func output(
        _ kind: Kind, _ name: String, _ labels: [String: String], _ spec: [(String, OutputValue)]
    ) -> OutputValue {
        var metadata: [(String, OutputValue)] = [("name", .text(name))]
        if !labels.isEmpty {
            metadata.append(("labels", .mapping(labels.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })))
        }
        return .mapping([
            ("apiVersion", .text(DocumentReader.apiVersion)), ("kind", .text(kind.rawValue)), ("metadata", .mapping(metadata)),
            ("spec", .mapping(spec)),
        ])
    }
}

extension Rule {
    /// The rule as it stands in a document, fields that match everything left out.
    public func output(_ direction: Direction) -> OutputValue {
        var fields: [(String, OutputValue)] = [("name", .text(name)), ("action", .text(action.rawValue))]
        func add(_ key: String, _ values: [OutputValue]) {
            if !values.isEmpty { fields.append((key, .list(values))) }
        }
        add("protocol", protocols.map(\.output))
        add("ports", ports.map(\.output))
        add("sourcePorts", sourcePorts.map(\.output))
        add("icmp", icmp.map { .text($0.text) })
        add(direction == .ingress ? "from" : "to", remote.output)
        add("local", local.output)
        if let interfaces { fields.append(("interfaces", .list(interfaces.output))) }
        if log != Self.defaultLog(action) { fields.append(("log", .text(log.rawValue))) }
        if let mode { fields.append(("mode", .text(mode.rawValue))) }
        if let expires { fields.append(("expires", .text(expires.description))) }
        if established != .judge { fields.append(("established", .text(established.rawValue))) }
        return .mapping(fields)
    }
}

extension ProtocolMatch {
    fileprivate var output: OutputValue {
        if case .number(let number) = self, ProtocolName.name(of: number) == nil { return .integer(Int(number)) }
        return .text(description)
    }
}

extension PortRange {
    fileprivate var output: OutputValue { lower == upper ? .integer(Int(lower)) : .text(description) }
}

extension AddressMatch {
    fileprivate var output: [OutputValue] {
        positives.map { .text($0.description) } + negatives.map { .text("!\($0)") }
    }
}

extension InterfaceSelector {
    /// The patterns; every interface is a glob, as an empty list is none in a document.
    fileprivate var output: [OutputValue] { patterns.isEmpty ? [.text("*")] : patterns.map { .text($0) } }
}
