internal import PolicyModel

/// Imports the output of `nft -j list ruleset`.
enum NFTImport {
    static func run(_ sources: [ImportSource], name: String) throws(ImportError) -> ImportResult {
        guard let source = sources.first, sources.count == 1 else {
            throw ImportError(file: sources.dropFirst().first?.path ?? "", "one ruleset at a time can be imported: give one file")
        }
        var reader = NFTRuleset(path: source.path)
        try reader.read(try JSONReader.read(source))
        let imported = try RulesetImport([reader.ruleset])
        let findings = RulesetImport.sorted(reader.findings + imported.findings, files: [source.path])
        return ImportResult(
            name: name, title: "Imported by policyctl import nft from \(source.path)", rules: imported.rules, sets: imported.sets,
            findings: findings)
    }
}
