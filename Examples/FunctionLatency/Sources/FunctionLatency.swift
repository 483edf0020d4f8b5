import BPF

/// How long the calls of a function of a program or library take, in any process.
@main
struct FunctionLatency {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let seconds = Int(arguments[3]) else {
            print("usage: function-latency FILE FUNCTION SECONDS     (function-latency /lib/x86_64-linux-gnu/libc.so.6 getaddrinfo 10)")
            return
        }
        let object = try OpenObject(.latency).load()
        let place = CodePlace(arguments[1], symbol: arguments[2])
        // The return first: what has been seen to enter is to be seen to return.
        let returns = try object.program("on_return", as: Uprobe.self).attach(to: place, isReturn: true)
        let entries = try object.program("on_entry", as: Uprobe.self).attach(to: place)
        print("watching \(arguments[2])")
        try await Task.sleep(for: .seconds(seconds))

        let calls = try object.perCPUMap(EmbeddedObject.Latency.Maps.calls)
        let counts = try (0..<calls.maxEntries).map { try calls.sum(forKey: UInt32($0)) ?? 0 }
        let largest = counts.max() ?? 0
        if largest == 0 { print("no calls") }
        for (bucket, count) in counts.enumerated() where count > 0 {
            print("from \(duration(1 << bucket)): \(count) " + String(repeating: "#", count: Int(count * 40 / largest)))
        }
        // The links end with their handles.
        _ = consume entries
        _ = consume returns
    }

    private static func duration(_ nanoseconds: UInt64) -> String {
        switch nanoseconds {
        case ..<1_000: "\(nanoseconds) ns"
        case ..<1_000_000: "\(nanoseconds / 1_000) µs"
        case ..<1_000_000_000: "\(nanoseconds / 1_000_000) ms"
        default: "\(nanoseconds / 1_000_000_000) s"
        }
    }
}
