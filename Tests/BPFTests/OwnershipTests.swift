import BPFTesting
import Glibc
import Testing

/// What is closed, loaded or detached cannot be used again: the compiler refuses it. Each snippet is compiled, and without its last line
/// must be right.
@Suite("Use after consumption does not compile")
struct OwnershipTests {
    @Test(arguments: [
        ("load", "let object = try OpenObject(.file(\"a.o\")); _ = try object.load()", "_ = try object.load()"),
        ("edit", "var object = try OpenObject(.file(\"a.o\")); _ = try object.load()", "try object.setMaxEntries(1, ofMap: \"m\")"),
        ("detach", "let link = try Link(pinnedAt: \"l\"); try link.detach()", "_ = try link.info"),
        ("statistics", "let on = try RunStatistics(); _ = consume on", "_ = consume on"),
        ("queue", "let queue = try QueueMap<UInt32>(id: 1); let other = queue; _ = try other.pop()", "_ = try queue.pop()"),
        ("copy", "let map = try Map<UInt32, UInt32>(pinnedAt: \"m\"); let other = map; _ = try other.count()", "_ = try map.count()"),
    ])
    func `the second use is refused`(name: String, before: String, after: String) throws {
        let right = try compile(name, "\(before)")
        #expect(right.status == 0, "\(right.output)")
        let wrong = try compile(name, "\(before)\n    \(after)")
        #expect(wrong.status != 0)
        #expect(wrong.output.contains("consumed more than once") || wrong.output.contains("used after consume"), "\(wrong.output)")
    }

    /// What would outlive its memory, or be changed by two tasks at once.
    @Test(arguments: [
        (
            "escape", "let batch = try RingBuffer(pinnedAt: \"r\").drain(); batch.forEach { _ = $0.byteCount }",
            "var kept = RawSpan(); batch.forEach { kept = $0 }; _ = kept.byteCount", ["lifetime", "escape"]
        ),
        (
            "span", "let map = try Map<UInt32, UInt32>(id: 1); try map.forEachBatch { keys, _ in _ = keys.count }",
            "var kept = Span<UInt32>(); try map.forEachBatch { keys, _ in kept = keys }; _ = kept.count", ["lifetime", "escape"]
        ),
        (
            "tasks", "var object = try OpenObject(.file(\"a.o\")); try object.setMaxEntries(1, ofMap: \"m\")",
            "for count in 2...3 { Task { try object.setMaxEntries(count, ofMap: \"m\") } }",
            ["noncopyable", "captured", "mutat", "data race"]
        ),
    ])
    func `what would not be safe is refused`(name: String, before: String, after: String, words: [String]) throws {
        let right = try compile(name, before)
        #expect(right.status == 0, "\(right.output)")
        let wrong = try compile(name, "\(before)\n    \(after)")
        #expect(wrong.status != 0)
        #expect(words.contains { wrong.output.contains($0) }, "\(wrong.output)")
    }

    private func compile(_ name: String, _ body: String) throws -> CommandResult {
        // Ownership is checked after type checking: hence SIL.
        try compileSwift("import BPF\n\nfunc example() throws {\n    \(body)\n}\n", named: name, ["-emit-sil", "-o", "/dev/null"])
    }
}
