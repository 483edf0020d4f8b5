import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import PolicyModel
import Probes
import Testing

@Suite("Loading probes on trial in a process of its own")
struct ProbeTrialTests {
    /// The program beside the tests that tries.
    private func trial(timeLimit: Int = 20) -> ProbeTrial { ProbeTrial(program: InspectionTests.program, timeLimit: timeLimit) }

    private func document(_ spec: String, name: String = "tried") throws -> Document {
        let text = "apiVersion: policyd/v1\nkind: Probe\nmetadata: { name: \(name) }\nspec:\n  object: tried.o\n\(spec)\n"
        let loaded = DocumentLoader.load(text: text, path: "tried.yaml")
        return try #require(loaded.documents.first, "\(loaded.diagnostics)")
    }

    @Test func `what the kernel takes passes, and nothing of it stays`() async throws {
        let before = KernelObjects(namePrefix: "bt_")
        let names = ["bt_drop", "bt_next", "bt_xdp_pass", "bt_xdp_drop"].map { "    \($0): { attach: none }" }
        let document = try document("  programs:\n    bt_pass: { attach: \"tcx/ingress:lo\" }\n" + names.joined(separator: "\n"))
        try await trial().run(document, object: EmbeddedObject.verdict.bytes)
        #expect(KernelObjects.leftovers(since: before).isEmpty)
    }

    @Test func `what is refused is refused in the words of the loader`() async throws {
        let none = "attach: none"
        let cases: [(spec: String, object: EmbeddedObject, word: String)] = [
            ("  globals: { nosuch: 1 }", .verdict, "the object has no 'nosuch'"),
            (
                "  programs: { \(["best", "best_too", "second", "third", "extra"].map { "bt_\($0): { \(none) }" }.joined(separator: ", ")) }",
                .alternatives, "invalid access to packet"
            ),
            ("  programs: { bt_keep: { \(none) } }\n  limits: { memory: 4KiB }", .pinned, "and its limit is 4096"),
            ("  sha256: \(String(repeating: "0", count: 64))", .verdict, "has SHA-256"),
        ]
        for (spec, object, word) in cases {
            let document = try document(spec)
            let there = await #expect(throws: ProbeError.self) { try await trial().run(document, object: object.bytes) }
            let here = #expect(throws: ProbeError.self) {
                try ProbeLoader(document, object: object.bytes, pins: nil).load(isTrial: true)
            }
            #expect(there?.description.contains(word) == true, "\(spec): \(String(describing: there))")
            // Numbers of descriptors and the like are another process's.
            #expect(
                there?.description.filter { !$0.isNumber } == here?.description.filter { !$0.isNumber },
                "\(spec): \(String(describing: there)) and \(String(describing: here))")
        }
    }

    @Test func `an object that keeps the process busy is refused by its name, and the kernel ends its work on it`() async throws {
        let before = KernelObjects(namePrefix: "bt_")
        let document = try document("  programs: { bt_endless: { attach: none } }")
        let trial = trial(timeLimit: 1)
        let error = await #expect(throws: ProbeError.self) { try await trial.run(document, object: EmbeddedObject.endless.bytes) }
        #expect(
            error?.message
                == "refused: cannot load object tried.o: trying to load it took more than 1 s: the file is corrupted, or made to do harm")
        #expect(KernelObjects.leftovers(since: before).isEmpty)
    }

    @Test func `a process that crashes or answers nonsense is told`() async throws {
        let document = try document("  programs: { bt_pass: { attach: none } }")
        func words(_ script: String) async -> String? {
            let trial = ProbeTrial(program: "/bin/sh", arguments: ["-c", script])
            return await #expect(throws: ProbeError.self) { try await trial.run(document, object: [1, 2, 3]) }?.message
        }
        #expect(await words("kill -ILL $$")?.contains("cannot load object tried.o: trying to load it ended a process by signal 4") == true)
        #expect(await words("echo '{'")?.hasSuffix("did not answer as agreed") == true)
        #expect(await words("echo no rights >&2; exit 3")?.hasSuffix("ended with 3: no rights") == true)
    }
}
