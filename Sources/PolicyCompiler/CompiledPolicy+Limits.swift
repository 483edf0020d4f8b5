internal import CDatapath
internal import PolicyModel

extension CompiledPolicy {
    /// Bytes of each kind of table.
    public struct TableSizes: Hashable, Sendable {
        /// Tries that lead from values to classes.
        public var tries: Int
        /// Classes: sets of rules that values satisfy.
        public var classes: Int
        /// The classes' rules as bits.
        public var vectors: Int
        /// What is known of each rule.
        public var rules: Int

        public init(tries: Int, classes: Int, vectors: Int, rules: Int) {
            self.tries = tries
            self.classes = classes
            self.vectors = vectors
            self.rules = rules
        }

        /// All of them, and the header.
        public var total: Int { tries + classes + vectors + rules + MemoryLayout<pd_header>.size }
    }

    /// How large the tables are.
    public var tableSizes: TableSizes {
        TableSizes(
            tries: cellWords * MemoryLayout<UInt32>.size, classes: classes.count * MemoryLayout<pd_class>.stride,
            vectors: chunks.count * MemoryLayout<UInt64>.size, rules: rules.count * MemoryLayout<pd_rule>.stride)
    }

    /// Refuses what can be counted before anything is compiled.
    static func check(_ policySet: PolicySet, _ limits: CompileLimits) throws(CompileError) {
        let rules = policySet.ruleCount
        guard rules <= limits.rules else {
            throw CompileError(
                "\(rules) rules; the kernel's counters have room for \(limits.rules): raise limits.rules in policyd.yaml",
                by: policySet.largestPolicy)
        }
        let entries = policySet.sets.values.reduce(0) { $0 + $1.count }
        guard entries <= limits.setEntries else {
            throw CompileError("\(entries) entries of address sets; the limit is \(limits.setEntries)", by: policySet.largestSet)
        }
    }

    static func check(_ compiler: ClassifierCompiler, _ limits: CompileLimits) throws(CompileError) {
        let which = "\(compiler.direction.rawValue) rules that can match IPv\(compiler.family.rawValue) packets"
        guard compiler.rules.count <= limits.rulesPerClassifier else {
            throw CompileError(
                "\(compiler.rules.count) \(which); this kernel's limit is \(limits.rulesPerClassifier)",
                by: compiler.policySet.largestPolicy)
        }
        // The search takes a step for each rule that it meets and goes on behind, and its steps are bounded.
        let expiring = compiler.rules.filter { $0.rule.expires != nil }
        let audited = compiler.rules.filter { $0.policy.mode == .enforce && $0.rule.mode == .audit && $0.rule.expires == nil }
        let policies = Set(compiler.rules.filter { $0.policy.mode == .audit }.map(\.policyIndex))
        let count = expiring.count + audited.count + policies.count
        guard count <= limits.passedOver else {
            throw CompileError(
                "\(expiring.count) expiring rules, \(audited.count) audited rules and \(policies.count) audit policies among the \(which); "
                    + "this kernel's limit is \(limits.passedOver) of them together",
                location: (expiring.last ?? audited.last)?.rule.location ?? .none)
        }
    }

    /// Vectors grow with rules and the ways they overlap: the largest policy is to blame.
    static func tooLarge(_ excess: ClassTable.Excess, _ policySet: PolicySet) -> CompileError {
        switch excess {
        case .classes(let count, let limit):
            CompileError(
                "the rules overlap in \(count) ways or more; the limit is \(limit) classes of addresses, ports and protocols",
                by: policySet.largestPolicy)
        case .bytes(let count, let limit):
            CompileError(
                "the tables need \(CompileError.mebibytes(count)) or more; the limit is \(CompileError.mebibytes(limit))",
                by: policySet.largestPolicy)
        }
    }
}

extension CompiledPolicy.TableSizes {
    fileprivate func refuse(_ what: String, _ policySet: PolicySet) -> CompileError {
        // Tries grow with the entries of sets, all else with rules.
        CompileError(what, by: tries > total / 2 ? policySet.largestSet ?? policySet.largestPolicy : policySet.largestPolicy)
    }

    func check(_ policySet: PolicySet, _ limits: CompileLimits) throws(CompileError) {
        let cells = tries / (MemoryLayout<pd_line>.size / Int(PD_ROW_CELLS))
        guard cells <= Int(PD_CELLS_MAX) else {
            throw refuse("addresses and ports need \(cells) cells of tries; the limit is \(PD_CELLS_MAX)", policySet)
        }
        guard total <= limits.tableBytes else {
            throw refuse(
                "the tables need \(CompileError.mebibytes(total)); the limit is \(CompileError.mebibytes(limits.tableBytes))", policySet)
        }
    }
}

/// A document that may be what is too much.
struct LargeDocument {
    var words: String
    var location: SourceLocation
}

extension PolicySet {
    var largestPolicy: LargeDocument? {
        policies.max { $0.ingress.count + $0.egress.count < $1.ingress.count + $1.egress.count }.map { policy in
            LargeDocument(
                words: "policy '\(policy.name)' has \(policy.ingress.count + policy.egress.count) rules", location: policy.location)
        }
    }

    var largestSet: LargeDocument? {
        sets.values.max { ($0.count, $1.name) < ($1.count, $0.name) }.map { set in
            LargeDocument(words: "set '\(set.name)' has \(set.count) entries", location: set.location)
        }
    }
}

extension CompileError {
    init(_ description: String, by document: LargeDocument?) {
        self.init(document.map { "\(description) (\($0.words))" } ?? description, location: document?.location ?? .none)
    }

    /// `12 MiB`; below ten with a tenth.
    static func mebibytes(_ count: Int) -> String {
        let tenths = (count * 10 + 1_048_575) / 1_048_576
        return tenths < 100 ? "\(tenths / 10).\(tenths % 10) MiB" : "\((count + 1_048_575) / 1_048_576) MiB"
    }
}
