/// What the kernel says of a process in `/proc/PID/status`, now.
///
///     let words = ProcessStatus(process.pid)["Uid"]
public struct ProcessStatus: Sendable {
    private let lines: [Substring]

    /// - Parameter process: Its number, or `self`. Of one that is gone there are no lines.
    public init(_ process: some CustomStringConvertible) {
        lines = fileLines("/proc/\(process)/status")
    }

    /// The words of a line behind its name; none if there is no such line.
    public subscript(_ name: String) -> [String] {
        lines.first { $0.hasPrefix("\(name):") }?.split(whereSeparator: \.isWhitespace).dropFirst().map(String.init) ?? []
    }

    /// A line with a set of capabilities, "CapEff" for one, as bits.
    public func capabilities(_ name: String) -> UInt64? { self[name].first.flatMap { UInt64($0, radix: 16) } }
}
