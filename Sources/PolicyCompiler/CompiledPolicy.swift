package import CDatapath
public import PolicyModel

/// A policy revision as flat tables, which the kernel program and the `compiled` engine walk by the same code.
public struct CompiledPolicy: Sendable {
    /// The revision's number.
    public internal(set) var revision: UInt32
    /// The numbers of its rules.
    public let numbers: RuleNumbers
    /// How large it is.
    public internal(set) var statistics: Statistics

    /// The header, all but time-outs, which are the daemon's to set.
    package var header: pd_header
    /// Cell after cell of two words, as they were compiled; `patches` come over them.
    package internal(set) var compiledCells: [UInt32]
    /// What changed since, in this order.
    package internal(set) var patches: [TablePatch] = []
    /// Unlike that of any other tables that were compiled: patches of one do not fit another.
    package internal(set) var lineage = TablePatch.newID()
    package var classes: [pd_class] { classTable.classes }
    /// Chunk after chunk of 65 words.
    package var chunks: [UInt64] { classTable.chunks }
    package private(set) var rules: [pd_rule]
    /// The classes of the interfaces that were named.
    package private(set) var interfaces: [String: pd_interface] = [:]

    /// By rule number, what a verdict says of it.
    let references: [UInt32: RuleReference]
    var classTable: ClassTable
    private let interfaceFields: [[InterfaceField]]
    /// What the rules ask of addresses, and the entries of the sets among these: what a change of a set is worked out from.
    let addressFields: [AddressField]
    let sets: SetIndex
    let families: SetFamilies

    /// What a compiled policy holds.
    public struct Statistics: Hashable, Sendable, Codable {
        /// Policy documents.
        public var policies = 0
        /// Rules of both directions.
        public var rules = 0
        /// Address sets.
        public var sets = 0
        /// Entries of all sets.
        public var entries = 0
        /// Bytes of the tables as they lie in the kernel.
        public var tableBytes = 0
    }

    /// Compiles a policy set.
    ///
    /// - Parameters:
    ///   - revision: the number packets and events carry.
    ///   - numbers: what `RuleNumbers.assign(for:)` gave for this policy set.
    ///   - interfaces: the names of the interfaces packets will come by; others can be added later.
    ///   - before: a policy of which some sets may be the same: their entries are in order already.
    public static func compile(
        _ policySet: PolicySet, revision: UInt32, numbers: RuleNumbers, interfaces: [String], limits: CompileLimits = CompileLimits(),
        before: CompiledPolicy? = nil
    ) throws(CompileError) -> CompiledPolicy {
        try check(policySet, limits)
        var classes = ClassTable(limits)
        var tries = TrieTable()
        var header = pd_header()
        header.version = UInt32(PD_STATE_VERSION)
        header.revision = revision
        var rules: [pd_rule] = []
        var fields: [[InterfaceField]] = []
        var addressFields: [AddressField] = []
        let families = SetFamilies(policySet)
        let sets = SetIndex(policySet, before: before?.sets)
        for direction in Direction.allCases {
            var ofDirection: [InterfaceField] = []
            for family in [IPAddress.Family.v4, .v6] {
                var compiler = ClassifierCompiler(policySet, direction, family, families)
                try check(compiler, limits)
                let classifier = compiler.compile(&classes, &tries, sets, numbers, ruleBase: rules.count, search: limits.search)
                if let excess = classes.excess { throw tooLarge(excess, policySet) }
                header.setClassifier(classifier, direction, family)
                if direction == .ingress { header.setEarly(EarlyRules.count(compiler.rules), family) }
                for (side, plan) in [(AddressField.Side.remote, compiler.remote), (.local, compiler.local)] {
                    addressFields.append(
                        AddressField(direction: direction, family: family, side: side, plan: plan, slates: compiler.slateField(side)))
                }
                rules += compiler.table
                ofDirection.append(InterfaceField(compiler.rules))
            }
            fields.append(ofDirection)
        }
        tries.finish()
        var result = CompiledPolicy(
            revision: revision, numbers: numbers, header: header, cells: tries.words, rules: rules,
            references: references(policySet, numbers), classTable: classes, interfaceFields: fields, addressFields: addressFields,
            sets: sets, families: families)
        for interface in interfaces { result.add(interface: interface) }
        result.statistics.policies = policySet.policies.count
        result.statistics.rules = Direction.allCases.reduce(0) { $0 + policySet.rules($1).count }
        result.statistics.sets = policySet.sets.count
        result.statistics.entries = policySet.sets.values.reduce(0) { $0 + $1.count }
        result.statistics.tableBytes = result.tableSizes.total
        if let excess = result.classTable.excess { throw tooLarge(excess, policySet) }
        try result.tableSizes.check(policySet, limits)
        return result
    }

    private init(
        revision: UInt32, numbers: RuleNumbers, header: pd_header, cells: [UInt32], rules: [pd_rule],
        references: [UInt32: RuleReference], classTable: ClassTable, interfaceFields: [[InterfaceField]], addressFields: [AddressField],
        sets: SetIndex, families: SetFamilies
    ) {
        self.revision = revision
        self.numbers = numbers
        self.header = header
        compiledCells = cells
        self.rules = rules
        self.references = references
        self.classTable = classTable
        self.interfaceFields = interfaceFields
        self.addressFields = addressFields
        self.sets = sets
        self.families = families
        statistics = Statistics()
    }

    /// Whether rules of a direction and family are searched by slates.
    package func hasSlates(_ direction: Direction, _ family: IPAddress.Family) -> Bool { header.classifier(direction, family).slates != 0 }

    /// Whether some rule names interfaces, so that each interface needs classes of its own.
    public var usesInterfaces: Bool { interfaceFields.contains { $0.contains(where: \.isUsed) } }

    /// Gives an interface its classes.
    ///
    /// - Returns: whether the tables grew by it: then they have to be installed again for packets of this interface.
    @discardableResult
    public mutating func add(interface: String) -> Bool {
        guard interfaces[interface] == nil else { return false }
        let before = classTable.classes.count
        let numbers = interfaceFields.map { $0.map { classTable.intern($0.vector(interface)) } }
        interfaces[interface] = pd_interface(class_of: ((numbers[0][0], numbers[0][1]), (numbers[1][0], numbers[1][1])))
        guard classes.count > before else { return false }
        patches.append(TablePatch())
        return true
    }

    private static func references(_ policySet: PolicySet, _ numbers: RuleNumbers) -> [UInt32: RuleReference] {
        var result: [UInt32: RuleReference] = [:]
        for direction in Direction.allCases {
            for (policy, rule) in policySet.rules(direction) {
                let key = RuleKey(policy: policy.name, direction: direction, rule: rule.name)
                if let number = numbers.number(of: key) { result[number] = RuleReference(policy, rule) }
            }
        }
        return result
    }

    /// The rule with a number, as verdicts and events speak of it.
    public func reference(_ number: UInt32) -> RuleReference? { references[number] }
}

extension pd_header {
    mutating func setClassifier(_ new: pd_classifier, _ direction: Direction, _ family: IPAddress.Family) {
        switch (direction, family) {
        case (.ingress, .v4): classifier.0.0 = new
        case (.ingress, .v6): classifier.0.1 = new
        case (.egress, .v4): classifier.1.0 = new
        case (.egress, .v6): classifier.1.1 = new
        }
    }

    fileprivate mutating func setEarly(_ count: UInt32, _ family: IPAddress.Family) {
        switch family {
        case .v4: early.0 = count
        case .v6: early.1 = count
        }
    }

    func classifier(_ direction: Direction, _ family: IPAddress.Family) -> pd_classifier {
        switch (direction, family) {
        case (.ingress, .v4): classifier.0.0
        case (.ingress, .v6): classifier.0.1
        case (.egress, .v4): classifier.1.0
        case (.egress, .v6): classifier.1.1
        }
    }
}
