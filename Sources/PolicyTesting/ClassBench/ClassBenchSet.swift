public import PolicyModel

/// A filter set in ClassBench's style: the rules in order, the first that matches decides.
public struct ClassBenchSet: Sendable {
    public var rules: [ClassBenchRule]

    public init(_ rules: [ClassBenchRule]) {
        self.rules = rules
    }

    /// Reads a filter file. Empty lines are passed over.
    public init(text: String) throws(BadLine) {
        rules = []
        for (number, line) in Self.lines(text) {
            guard let rule = ClassBenchRule(line: line) else { throw BadLine(number: number) }
            rules.append(rule)
        }
    }

    /// Reads a trace file.
    public static func headers(text: String) throws(BadLine) -> [ClassBenchHeader] {
        var headers: [ClassBenchHeader] = []
        for (number, line) in lines(text) {
            guard let header = ClassBenchHeader(line: line) else { throw BadLine(number: number) }
            headers.append(header)
        }
        return headers
    }

    private static func lines(_ text: String) -> [(number: Int, line: Substring)] {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().map { ($0 + 1, $1) }
            .filter { !$0.line.allSatisfy(\.isWhitespace) }
    }

    /// A line that is not what the file should hold.
    public struct BadLine: Error, CustomStringConvertible {
        public var number: Int
        public var description: String { "line \(number) is none of ClassBench's" }
    }

    /// The place of the first rule that matches, one after the other; nil if none does.
    public func firstMatch(_ header: ClassBenchHeader) -> Int? {
        rules.firstIndex { $0.matches(header) }
    }

    /// One policy of these rules for packets that come in, each named by its number, the first 1.
    public func policySet() throws(Diagnostics) -> PolicySet {
        let rules = rules.enumerated().map { $1.rule("\($0 + 1)") }
        return try PolicySet(policies: [HostPolicy(name: "classbench", ingress: rules)])
    }
}
