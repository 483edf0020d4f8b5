import ArgumentParser
import FoundationEssentials
import PolicyImport
import PolicyModel

/// `policyctl import`
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a policy of what iptables, nftables, ufw or Kubernetes have.",
        discussion: """
            iptables    the output of iptables-save, of ip6tables-save, or both files
            nft         the output of nft -j list ruleset
            ufw         user.rules and user6.rules of /etc/ufw, with /etc/default/ufw; or the output of ufw show added
            kubernetes  NetworkPolicies

            What a policy cannot say is left out and listed, with its line and the reason. Exits 0 if nothing was left out, else 1.
            """)

    @Argument(help: ArgumentHelp("iptables, nft, ufw or kubernetes.", valueName: "FORMAT"), transform: Self.format)
    var format: PolicyImporter.Format

    @Argument(help: ArgumentHelp("Files that belong together; '-' is standard input.", valueName: "FILE"))
    var files: [String]

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("Write the documents to this file; 'json' prints them with the list of what is left out.", valueName: "FILE"))
    var output: String?

    @Option(name: .long, help: ArgumentHelp("The policy's name (default: the format).", valueName: "NAME"))
    var name: String?

    @Option(name: .long, help: ArgumentHelp("The output of ipset save, for rules that match its sets.", valueName: "FILE"))
    var ipset: String?

    private static func format(_ text: String) throws -> PolicyImporter.Format {
        guard let format = PolicyImporter.Format(rawValue: text) else {
            throw ValidationError("'\(text)' is none of \(PolicyImporter.Format.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return format
    }

    func validate() throws {
        guard let name else { return }
        let isName = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                || "._-".utf8.contains(byte)
        }
        if !isName || name.first.map({ "._-".contains($0) }) ?? true || name.utf8.count > 63 {
            throw ValidationError(
                "--name: '\(name)' is no name: letters, digits, '.', '_' and '-', the first a letter or digit, at most 63")
        }
    }

    func run() throws {
        let result: ImportResult
        do throws(ImportError) {
            var sources: [ImportSource] = []
            for file in files { sources.append(try ImportSource(path: file)) }
            let sets = try ipset.map { path throws(ImportError) in try ImportSource(path: path) }
            result = try PolicyImporter(format, name: name, ipset: sets).run(sources)
        } catch {
            throw CommandFailure(.refused, "\(error); nothing was imported")
        }
        for finding in result.findings { complain(finding.description) }
        try write(result)
        let left = result.findings.count { $0.kind == .notExpressed }
        guard left > 0 else { return }
        throw CommandFailure(
            .refused, "\(left) \(left == 1 ? "part is" : "parts are") not expressed: the policy judges some packets otherwise")
    }

    private func write(_ result: ImportResult) throws {
        switch output {
        case nil, "-": Output.write(result.text)
        case "json": Output.write(Self.report(result).json(isPretty: true) + "\n")
        case let path?:
            do {
                try Data(result.text.utf8).write(to: URL(filePath: path), options: .atomic)
            } catch {
                throw CommandFailure(.refused, "cannot write \(path): \(error)")
            }
        }
    }

    /// The result for programs.
    private static func report(_ result: ImportResult) -> OutputValue {
        let findings = result.findings.map { finding in
            OutputValue.mapping([
                ("kind", .text(finding.kind.rawValue)), ("file", .text(finding.file)), ("line", .integer(finding.line)),
                ("text", .text(finding.text)), ("reason", .text(finding.reason)),
            ])
        }
        return .mapping([("complete", .bool(result.isComplete)), ("findings", .list(findings)), ("documents", .text(result.text))])
    }
}
