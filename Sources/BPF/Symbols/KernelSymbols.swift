import Glibc

/// The kernel's functions by name.
enum KernelSymbols {
    /// The functions that can be traced and whose names match a pattern, each once.
    static func traceable(matching pattern: String) -> [String] {
        let pattern = Array(pattern.utf8)
        for path in ["/sys/kernel/tracing/available_filter_functions", "/sys/kernel/debug/tracing/available_filter_functions"] {
            guard let bytes = contents(of: path), !bytes.isEmpty else { continue }
            // "name", or "name [module]".
            return unique(in: bytes, pattern) { line in line.prefix { $0 != UInt8(ascii: " ") } }
        }
        guard let bytes = contents(of: "/proc/kallsyms") else { return [] }
        // "address type name"; not all of these can be traced, and one that cannot has the kernel refuse them all.
        return unique(in: bytes, pattern) { line in
            let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
            guard parts.count == 3, [UInt8(ascii: "t"), UInt8(ascii: "T")].contains(parts[1].first) else { return line.prefix(0) }
            return parts[2].prefix { $0 != UInt8(ascii: "\t") }
        }
    }

    private static func unique(
        in bytes: [UInt8], _ pattern: [UInt8], name: (ArraySlice<UInt8>) -> ArraySlice<UInt8>
    ) -> [String] {
        var found: Set<String> = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let name = name(line)
            if !name.isEmpty, matches(name, pattern) { found.insert(String(decoding: name, as: UTF8.self)) }
        }
        // Places of functions that were replaced when the kernel was linked; they have no name to be found by.
        return found.filter { !$0.hasPrefix("__ftrace_invalid_address__") }.sorted()
    }

    /// Whether a name matches a pattern of `*` and `?`.
    static func matches(_ name: ArraySlice<UInt8>, _ pattern: [UInt8]) -> Bool {
        var at = name.startIndex
        var place = 0
        var retry: (at: Int, place: Int)?
        while at < name.endIndex {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                retry = (at, place)
                place += 1
            } else if place < pattern.count, pattern[place] == UInt8(ascii: "?") || pattern[place] == name[at] {
                at += 1
                place += 1
            } else if let last = retry {
                // The star takes one more.
                at = last.at + 1
                place = last.place + 1
                retry = (at, last.place)
            } else {
                return false
            }
        }
        return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}

/// The bytes of a file whose size the kernel does not say.
func contents(of path: String) -> [UInt8]? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = unsafe read(file, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { return nil }
        if count == 0 { return bytes }
        bytes += chunk[..<count]
    }
}
