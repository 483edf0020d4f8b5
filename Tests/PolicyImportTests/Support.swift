import PolicyImport
import PolicyModel
import Testing

/// Imports texts that stand for files of these names.
func imported(
    _ format: PolicyImporter.Format, _ texts: KeyValuePairs<String, String>, ipset: String? = nil
) throws -> ImportResult {
    var importer = PolicyImporter(format)
    importer.ipset = ipset.map { ImportSource(path: "ipset", bytes: Array($0.utf8)) }
    return try importer.run(texts.map { ImportSource(path: $0.key, bytes: Array($0.value.utf8)) })
}

extension ImportResult {
    /// The policies, read again from the text.
    func policySet() throws -> PolicySet {
        let loaded = DocumentLoader.load(text: text, path: "imported.yaml")
        try #require(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map(\.summary))\n\(text)")
        return try loaded.policySet()
    }

    /// The lines that say what is not expressed.
    var missing: [String] { findings.filter { $0.kind == .notExpressed }.map(\.description) }
    /// The lines of their source.
    var missingLines: [Int] { findings.filter { $0.kind == .notExpressed }.map(\.line) }
}

/// Judges packets that are written as a table: `in eth0 tcp 192.0.2.7 192.0.2.1 22 allow`.
///
/// The column behind the destination is the destination port, the ICMP type as `type/code`, or `-`.
func check(_ result: ImportResult, _ table: String, sourceLocation: Testing.SourceLocation = #_sourceLocation) throws {
    let evaluator = ReferenceEvaluator(try result.policySet())
    for line in table.split(separator: "\n") {
        let words = line.split(separator: " ").map(String.init)
        try #require(words.count == 7, "\(line)", sourceLocation: sourceLocation)
        let source = try #require(IPAddress(words[3]), sourceLocation: sourceLocation)
        let destination = try #require(IPAddress(words[4]), sourceLocation: sourceLocation)
        var packet = Packet(
            direction: words[0] == "in" ? .ingress : .egress, interface: words[1], protocol: 0, source: source, destination: destination)
        switch words[2] {
        case "icmp":
            packet.protocol = source.family == .v4 ? 1 : 58
            let parts = words[5].split(separator: "/").compactMap { UInt8($0) }
            packet.icmpType = parts[0]
            packet.icmpCode = parts.count > 1 ? parts[1] : 0
        case let name:
            packet.protocol = try #require(ProtocolName.number(of: name) ?? UInt8(name), sourceLocation: sourceLocation)
            let ports = words[5].split(separator: ">").compactMap { UInt16($0) }
            packet.destinationPort = ports.last ?? 0
            packet.sourcePort = ports.count > 1 ? ports[0] : packet.hasPorts ? 40_000 : 0
        }
        let verdict = evaluator.verdict(for: packet)
        #expect(
            verdict.action.rawValue == words[6], "\(line): by \(verdict.rule ?? "no rule")\n\(result.text)", sourceLocation: sourceLocation)
    }
}
