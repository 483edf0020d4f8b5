import PolicyModel
import PolicyTesting
import Testing

@testable import PolicyCompiler

/// Tables that were changed judge as those do that were compiled of the same policy.
@Suite struct ChangeTests {
    /// A policy with sets, and changes of their run-time entries, one after the other.
    struct Sequence {
        private(set) var policySet: PolicySet
        private(set) var policy: CompiledPolicy
        private(set) var revision: UInt32 = 1
        /// How many changes were made within the tables, and how many compiled them whole.
        private(set) var patched = 0
        private(set) var compiled = 0

        private let limits: CompileLimits

        init(_ policySet: PolicySet, limits: CompileLimits = CompileLimits()) throws {
            self.policySet = policySet
            self.limits = limits
            policy = try CompilerTests.compile(policySet, limits: limits)
        }

        /// Gives a set other run-time entries.
        mutating func change(_ name: String, to entries: [CIDR], changing prefixes: [CIDR]) throws {
            revision += 1
            try policySet.setRuntimeEntries(entries, of: name)
            if let changed = policy.changed(prefixes, of: name, in: policySet, revision: revision) {
                policy = changed
                patched += 1
            } else {
                policy = try CompilerTests.compile(policySet, limits: limits)
                compiled += 1
            }
        }

        mutating func add(_ prefixes: [CIDR], to name: String) throws {
            try change(name, to: (policySet.sets[name]?.runtimeEntries ?? []) + prefixes, changing: prefixes)
        }

        mutating func remove(_ prefixes: [CIDR], from name: String) throws {
            let left = policySet.sets[name]?.runtimeEntries.filter { !prefixes.contains($0) } ?? []
            try change(name, to: left, changing: prefixes)
        }
    }

    private static func edges(_ prefix: CIDR) -> [IPAddress] {
        [prefix.lower.value, prefix.upper.value, prefix.lower.value &- 1, prefix.upper.value &+ 1].map {
            IPAddress(family: prefix.family, value: $0)
        }
    }

    @Test(arguments: 0..<40)
    func changedTablesAgreeWithTheReference(round: Int) throws {
        var limits = PolicyGenerator.Limits()
        limits.setEntries = round % 3 == 0 ? 200 : 12
        var generator = PolicyGenerator(seed: 31_000 + UInt64(round), limits: limits)
        var random = SplitMix64(seed: UInt64(round))
        let policySet = generator.policySet()
        guard !policySet.sets.isEmpty else { return }
        var sequence = try Sequence(policySet)
        for _ in 0..<12 {
            let name = try #require(policySet.sets.keys.sorted().randomElement(using: &random))
            let there = sequence.policySet.sets[name]?.runtimeEntries ?? []
            let prefixes: [CIDR]
            if let entry = there.randomElement(using: &random), Bool.random(using: &random) {
                prefixes = [entry]
                try sequence.remove(prefixes, from: name)
            } else {
                prefixes = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    let packet = generator.packet(for: sequence.policySet)
                    let address = Bool.random(using: &random) ? packet.source : packet.destination
                    return CIDR(address, length: address.family.bitWidth - Int.random(in: 0...12, using: &random))
                }
                try sequence.add(prefixes, to: name)
            }
            let reference = ReferenceEvaluator(sequence.policySet)
            var packets = (0..<30).map { _ in generator.packet(for: sequence.policySet) }
            for address in prefixes.flatMap(Self.edges) {
                var packet = generator.packet(for: sequence.policySet)
                guard packet.family == address.family else { continue }
                packet.source = address
                packets.append(packet)
                packet.source = packet.destination
                packet.destination = address
                packets.append(packet)
            }
            // The patches are put in once, and not for each packet.
            let policy = sequence.policy.withoutPatches
            for packet in packets {
                var expected = reference.verdict(for: packet, at: PolicyGenerator.time)
                expected.audited = Array(expected.audited.prefix(4))
                let found = policy.verdict(for: packet, at: PolicyGenerator.time)
                #expect(found == expected, "\(packet) by \(sequence.policySet)")
                if found != expected { return }
            }
        }
    }

    private static func policySet(_ entries: [CIDR], side: WritableKeyPath<Rule, AddressMatch> = \.remote) throws -> PolicySet {
        var rule = Rule(name: "in", action: .deny)
        rule[keyPath: side] = AddressMatch([.set("s")])
        return try PolicySet(
            policies: [HostPolicy(name: "p", ingress: [rule])], sets: [AddressSet(name: "s", addresses: entries)])
    }

    private static func isDenied(_ address: IPAddress, _ policy: CompiledPolicy) -> Bool {
        let packet = Packet(
            direction: .ingress, interface: "eth0", protocol: 47, source: address,
            destination: address.family == .v4 ? IPAddress(v4: 1) : IPAddress(v6: 0, low: 1))
        return policy.verdict(for: packet).action == .deny
    }

    /// Entries come and go beside, within and around those of large sets of every shape.
    @Test(arguments: TrieTests.Shape.allCases)
    func entriesComeAndGoInSetsOfEveryShape(shape: TrieTests.Shape) throws {
        let entries = shape.entries(1_200)
        var sequence = try Sequence(try Self.policySet(entries))
        var random = SplitMix64(seed: 3)
        var added: [CIDR] = []
        for step in 0..<40 {
            if step % 3 == 2, let entry = added.randomElement(using: &random) {
                added.removeAll { $0 == entry }
                try sequence.remove([entry], from: "s")
            } else {
                let near = try #require(entries.randomElement(using: &random))
                let moved = near.address.value &+ UInt128.random(in: 0...70_000, using: &random) &- 35_000
                let address = IPAddress(family: near.family, value: step % 5 == 0 ? .random(in: 0 ... .max, using: &random) : moved)
                let prefix = CIDR(address, length: near.family.bitWidth - [0, 0, 3, 9][step % 4])
                added.append(prefix)
                try sequence.add([prefix], to: "s")
            }
            let set = try #require(sequence.policySet.sets["s"])
            let policy = sequence.policy.withoutPatches
            for prefix in added.suffix(4) + [try #require(entries.randomElement(using: &random))] {
                for address in Self.edges(prefix) {
                    #expect(Self.isDenied(address, policy) == set.contains(address), "\(address) after \(step) steps")
                }
            }
        }
        #expect(sequence.patched > 34, "\(sequence.patched) of 40 were made within the tables")
    }

    /// What an entry costs does not grow with the set it is added to.
    @Test func anEntryCostsWhatIsBesideIt() throws {
        var random = SplitMix64(seed: 8)
        var sizes: [Int] = []
        for count in [1_000, 50_000] {
            let entries = (0..<count).map { _ in CIDR(IPAddress(v4: .random(in: 0 ... .max, using: &random))) }
            var sequence = try Sequence(try Self.policySet(entries))
            var words = 0
            for _ in 0..<40 {
                try sequence.add([CIDR(IPAddress(v4: .random(in: 0 ... .max, using: &random)))], to: "s")
                let patch = try #require(sequence.policy.patches.last)
                words += patch.replaced.reduce(0) { $0 + $1.words.count } + (patch.appended?.words.count ?? 0)
            }
            #expect(sequence.patched == 40)
            sizes.append(words / 40)
        }
        #expect(sizes.allSatisfy { $0 < 100 }, "\(sizes)")
    }

    @Test func aFamilyThatComesToMatterIsCompiled() throws {
        var sequence = try Sequence(try Self.policySet([CIDR(IPAddress(v4: 7))]))
        let six = CIDR(IPAddress(v6: 7, low: 7))
        try sequence.add([six], to: "s")
        #expect(sequence.compiled == 1)
        #expect(Self.isDenied(six.address, sequence.policy))
        try sequence.remove([six], from: "s")
        #expect(sequence.compiled == 2)
        #expect(!Self.isDenied(six.address, sequence.policy))
        #expect(Self.isDenied(IPAddress(v4: 7), sequence.policy))
    }

    @Test func afterManyChangesTheTablesAreCompiled() throws {
        var random = SplitMix64(seed: 4)
        let entries = (0..<1_000).map { _ in CIDR(IPAddress(v4: .random(in: 0 ... .max, using: &random))) }
        var sequence = try Sequence(try Self.policySet(entries))
        var steps = 0
        while sequence.compiled == 0, steps < 5_000 {
            let prefix = CIDR(IPAddress(v4: .random(in: 0 ... .max, using: &random)))
            try sequence.add([prefix], to: "s")
            try sequence.remove([prefix], from: "s")
            steps += 2
        }
        #expect(sequence.compiled == 1 && sequence.patched > 100)
        #expect(sequence.policy.patches.isEmpty || sequence.policy.patches.count == 1)
        for entry in entries.prefix(50) { #expect(Self.isDenied(entry.address, sequence.policy)) }
    }

    /// Two sets with the same entries, each for one direction: what comes to one is not in the other.
    @Test func setsThatAreAlikeChangeApart() throws {
        let entries = (0..<60).map { CIDR(IPAddress(v4: 0x0102_0304 &* UInt32($0 * 7))) }
        func rule(_ set: String) -> Rule { Rule(name: "r", action: .deny, remote: AddressMatch([.set(set)])) }
        var sequence = try Sequence(
            try PolicySet(
                policies: [HostPolicy(name: "p", ingress: [rule("in")], egress: [rule("out")])],
                sets: ["in", "out"].map { AddressSet(name: $0, addresses: entries) }))
        let new = IPAddress(v4: 0x0102_0305)
        try sequence.add([CIDR(new)], to: "in")
        #expect(sequence.patched == 1)
        #expect(Self.isDenied(new, sequence.policy))
        let packet = Packet(direction: .egress, interface: "eth0", protocol: 47, source: IPAddress(v4: 1), destination: new)
        #expect(sequence.policy.verdict(for: packet).action == .allow)
    }

    /// Where many addresses come at once it is as well to compile everything, and it is right either way.
    @Test(arguments: [200, 300]) func manyAtOnceAreRightEitherWay(count: UInt32) throws {
        var sequence = try Sequence(try Self.policySet([CIDR(IPAddress(v4: 0xC000_0201))]))
        let prefixes = (0..<count).map { CIDR(IPAddress(v4: 0x0A00_0000 + $0 * 3)) }
        try sequence.add(prefixes, to: "s")
        #expect(sequence.compiled == (count > 256 ? 1 : 0))
        for step in 0...count * 3 {
            let isOne = step % 3 == 0 && step < count * 3
            #expect(Self.isDenied(IPAddress(v4: 0x0A00_0000 + step), sequence.policy) == isOne)
        }
    }

    /// An older revision goes on judging as it did, whatever became of later ones.
    @Test func earlierRevisionsStayWhatTheyAre() throws {
        let address = IPAddress(v4: 0xC000_0201)
        let other = IPAddress(v4: 0xC000_0202)
        var sequence = try Sequence(try Self.policySet([CIDR(IPAddress(v4: 7)), CIDR(IPAddress(v4: 0xC000_0203))]))
        let first = sequence.policy
        try sequence.add([CIDR(address)], to: "s")
        let second = sequence.policy
        try sequence.add([CIDR(other)], to: "s")
        try sequence.remove([CIDR(address)], from: "s")
        #expect(sequence.patched == 3)
        for (policy, expected) in [(first, [false, false]), (second, [true, false]), (sequence.policy, [false, true])] {
            #expect([address, other].map { Self.isDenied($0, policy) } == expected)
        }
        #expect([first, second, sequence.policy].map(\.revision) == [1, 2, 4])
    }

    /// The rest of a change brings tables that hold an earlier state to the new one, and those of other tables are told apart.
    @Test func changesAreCountedFromAPosition() throws {
        var sequence = try Sequence(try Self.policySet([CIDR(IPAddress(v4: 7)), CIDR(IPAddress(v4: 9))]))
        let first = sequence.policy.position
        try sequence.add([CIDR(IPAddress(v4: 0xC000_0201))], to: "s")
        let second = sequence.policy
        try sequence.add([CIDR(IPAddress(v4: 0xC000_0301))], to: "s")
        #expect(sequence.policy.changes(since: sequence.policy.position)?.cells.isEmpty == true)
        let all = try #require(sequence.policy.changes(since: first))
        let last = try #require(sequence.policy.changes(since: second.position))
        #expect(!last.cells.isEmpty && all.cells.count > last.cells.count)
        // A change of `second` that is not the one the sequence went on with.
        var other = sequence.policySet
        try other.setRuntimeEntries([CIDR(IPAddress(v4: 5))], of: "s")
        let branch = try #require(second.changed([CIDR(IPAddress(v4: 5))], of: "s", in: other, revision: 3))
        #expect(branch.changes(since: sequence.policy.position) == nil)
        #expect(try CompilerTests.compile(sequence.policySet).changes(since: first) == nil)
    }
}
