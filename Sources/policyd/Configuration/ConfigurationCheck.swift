/// A configuration the daemon cannot start with, in words for the terminal.
struct ConfigurationError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}

extension Configuration {
    /// The ranges of numbers, the same for the file and for the flags.
    enum Bounds {
        static let connections = 256...16_777_216
        static let rules = 1...1_048_576
        static let bufferBytes = 4_096...1_073_741_824
        static let keep = 0...10_000_000
        static let queue = 1...100_000_000
    }

    /// Finds values that cannot be, wherever they come from.
    ///
    /// - Throws: ``ConfigurationError``.
    func check() throws {
        func check(_ value: Int, in range: ClosedRange<Int>, _ name: String) throws {
            guard range.contains(value) else {
                throw ConfigurationError("\(name): \(value) is out of range (\(range.lowerBound)-\(range.upperBound))")
            }
        }
        try check(limits.connections, in: Bounds.connections, "connection limit")
        try check(limits.rules, in: Bounds.rules, "rule limit")
        try check(events.bufferBytes, in: Bounds.bufferBytes, "event buffer")
        try check(events.keep, in: Bounds.keep, "kept events")
        try check(events.queue, in: Bounds.queue, "event queue")
        guard events.bufferBytes.nonzeroBitCount == 1 else {
            throw ConfigurationError("event buffer: \(events.bufferBytes) is not a power of two")
        }
        guard socket.utf8.count < 108 else {
            throw ConfigurationError("socket: the path of a Unix socket has at most 107 bytes, \(socket) has \(socket.utf8.count)")
        }
        for (name, path) in [("socket", socket), ("state folder", stateDirectory), ("bpffs folder", bpffs), ("policy folder", policies)]
        where path.isEmpty {
            throw ConfigurationError("\(name): the path is empty")
        }
    }
}
