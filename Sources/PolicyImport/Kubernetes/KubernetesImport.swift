internal import PolicyModel

/// Imports NetworkPolicies of Kubernetes, read as policies for one host that all pods stand for.
///
/// They only allow, and are added up: a direction that one of them isolates allows what any of them allows and denies the rest.
enum KubernetesImport {
    static func run(_ sources: [ImportSource], name: String) throws(ImportError) -> ImportResult {
        var collected = NetworkPolicies()
        for source in sources {
            let composer = YAMLComposer(Array(try source.text().utf8))
            if let error = composer.errors.first {
                throw ImportError(file: source.path, line: error.line, "is not YAML: \(error.message)")
            }
            var reader = NetworkPolicyReader(path: source.path)
            for document in composer.documents where !document.root.isNull { try reader.read(document.root, &collected) }
            if !reader.hasRead { throw ImportError(file: source.path, "holds no document: expected NetworkPolicies") }
        }
        let findings = RulesetImport.sorted(collected.findings, files: sources.map(\.path))
        let title = "Imported by policyctl import kubernetes from \(sources.map(\.path).joined(separator: ", "))"
        return ImportResult(name: name, title: title, rules: collected.rules, sets: [:], findings: findings)
    }
}

/// What NetworkPolicies of one namespace say together.
struct NetworkPolicies {
    /// What is allowed, by direction.
    var allowed: [Direction: [FlatRule]] = [:]
    /// The directions in which what is not allowed is denied, and the policy that says so.
    var isolated: [Direction: Origin] = [:]
    var namespace: String?
    var findings: [ImportFinding] = []

    /// What is allowed, then the rest.
    var rules: [Direction: [FlatRule]] {
        var rules: [Direction: [FlatRule]] = [:]
        for (direction, origin) in isolated {
            rules[direction] = (allowed[direction] ?? []) + [FlatRule(match: Match(), action: .deny, log: nil, origin: origin)]
        }
        return rules
    }
}

extension YAMLNode {
    /// The value of a key of a mapping.
    subscript(key: String) -> YAMLNode? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs.first { pair in
            pair.key.text == key
        }?.value
    }

    /// The text of a single value that is not null.
    var text: String? {
        if case .scalar(let text, _) = content, !isNull { text } else { nil }
    }

    /// The elements of a list; nil if it is none.
    var list: [YAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    /// The keys of a mapping.
    var keys: [String] {
        guard case .mapping(let pairs) = content else { return [] }
        return pairs.map { $0.key.text ?? "" }
    }
}
