internal import PolicyModel

/// Reads the NetworkPolicies of one file.
struct NetworkPolicyReader {
    let path: String
    private(set) var hasRead = false

    init(path: String) {
        self.path = path
    }

    private func error(_ node: YAMLNode, _ message: String) -> ImportError {
        ImportError(file: path, line: node.line, message)
    }

    private func finding(_ node: YAMLNode, _ text: String, _ reason: String) -> ImportFinding {
        ImportFinding(.notExpressed, file: path, line: node.line, text: text, reason)
    }

    mutating func read(_ root: YAMLNode, _ all: inout NetworkPolicies) throws(ImportError) {
        hasRead = true
        guard let kind = root["kind"]?.text else { throw error(root, "expected a document of Kubernetes with 'kind: NetworkPolicy'") }
        switch kind {
        case "List", "NetworkPolicyList":
            guard let items = root["items"]?.list else { throw error(root, "\(kind): expected a list 'items'") }
            for item in items { try policy(item, &all) }
        default: try policy(root, &all)
        }
    }

    private func policy(_ root: YAMLNode, _ all: inout NetworkPolicies) throws(ImportError) {
        let name = root["metadata"]?["name"]?.text ?? "unnamed"
        let kind = root["kind"]?.text ?? "NetworkPolicy"
        let identity = "\(kind) \(name)"
        guard kind == "NetworkPolicy", (root["apiVersion"]?.text ?? "networking.k8s.io/v1") == "networking.k8s.io/v1" else {
            all.findings.append(finding(root, identity, "only NetworkPolicy of networking.k8s.io/v1 is imported"))
            return
        }
        guard let spec = root["spec"], case .mapping = spec.content else { throw error(root, "\(identity): expected a mapping 'spec'") }
        let namespace = root["metadata"]?["namespace"]?.text ?? "default"
        guard (all.namespace ?? namespace) == namespace else {
            all.findings.append(
                finding(
                    root, identity, "is of namespace \(namespace), and those before of \(all.namespace ?? ""): they select different pods"))
            return
        }
        guard let selector = spec["podSelector"], selector.isNull || selector.keys.isEmpty, selector.list == nil else {
            let node = spec["podSelector"] ?? spec
            all.findings.append(
                finding(
                    node, identity, "selects some pods by label, and policies are for the whole host; podSelector: {} is the one for all"))
            return
        }
        all.namespace = namespace
        for unknown in spec.keys where !["podSelector", "policyTypes", "ingress", "egress"].contains(unknown) {
            all.findings.append(finding(spec, "\(identity): \(unknown)", "is not known, and may change what the policy means"))
        }
        let types = spec["policyTypes"]?.list?.compactMap(\.text)
        for direction in Direction.allCases {
            let key = direction.rawValue
            let isMeant = types?.contains { $0.lowercased() == key } ?? (direction == .ingress || spec["egress"] != nil)
            guard isMeant else { continue }
            let origin = Origin(file: path, line: root.line, chain: name, text: "\(identity): \(key), what is not allowed", number: "rest")
            if all.isolated[direction] == nil { all.isolated[direction] = origin }
            guard let rules = spec[key], !rules.isNull else { continue }
            guard let list = rules.list else { throw error(rules, "\(identity): \(key): expected a list of rules") }
            for (index, node) in list.enumerated() {
                let origin = Origin(
                    file: path, line: node.line, chain: name, text: "\(identity): \(key) rule \(index + 1)", number: "\(index + 1)")
                try rule(node, direction, origin, &all)
            }
        }
    }

    private func rule(_ node: YAMLNode, _ direction: Direction, _ origin: Origin, _ all: inout NetworkPolicies) throws(ImportError) {
        let peersKey = direction == .ingress ? "from" : "to"
        for key in node.keys where key != peersKey && key != "ports" {
            all.findings.append(finding(node, "\(origin.text): \(key)", "is not known; the rule is left out"))
            return
        }
        var problems: [ImportFinding] = []
        let boxes = try peers(node[peersKey], origin, &problems)
        let matches = try ports(node["ports"], origin, &problems)
        all.findings += problems
        for var match in matches {
            for box in boxes {
                if direction == .ingress { match.source = box } else { match.destination = box }
                all.allowed[direction, default: []].append(FlatRule(match: match, action: .allow, log: nil, origin: origin))
            }
        }
    }

    /// The addresses of the other side; one entry that is any where all are meant, none where nothing of it can be said.
    private func peers(_ node: YAMLNode?, _ origin: Origin, _ findings: inout [ImportFinding]) throws(ImportError) -> [AddressBox] {
        guard let node, !node.isNull else { return [AddressBox()] }
        guard let list = node.list else { throw error(node, "\(origin.text): expected a list of peers") }
        if list.isEmpty { return [AddressBox()] }
        var boxes: [AddressBox] = []
        for peer in list {
            guard let block = peer["ipBlock"], peer.keys.count == 1 else {
                findings.append(
                    finding(
                        peer, "\(origin.text): \(peer.keys.joined(separator: ", "))",
                        "selects pods or namespaces by label, whose addresses are not known; what it allows is denied"))
                continue
            }
            boxes.append(try self.block(block, origin))
        }
        return boxes
    }

    private func block(_ node: YAMLNode, _ origin: Origin) throws(ImportError) -> AddressBox {
        func prefix(_ node: YAMLNode) throws(ImportError) -> CIDR {
            guard let text = node.text, let prefix = try? Vocabulary.prefix(text) else {
                throw error(node, "\(origin.text): expected a prefix such as 192.0.2.0/24")
            }
            return prefix
        }
        let cidr = try prefix(node["cidr"] ?? node)
        var except: [CIDR] = []
        if let list = node["except"], !list.isNull {
            guard let elements = list.list else { throw error(list, "\(origin.text): except: expected a list of prefixes") }
            for element in elements { except.append(try prefix(element)) }
        }
        var box = AddressBox(v4: Ranges([], bits: 32), v6: Ranges([], bits: 128))
        box[cidr.family] = Ranges([cidr], cidr.family).subtracting(Ranges(except, cidr.family))
        return box
    }

    /// The protocols and ports; one match for each protocol. Where none can be said, nothing is allowed.
    private func ports(_ node: YAMLNode?, _ origin: Origin, _ findings: inout [ImportFinding]) throws(ImportError) -> [Match] {
        guard let node, !node.isNull else { return [Match()] }
        guard let list = node.list else { throw error(node, "\(origin.text): expected a list of ports") }
        if list.isEmpty { return [Match()] }
        var byProtocol: [UInt8: [ClosedRange<UInt128>]] = [:]
        for entry in list {
            let name = entry["protocol"]?.text ?? "TCP"
            guard let number = ["TCP": UInt8(6), "UDP": 17, "SCTP": 132][name.uppercased()] else {
                throw error(entry, "\(origin.text): protocol: expected TCP, UDP or SCTP")
            }
            guard let port = entry["port"], !port.isNull else {
                byProtocol[number, default: []].append(0...65535)
                continue
            }
            guard let text = port.text, let lower = UInt16(text) else {
                findings.append(
                    finding(
                        port, "\(origin.text): port \(port.text ?? port.kindInWords)",
                        "a port by name is one that each pod defines; what it allows is denied"))
                continue
            }
            var upper = lower
            if let end = entry["endPort"], !end.isNull {
                guard let number = end.text.flatMap({ UInt16($0) }), number >= lower else {
                    throw error(end, "\(origin.text): endPort: expected a port that is not below \(lower)")
                }
                upper = number
            }
            byProtocol[number, default: []].append(UInt128(lower)...UInt128(upper))
        }
        return byProtocol.sorted { $0.key < $1.key }.map { number, ranges in
            var match = Match()
            match.protocols = .numbers([number])
            match.ports = Ranges(ranges, bits: 16)
            return match
        }
    }
}
