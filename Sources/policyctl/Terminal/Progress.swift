import Glibc

/// Does something, and says on a terminal that it is still at it once half a second has gone by.
func withProgress<Result: Sendable>(_ doing: String, _ body: @Sendable () async throws -> Result) async throws -> Result {
    guard isatty(STDERR_FILENO) == 1 else { return try await body() }
    let clock = ContinuousClock()
    let start = clock.now
    let ticker = Task {
        var shown = false
        defer { if shown { put("\r\u{1B}[K") } }
        try? await Task.sleep(for: .milliseconds(500))
        while !Task.isCancelled {
            let tenths = (clock.now - start) / .milliseconds(100)
            put("\r\(doing) … \(Int(tenths) / 10).\(Int(tenths) % 10) s")
            shown = true
            try? await Task.sleep(for: .milliseconds(100))
        }
    }
    func end() async {
        ticker.cancel()
        await ticker.value
    }
    do {
        let result = try await body()
        await end()
        return result
    } catch {
        await end()
        throw error
    }
}

private func put(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
}
