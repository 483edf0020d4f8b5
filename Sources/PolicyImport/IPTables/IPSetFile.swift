internal import PolicyModel

/// Reads the output of `ipset save`: sets of addresses of one family.
enum IPSetFile {
    static func read(_ source: ImportSource, _ findings: inout [ImportFinding]) throws(ImportError) -> [String: NamedSet] {
        var members: [String: [ClosedRange<UInt128>]] = [:]
        var exceptions: [String: [ClosedRange<UInt128>]] = [:]
        var families: [String: IPAddress.Family] = [:]
        var lists: [String: [String]] = [:]
        var order: [String] = []
        var others: Set<String> = []
        var hasTimeouts: Set<String> = []
        for (number, line) in Words.lines(try source.text()) {
            let words = Words.split(line)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            guard words.count >= 3, first == "create" || first == "add" else {
                throw ImportError(
                    file: source.path, line: number,
                    "expected a line of ipset save: create NAME TYPE … or add NAME ENTRY, found \(FieldReader.shown(String(line.prefix(100))))"
                )
            }
            let name = words[1]
            if first == "create" {
                order.append(name)
                switch words[2] {
                case "hash:ip", "hash:net", "bitmap:ip": families[name] = words.contains("inet6") ? .v6 : .v4
                case "list:set": lists[name] = []
                default:
                    others.insert(name)
                    findings.append(
                        ImportFinding(
                            .note, file: source.path, line: number, text: String(line),
                            "is no set of addresses alone; rules that match it are not expressed"))
                }
                continue
            }
            if others.contains(name) { continue }
            if lists[name] != nil {
                lists[name]?.append(words[2])
                continue
            }
            guard let family = families[name], let range = range(words[2]), range.family == family else {
                throw ImportError(
                    file: source.path, line: number, "\(FieldReader.shown(words[2])) is not an address of set \(FieldReader.shown(name))")
            }
            if words.contains("nomatch") {
                exceptions[name, default: []].append(range.range)
            } else {
                members[name, default: []].append(range.range)
            }
            if let index = words.firstIndex(of: "timeout"), index + 1 < words.count, words[index + 1] != "0" { hasTimeouts.insert(name) }
        }
        var sets: [String: NamedSet] = [:]
        for name in order {
            guard let family = families[name] else { continue }
            let ranges = Ranges(members[name] ?? [], bits: family.bitWidth)
                .subtracting(Ranges(exceptions[name] ?? [], bits: family.bitWidth))
            sets[name] = NamedSet(name: name, setName: "", family: family, ranges: ranges)
        }
        for (name, members) in lists {
            let found = members.compactMap { sets[$0] }
            guard let family = found.first?.family, found.count == members.count, found.allSatisfy({ $0.family == family }) else {
                continue
            }
            sets[name] = NamedSet(
                name: name, setName: "", family: family, ranges: Ranges(found.flatMap(\.ranges.parts), bits: family.bitWidth))
        }
        for name in hasTimeouts.sorted() {
            findings.append(
                ImportFinding(.note, file: source.path, text: name, "has entries that time out; they are imported as they are now, to stay")
            )
        }
        return NamedSet.named(sets)
    }

    private static func range(_ text: String) -> (family: IPAddress.Family, range: ClosedRange<UInt128>)? {
        if let prefix = try? Vocabulary.prefix(text) { return (prefix.family, prefix.lower.number...prefix.upper.number) }
        return (try? Vocabulary.addressRange(text)).map { ($0.0, $0.1) }
    }
}

extension NamedSet {
    /// The sets with names that AddressSets can have, each its own.
    static func named(_ sets: [String: NamedSet]) -> [String: NamedSet] {
        var taken: Set<String> = []
        var result = sets
        for key in sets.keys.sorted() {
            let base = ImportResult.name(result[key]?.name ?? key, limit: 55)
            var name = base
            var count = 1
            while !taken.insert(name).inserted {
                count += 1
                name = "\(base)-\(count)"
            }
            result[key]?.setName = name
        }
        return result
    }
}
