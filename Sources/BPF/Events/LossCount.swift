/// How many records a consumer was not given.
struct LossCount: ~Copyable, Sendable {
    /// A per-CPU array in whose element 0 the programs count records they could not write; nothing where only the kernel may tell.
    private let counter: PerCPUMap<UInt32, UInt64>?
    /// What the counter said last. What it said when the consumer was made is none of its losses.
    private var seen: UInt64
    /// All losses so far.
    private(set) var total: UInt64 = 0

    init(_ counter: consuming PerCPUMap<UInt32, UInt64>?) throws(BPFError) {
        seen = try counter?.sum(forKey: 0) ?? 0
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
