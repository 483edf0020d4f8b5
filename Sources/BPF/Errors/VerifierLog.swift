/// The verifier's log of one program.
///
/// The reason for a refusal stands in the last lines, before the statistics; what comes earlier is the path that led there.
public struct VerifierLog: Sendable, Hashable {
    /// The whole log.
    public let text: String

    /// A log of the given text.
    public init(_ text: String) { self.text = text }

    /// The last lines that say something about the program: without statistics and empty lines.
    public func lastUsefulLines(_ count: Int) -> [String] {
        let lines = text.split(separator: "\n").filter { line in
            !line.hasPrefix("processed ") && !line.hasPrefix("verification time ") && !line.hasPrefix("stack depth ")
        }
        return lines.suffix(count).map(String.init)
    }

    /// Instructions the verifier walked, if the log ends with its statistics.
    public var processedInstructions: Int? {
        for line in text.split(separator: "\n").reversed() where line.hasPrefix("processed ") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
        return nil
    }
}

extension VerifierLog {
    /// Takes what libbpf printed during a load apart: the log between its markers, the program's name, and the rest.
    static func split(_ printed: String) -> (log: String, program: String?, rest: String) {
        let begin = ": -- BEGIN PROG LOAD LOG --\n"
        let end = "-- END PROG LOAD LOG --"
        var log = ""
        var program: String?
        var rest = ""
        var remaining = Substring(printed)
        while let start = remaining.firstRange(of: begin) {
            let before = remaining[..<start.lowerBound]
            let line = before.lastIndex(of: "\n").map { before.index(after: $0) } ?? before.startIndex
            rest += before[..<line]
            program = before[line...].split(separator: "'").dropFirst().first.map(String.init)
            let after = remaining[start.upperBound...]
            let stop = after.firstRange(of: end)
            log = String(after[..<(stop?.lowerBound ?? after.endIndex)])
            remaining = stop.map { after[$0.upperBound...].drop { $0 == "\n" } } ?? ""
        }
        return (log, program, rest + remaining)
    }
}

extension Substring {
    /// Where a text first stands in this one. The standard library has this only with regular expressions linked in.
    fileprivate func firstRange(of text: String) -> Range<Index>? {
        let pattern = Array(text.utf8)
        let bytes = utf8
        var start = bytes.startIndex
        while let candidate = bytes[start...].firstIndex(of: pattern[0]) {
            if bytes[candidate...].starts(with: pattern) {
                return candidate..<bytes.index(candidate, offsetBy: pattern.count)
            }
            start = bytes.index(after: candidate)
        }
        return nil
    }
}
