import CDatapath
import PolicyCompiler
import PolicyModel

/// The datapath's own look-up, many times: what the kernel runs, compiled into this process.
struct Lookups {
    private let policy: CompiledPolicy
    private let queries: [pd_query]

    init(_ policy: CompiledPolicy, _ packets: [Packet]) {
        self.policy = policy
        queries = packets.map { pd_query($0) }
    }

    /// The number of the rule that each packet matches.
    func rules(_ found: inout [UInt32]) {
        withTables { tables, header in
            var scan = pd_scan()
            var match = pd_match()
            for (index, query) in queries.enumerated() {
                var query = query
                pd_classify(&tables, &header, &query, &scan, &match)
                found[index] = match.rule
            }
        }
    }

    /// How many of the remote addresses have a class that some rule is in. Not inlined: it would be done once for all rounds.
    @inline(never)
    func addresses() -> Int {
        withTables { tables, header in
            var inside = 0
            for query in queries {
                let root = query.family == UInt8(PD_IPV4.rawValue) ? header.classifier.0.0.remote : header.classifier.0.1.remote
                let isLong: Int32 = query.family == UInt8(PD_IPV4.rawValue) ? 0 : 1
                var walk = pd_walk()
                withUnsafeBytes(of: query.remote) {
                    pd_walk_address(&walk, root, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), isLong)
                }
                let number = pd_walk_trie(&tables, &walk, isLong)
                if number != PD_CLASS_NONE { inside += 1 }
            }
            return inside
        }
    }

    private func withTables<Result>(_ body: (inout pd_tables, inout pd_header) -> Result) -> Result {
        var header = policy.header
        return policy.cells.withUnsafeBytes { cells in
            policy.chunks.withUnsafeBytes { chunks in
                policy.classes.withUnsafeBufferPointer { classes in
                    policy.rules.withUnsafeBufferPointer { rules in
                        var tables = pd_tables()
                        tables.cells = cells.baseAddress?.assumingMemoryBound(to: pd_line.self)
                        tables.chunks = chunks.baseAddress?.assumingMemoryBound(to: pd_chunk.self)
                        tables.classes = classes.baseAddress
                        tables.rules = rules.baseAddress
                        tables.line_count = UInt32(cells.count / MemoryLayout<pd_line>.size)
                        tables.chunk_count = UInt32(chunks.count / MemoryLayout<pd_chunk>.size)
                        tables.class_count = UInt32(classes.count)
                        tables.rule_count = UInt32(rules.count)
                        return body(&tables, &header)
                    }
                }
            }
        }
    }
}
