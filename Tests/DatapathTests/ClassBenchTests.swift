import Datapath
import PolicyCompiler
import PolicyModel
import PolicyTesting
import Testing

/// Rule sets in ClassBench's style: every engine finds the rule that a walk over the rules, one after the other, finds first.
@Suite struct ClassBenchTests {
    @Test(arguments: ClassBenchGenerator.Family.allCases)
    func enginesFindTheFirstMatch(family: ClassBenchGenerator.Family) throws {
        var generator = ClassBenchGenerator(family, seed: 3)
        let set = generator.set(400)
        let headers = generator.headers(1_500, for: set)
        let policySet = try set.policySet()
        let policy = try KernelEngineTests.compiled(policySet)
        let reference = ReferenceEvaluator(policySet)
        let kernel = try KernelEngine(policy)
        var found: Set<Int> = []
        for header in headers {
            let place = set.firstMatch(header)
            let expected = place.map { "\($0 + 1)" }
            let packet = header.packet
            #expect(reference.verdict(for: packet).rule == expected, "\(header)")
            #expect(policy.verdict(for: packet).rule == expected, "\(header)")
            #expect(try kernel.verdict(for: packet).rule == expected, "\(header)")
            if let place { found.insert(place) }
        }
        // The headers are of use only if they find many rules.
        #expect(found.count > 100)
    }

    /// So many that slates have several lines; searched by vectors, these have several chunks, and rules of a kind lie together.
    @Test(arguments: ClassBenchGenerator.Family.allCases, [CompileLimits.Search.slates, .vectors])
    func enginesFindTheFirstMatchOfMany(family: ClassBenchGenerator.Family, search: CompileLimits.Search) throws {
        var generator = ClassBenchGenerator(family, seed: 5)
        var set = generator.set(6_000)
        // Rules open to one side come before those open to none, too.
        var random = SplitMix64(seed: 6)
        set.rules.shuffle(using: &random)
        let headers = generator.headers(400, for: set)
        var limits = CompileLimits()
        limits.search = search
        let policy = try KernelEngineTests.compiled(try set.policySet(), limits: limits)
        #expect(policy.hasSlates(.ingress, .v4) == (search == .slates))
        let kernel = try KernelEngine(policy)
        for header in headers {
            let expected = set.firstMatch(header).map { "\($0 + 1)" }
            #expect(policy.verdict(for: header.packet).rule == expected, "\(header)")
            #expect(try kernel.verdict(for: header.packet).rule == expected, "\(header)")
        }
    }

    @Test func readsRulesAndTraces() throws {
        let text = "@10.0.0.0/8\t192.0.2.1/32\t0 : 65535\t80 : 443\t0x06/0xFF\t0x0000/0x0200\t\n"
        let set = try ClassBenchSet(text: text + "@0.0.0.0/0 0.0.0.0/0 0 : 65535 0 : 65535 0x00/0x00 0x0000/0x0000\r\n")
        #expect(set.rules.count == 2)
        #expect(set.rules.first?.source == CIDR("10.0.0.0/8"))
        #expect(set.rules.first?.destinationPorts == 80...443)
        let headers = try ClassBenchSet.headers(text: "167772161\t3221225985\t5\t443\t6\t0\t1\n167772161 3221225985 5 444 6 0 1\n")
        #expect(headers.map { set.firstMatch($0) } == [0, 1])
        let error = #expect(throws: ClassBenchSet.BadLine.self) { try ClassBenchSet(text: "\n" + text + "1.2.3.4 all\n") }
        #expect(error?.number == 3)
    }
}
