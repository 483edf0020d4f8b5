import BPFTesting
import Glibc

/// A control group of version 2 for a test, which goes with the value.
final class TestCgroup {
    let path: String

    /// Makes one below the root of the hierarchy, named after this process.
    init(_ name: String) throws {
        path = "\(try Self.root())/bpftest-\(getpid())-\(name)"
        guard mkdir(path, 0o755) == 0 else { throw Failure(description: "cannot make \(path): errno \(errno)") }
    }

    deinit {
        // A process that has just ended may still be leaving.
        for _ in 0..<500 where rmdir(path) != 0 && errno == EBUSY { usleep(10_000) }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private static func root() throws -> String {
        guard let mounts = fopen("/proc/self/mounts", "re") else { throw Failure(description: "no /proc/self/mounts") }
        defer { fclose(mounts) }
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, CInt(line.count), mounts) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).split(separator: " ")
            if words.count > 2, words[2] == "cgroup2" { return String(words[1]) }
        }
        throw Failure(description: "no cgroup2 is mounted")
    }
}
