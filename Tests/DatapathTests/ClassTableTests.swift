import CDatapath
@testable import PolicyCompiler
import PolicyTesting
import Testing

/// Sets of rules go into the tables and are found there again by the search the kernel runs, in whatever form they were written.
@Suite struct ClassTableTests {
    /// Classifiers of one line a class, of one chunk, and of so many that a line has no room for the numbers of its chunks.
    @Test(arguments: [1, 63, 320, 321, 4_096, 4_097, 50_000])
    func everySetOfRulesIsFoundAgain(count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        var table = ClassTable()
        // As a field's classes follow each other: a few rules, or many, are others.
        var vector = BitVector(count: count, (0..<count).filter { $0 % 7 == 3 })
        var moving = MovingVector(vector)
        let rules = Self.rules(count)
        for step in 0..<48 {
            for _ in 0..<[1, 4, 60, 2_000][step % 4] {
                let rule = Int.random(in: 0..<count, using: &random)
                if vector.contains(rule) { vector.remove(rule) } else { vector.insert(rule) }
                moving.flip(rule)
            }
            let number = moving.classNumber(&table)
            let starts = (0..<8).map { _ in Int.random(in: 0..<count, using: &random) } + [0, count - 1]
            for start in starts {
                let next = (start..<count).first { vector.contains($0) }
                #expect(Self.found(number, in: table, rules, from: start) == next, "\(count) rules, step \(step), from \(start)")
            }
            #expect(table.intern(vector) == number)
        }
    }

    @Test(arguments: [5, 700, 9_000])
    func noneAndAllHaveTheirNumbers(count: Int) {
        var table = ClassTable()
        let rules = Self.rules(count)
        #expect(table.intern(BitVector(count: count)) == PD_CLASS_NONE)
        #expect(table.intern(BitVector(count: count, filled: true)) == PD_CLASS_ALL)
        #expect(Self.found(UInt32(PD_CLASS_ALL), in: table, rules, from: count - 1) == count - 1)
        #expect(Self.found(UInt32(PD_CLASS_NONE), in: table, rules, from: 0) == nil)
    }

    /// What differs by few words costs a line, not a vector.
    @Test func classesThatDifferLittleShareTheirWords() {
        var table = ClassTable()
        var moving = MovingVector(BitVector(count: 40_000, (0..<40_000).filter { $0 % 3 == 0 }))
        for rule in 0..<1_000 {
            moving.flip(rule * 37)
            _ = moving.classNumber(&table)
            moving.flip(rule * 37)
        }
        #expect(table.classes.count == 1_002)
        // The base, and the two chunks that are always there.
        #expect(table.chunks.count / ClassTable.chunkStride == 12)
    }

    private static func rules(_ count: Int) -> [pd_rule] {
        (0..<count).map { place in
            var rule = pd_rule()
            rule.order = UInt32(place)
            rule.next = UInt32(count)
            return rule
        }
    }

    /// The first rule from a place on that a class holds, where all other fields are open.
    private static func found(_ number: UInt32, in table: ClassTable, _ rules: [pd_rule], from start: Int) -> Int? {
        let count = rules.count
        return table.classes.withUnsafeBufferPointer { classes in
            table.chunks.withUnsafeBytes { chunks in
                rules.withUnsafeBufferPointer { rules in
                    var tables = pd_tables()
                    tables.classes = classes.baseAddress
                    tables.chunks = chunks.baseAddress?.assumingMemoryBound(to: pd_chunk.self)
                    tables.rules = rules.baseAddress
                    tables.class_count = UInt32(classes.count)
                    tables.chunk_count = UInt32(chunks.count / MemoryLayout<pd_chunk>.size)
                    tables.rule_count = UInt32(count)
                    var classifier = pd_classifier()
                    classifier.rules = UInt32(count)
                    classifier.source = PD_LEAF
                    var query = pd_query()
                    var scan = pd_scan()
                    // The kernel's room to work in holds what another packet left there.
                    _ = withUnsafeMutableBytes(of: &scan) { $0.initializeMemory(as: UInt8.self, repeating: 0xFF) }
                    (scan.of.0, scan.of.1, scan.of.2) = (number, UInt32(PD_CLASS_ALL), UInt32(PD_CLASS_ALL))
                    guard pd_scan_begin(&tables, &classifier, &query, &scan) > 0 else { return nil }
                    scan.from = UInt32(start)
                    pd_scan_run(&tables, &scan, 0)
                    return scan.reason == PD_REASON_RULE.rawValue ? Int(scan.found) : nil
                }
            }
        }
    }
}
