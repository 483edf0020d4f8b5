import ArgumentParser
import PolicyAPI
import PolicyCompiler
import PolicyModel

/// `policyctl validate`
struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks documents without a daemon, a kernel or privileges.",
        discussion: "Prints every mistake with its place and exits 1, or says what the documents hold and exits 0.")

    @OptionGroup var files: FileOptions
    @Flag(name: .long, help: "Warnings are errors.")
    var strict = false

    @OptionGroup var format: FormatOptions

    func validate() throws {
        if files.files.isEmpty { throw ValidationError("say which files: -f PATH…") }
    }

    func run() throws {
        let (probes, loaded) = DocumentLoader.load(paths: files.files).separated()
        let policySet: PolicySet
        do throws(Diagnostics) {
            policySet = try loaded.policySet()
            try Self.compile(policySet)
        } catch {
            if format.output == .table { throw refuse(error, "the documents are not valid") }
            try format.output.print(Report(error.all, isValid: false)) { "" }
            throw CommandFailure(.refused)
        }
        let warnings = loaded.diagnostics + loaded.findings(policySet: policySet)
        let findings = strict ? warnings.map(\.strict) : warnings
        let isRefused = findings.contains { $0.severity == .error }
        if isRefused, format.output == .table { throw refuse(Diagnostics(findings), "the documents are not valid, as warnings are errors") }
        let report = Report(findings, policySet, probes: probes.count, isValid: !isRefused)
        if format.output == .table {
            for finding in findings { complain(finding.description) }
        }
        try format.output.print(report) {
            let counts = CountsMessage(policySet)
            let others = probes.isEmpty ? "" : ", \(Shown.counted(probes.count, "probe"))"
            return "valid: \(Shown.counted(counts.policies, "policy", plural: "policies")), \(Shown.counted(counts.rules, "rule")), "
                + "\(Shown.counted(counts.sets, "set")), \(Shown.counted(counts.entries, "entry", plural: "entries"))\(others)\n"
        }
        if isRefused { throw CommandFailure(.refused) }
    }

    /// What the compiler's limits refuse is invalid as well.
    private static func compile(_ policySet: PolicySet) throws(Diagnostics) {
        var numbers = RuleNumbers()
        numbers.assign(for: policySet)
        do throws(CompileError) {
            _ = try CompiledPolicy.compile(policySet, revision: 1, numbers: numbers, interfaces: [])
        } catch {
            throw Diagnostics([Diagnostic(at: error.location, error.description)])
        }
    }

    /// The result for programs.
    struct Report: Encodable {
        var valid: Bool
        var counts: CountsMessage?
        var probes: Int?
        var diagnostics: [DiagnosticMessage]

        init(_ diagnostics: [Diagnostic], _ policySet: PolicySet? = nil, probes: Int? = nil, isValid: Bool) {
            valid = isValid
            self.probes = probes
            counts = policySet.map { CountsMessage($0) }
            self.diagnostics = diagnostics.map { DiagnosticMessage($0) }
        }
    }
}

extension CountsMessage {
    init(_ policySet: PolicySet) {
        self.init(
            policies: policySet.policies.count, rules: policySet.ruleCount, sets: policySet.sets.count,
            entries: policySet.sets.values.reduce(0) { $0 + $1.count })
    }
}
