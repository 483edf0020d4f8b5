/// How many records a consumer was not given.
struct LossCount: ~Copyable, Sendable {
    /// A per-CPU array in whose element 0 the programs count records they could not write; nothing where only the kernel may tell.
    private let counter: PerCPUMap<UInt32, UInt64>?
    /// What the counter said last.
    private var seen: UInt64
    /// All losses so far.
    private(set) var total: UInt64 = 0

    /// - Parameter told: What an earlier consumer has told of already; without it, all that the counter says by now.
    init(_ counter: consuming PerCPUMap<UInt32, UInt64>?, told: UInt64? = nil) throws(BPFError) {
        let now = try counter?.sum(forKey: 0) ?? 0
        seen = told ?? now
        self.counter = counter
    }

    /// The losses since the last call: those the programs counted or, where they count none, those the kernel told.
    mutating func new(told: UInt64 = 0) throws(BPFError) -> UInt64 {
        var lost = told
        if let now = try counter?.sum(forKey: 0) {
            lost = now &- seen
            seen = now
        }
        total += lost
        return lost
    }
}
