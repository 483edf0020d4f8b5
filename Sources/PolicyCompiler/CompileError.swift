public import PolicyModel

/// Why a policy cannot be put into tables.
public struct CompileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is too much, how much there is and what the limit is.
    public var description: String
    /// The document that brought it, where one can be named.
    public var location: SourceLocation

    init(_ description: String, location: SourceLocation = .none) {
        self.description = description
        self.location = location
    }
}

/// How large a compiled policy may be.
public struct CompileLimits: Hashable, Sendable {
    /// Rules of one direction and family.
    public var rulesPerClassifier: Int
    /// Rules that a packet of one direction and family can meet and that do not decide: those that expire, those in audit mode, and of
    /// each policy in audit mode one.
    public var passedOver: Int
    /// Rules in all, which is also the number of counters the kernel keeps.
    public var rules: Int
    /// Bytes of all tables of a generation.
    public var tableBytes: Int
    /// Classes: the sets of rules that values of a field satisfy, for all fields together.
    public var classes: Int
    /// Entries of all address sets.
    public var setEntries: Int
    /// How rules are to be searched: what fits them, or for comparison one way only, as far as it can be.
    package var search = Search.fitting

    package enum Search: Hashable, Sendable { case fitting, slates, vectors }

    /// Limits of the kernel program as it is where the kernel has `bpf_loop` (Linux 5.17 and later).
    public init(
        rulesPerClassifier: Int = 262_080, passedOver: Int = 4096, rules: Int = 32_752, tableBytes: Int = 1 << 30, classes: Int = 1 << 20,
        setEntries: Int = 16_777_216
    ) {
        self.rulesPerClassifier = rulesPerClassifier
        self.passedOver = passedOver
        self.rules = rules
        self.tableBytes = tableBytes
        self.classes = classes
        self.setEntries = setEntries
    }

    /// Limits where the kernel has no `bpf_loop`: its verifier can follow a written-out search only so far.
    public static let withoutLoop = CompileLimits(rulesPerClassifier: 65_536, passedOver: 1024)
}
