import PolicyAPI
import Testing

@testable import policyctl

/// What `policyctl probe show NAME MAP` makes of a map for people.
@Suite struct ProbeMapTextTests {
    private static func contents(
        _ counts: [[JSONValue]], name: String = "latency_ns", type: String = "array"
    ) -> ProbeMapContentsMessage {
        ProbeMapContentsMessage(
            name: name, type: type, isPerCPU: type.hasPrefix("percpu"),
            entries: counts.enumerated().map { .init(key: .integer(Int64($0)), values: $1) })
    }

    private static func array(_ counts: [Int64]) -> [[JSONValue]] { counts.map { [.integer($0)] } }

    private static func lines(_ contents: ProbeMapContentsMessage) -> [String] {
        ProbeMapText(contents).text.split(separator: "\n").map(String.init)
    }

    private static func bar(_ line: String) -> Int { line.count { $0 == "▇" } }

    @Test func `powers of two are bars, the most counted as wide as there is room`() throws {
        let lines = Self.lines(Self.contents(Self.array([0, 0, 20, 0, 40, 1] + [Int64](repeating: 0, count: 58))))
        #expect(lines.count == 5)
        let fields = lines.map { $0.split(separator: " ").filter { !$0.contains("▇") }.map(String.init) }
        #expect(fields == [["FROM", "BELOW", "COUNT"], ["4", "8", "20"], ["8", "16", "0"], ["16", "32", "40"], ["32", "64", "1"]])
        // One of forty is little, and is not nothing.
        #expect(lines.map(Self.bar) == [0, 20, 0, 40, 1])
        // They begin below each other.
        #expect(Set(lines.filter { Self.bar($0) > 0 }.map { $0.prefix { $0 != "▇" }.count }).count == 1)
    }

    @Test func `the first power begins at nothing, and the last has room`() throws {
        var counts = [Int64](repeating: 0, count: 64)
        counts[0] = 3
        #expect(Self.lines(Self.contents(Self.array(counts)))[1].split(separator: " ").prefix(3) == ["0", "2", "3"])
        counts[0] = 0
        counts[63] = .max
        let last = Self.lines(Self.contents(Self.array(counts)))[1].split(separator: " ")
        #expect(last[0].filter(\.isNumber) == "9223372036854775808" && last[1].filter(\.isNumber) == "18446744073709551616", "\(last)")
        #expect(Self.bar(String(last[3])) == 40)
    }

    @Test func `what each processor counted is added up`() throws {
        let contents = Self.contents([[.integer(1), .integer(3)], [.integer(0), .integer(2)]], name: "hist", type: "percpu_array")
        let lines = Self.lines(contents)
        #expect(lines.dropFirst().map(Self.bar) == [40, 20])
        #expect(lines.dropFirst().map { $0.split(separator: " ")[2] } == ["4", "2"])
    }

    @Test func `nothing counted is said, and no bars of nothing`() {
        #expect(Self.lines(Self.contents(Self.array([0, 0, 0]))) == ["nothing has been counted in latency_ns"])
    }

    @Test func `other maps are tables`() {
        for other in [
            Self.contents(Self.array([1, 2]), name: "counts"), Self.contents(Self.array([1, 2]), type: "hash"),
            Self.contents(Self.array([1])), Self.contents(Self.array([Int64](repeating: 1, count: 66))),
            Self.contents(Self.array([1, -2])), Self.contents([[.text("x")], [.integer(2)]]),
        ] {
            let lines = Self.lines(other)
            #expect(lines[0].split(separator: " ") == ["KEY", "VALUE"] && lines.allSatisfy { Self.bar($0) == 0 }, "\(lines)")
        }
        let sums = Self.lines(
            Self.contents(
                [[.object(["a": .integer(1)]), .object(["a": .integer(2)])], [.text("x"), .text("y")]], name: "c", type: "percpu_hash"))
        #expect(sums[1].hasSuffix("a=3") && sums[2].hasSuffix("x | y"), "\(sums)")
    }
}
