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
        tail.split(separator: "\n").filter { line in
            !line.hasPrefix("processed ") && !line.hasPrefix("verification time ") && !line.hasPrefix("stack depth ")
        }.suffix(count).map(String.init)
    }

    /// Instructions the verifier walked, if the log ends with its statistics.
    public var processedInstructions: Int? {
        for line in tail.split(separator: "\n").reversed() where line.hasPrefix("processed ") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        }
        return nil
    }

    /// Enough of the end for everything that is asked of it: logs may have megabytes.
    private var tail: String { String(decoding: text.utf8.suffix(16 << 10), as: UTF8.self) }
}

extension VerifierLog {
    /// The program that libbpf said the kernel refused: "prog 'NAME': BPF program load failed: …".
    static func refusedProgram(in printed: String) -> String? {
        for line in printed.split(separator: "\n") where line.hasPrefix("prog '") {
            let parts = line.split(separator: "'", maxSplits: 2)
            if parts.count == 3, parts[2].hasPrefix(": BPF program load failed") { return String(parts[1]) }
        }
        return nil
    }
}
