import PolicyModel
import Testing

/// `kind: Probe`: what is read, what is refused, and how it is said.
@Suite struct ProbeDocumentTests {
    static let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

    static func text(_ spec: String, name: String = "opens") -> String {
        "apiVersion: policyd/v1\nkind: Probe\nmetadata: { name: \(name) }\nspec: { \(spec) }\n"
    }

    static func probe(_ text: String) throws -> Probe {
        let loaded = DocumentLoader.load(text: text, path: "probes/opens.yaml")
        try #require(loaded.diagnostics.isEmpty, "\(loaded.diagnostics.map(\.summary))")
        guard case .probe(let probe) = try #require(loaded.documents.first).value else { throw NotAPolicy() }
        return probe
    }

    static let whole = """
        apiVersion: policyd/v1
        kind: Probe
        metadata: { name: file-opens, labels: { owner: ops } }
        spec:
          object: file-opens.o
          sha256: \(hash)
          globals:
            shortest: 10
            only: "nginx"
            mode: MODE_ALL
            ports: [80, 443]
          programs:
            on_open: { attach: "kprobe:do_sys_openat2", optional: true }
            on_exit: { attach: ["uprobe:/bin/sh:main+0x10", "uretprobe:/bin/sh:main"] }
            tail: { attach: none }
          alternatives: [[on_open, on_enter], [[a, b], c]]
          maps: { events: { maxEntries: 262144 } }
          events:
            - { map: events, record: file_open }
            - map: others
          limits: { memory: 8MiB, programs: 4, eventsPerSecond: 1000 }
          persist: true
        """

    @Test func `all that a document can say is read`() throws {
        let probe = try Self.probe(Self.whole)
        #expect(probe.name == "file-opens" && probe.labels == ["owner": "ops"])
        #expect(probe.object == .file("file-opens.o") && probe.sha256 == SHA256Digest(Self.hash))
        #expect(
            probe.globals.map(\.value) == [
                .text("10"), .text("nginx"), .text("MODE_ALL"), .list([.text("80"), .text("443")]),
            ])
        #expect(probe.globals.map(\.name) == ["shortest", "only", "mode", "ports"])
        #expect(probe.programs.map(\.name) == ["on_open", "on_exit", "tail"])
        #expect(probe.programs.map(\.isOptional) == [true, false, false])
        guard case .targets(let targets) = probe.programs[1].attachment else { throw NotAPolicy() }
        #expect(targets.map(\.text) == ["uprobe:/bin/sh:main+0x10", "uretprobe:/bin/sh:main"])
        #expect(targets[0].location == SourceLocation(file: "probes/opens.yaml", line: 14, column: 25))
        #expect(probe.programs[2].attachment == .none && probe.alternatives == [[["on_open"], ["on_enter"]], [["a", "b"], ["c"]]])
        #expect(probe.maps.map(\.maxEntries) == [262_144])
        #expect(probe.events.map(\.map) == ["events", "others"] && probe.events.map(\.record) == ["file_open", nil])
        #expect(probe.limits == Probe.Limits(memory: 8 << 20, programs: 4, eventsPerSecond: 1_000))
        #expect(probe.persist)
    }

    @Test func `what a document leaves out is left to the object, within the usual limits`() throws {
        let probe = try Self.probe(Self.text("object: \"bundled:file-opens\""))
        #expect(probe.object == .bundled("file-opens") && "\(probe.object)" == "bundled:file-opens")
        #expect(probe.sha256 == nil && probe.globals.isEmpty && probe.programs.isEmpty && probe.events.isEmpty)
        #expect(probe.limits == Probe.Limits(memory: 134_217_728, programs: 64, eventsPerSecond: 20_000))
        #expect(!probe.persist)
    }

    @Test(arguments: [
        whole, text("object: x.o"), text("object: \"null\", globals: { a: \"~\", b: [], c: [[1], [\"a b\"]] }, persist: true"),
    ])
    func `a probe that is printed and read again is the same`(text: String) throws {
        let probe = try Self.probe(text)
        #expect(try Self.probe(probe.output.yaml()).output == probe.output)
        #expect(try Self.probe(probe.output.json(isPretty: true)).output == probe.output)
    }

    @Test(arguments: [
        ("sha256: x", "4:7: error: spec: 'object' is missing", 2),
        ("object: \"bundled:/x\"", "4:17: error: object: a bundled object's name: '/x' is not a name: ", 1),
        (
            "object: a.o, sha256: abc", "4:30: error: sha256: 'abc' is not a SHA-256: 64 hexadecimal digits, as sha256sum prints them", 1
        ),
        ("object: a.o, globals: [1]", "4:31: error: globals: expected a mapping from the name of a global variable, found a list", 1),
        (
            "object: a.o, globals: { a-b: 1 }", "4:33: error: globals: 'a-b' is not the name of a global variable: letters, digits and '_'",
            1
        ),
        ("object: a.o, globals: { a: { b: 1 } }", "4:36: error: globals: a: expected a single value or a list, found a mapping", 1),
        ("object: a.o, globals: { a: ~ }", "4:36: error: globals: a has no value; leave the key out if none is meant", 1),
        ("object: a.o, globals: { a: 1, a: 2 }", "4:39: error: globals: 'a' stands here twice", 1),
        ("object: a.o, programs: { p: { atach: none } }", "error: programs: p: unknown key 'atach'; did you mean 'attach'?", 1),
        (
            "object: a.o, programs: { p: { attach: do_unlinkat } }",
            "error: attach: 'do_unlinkat' is not a place to attach to: KIND:PLACE as in kprobe:do_unlinkat, or 'none'", 1
        ),
        (
            "object: a.o, programs: { p: { attach: [none, \"xdp:eth0\"] } }",
            "error: attach: 'none' stands alone; a program is attached or it is not", 1
        ),
        ("object: a.o, programs: { p: { optional: yes } }", "error: optional: 'yes' is not one of true or false", 1),
        ("object: a.o, alternatives: [[a]]", "error: alternatives: expected a list of two programs or more", 1),
        ("object: a.o, alternatives: [[a, b], [c, a]]", "error: alternatives: 'a' stands here twice", 1),
        ("object: a.o, maps: { m: {} }", "error: m: 'maxEntries' is missing", 1),
        ("object: a.o, maps: { m: { maxEntries: 0 } }", "error: maxEntries: 0 is not a whole number from 1 to 4294967295", 1),
        ("object: a.o, events: { map: e }", "error: events: expected a list of { map, record }, found a mapping", 1),
        ("object: a.o, events: [{ map: e }, { map: e }]", "error: map: 'e' stands here twice", 1),
        ("object: a.o, events: [{ record: e }]", "error: event: 'map' is missing", 1),
        ("object: a.o, limits: { memory: 64MB }", "error: memory: '64MB' is not a number of bytes such as 64MiB, from 4KiB to 1024GiB", 1),
        ("object: a.o, limits: { memory: 1KiB }", "error: memory: '1KiB' is not a number of bytes such as 64MiB, from 4KiB to 1024GiB", 1),
        ("object: a.o, limits: { programs: 0 }", "error: programs: 0 is not a whole number from 1 to 1024", 1),
        ("object: a.o, tier: admin", "error: spec: unknown key 'tier'; known are object, sha256, globals, ", 1),
    ])
    func `a mistake is named where it stands`(spec: String, expected: String, count: Int) {
        let found = messages(Self.text(spec))
        #expect(found.count == count, "\(found)")
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }

    @Test func `a policy refuses a probe and says what loads it`() throws {
        let loaded = DocumentLoader.load(text: Self.text("object: a.o") + "---\n" + policyText("ingress: []"), path: "both.yaml")
        let error = #expect(throws: Diagnostics.self) { try loaded.policySet() }
        #expect(
            error?.all.map(\.summary) == [
                "both.yaml:3:19: error: kind: Probe 'opens' is no part of a policy; policyctl probe load -f FILE loads it"
            ])
        let (probes, policy) = loaded.separated()
        #expect(probes.map(\.identity) == ["Probe/opens"])
        #expect(try policy.policySet().policies.map(\.name) == ["web"])
    }

    @Test func `two probes of one name are told, and then there are none`() {
        let (probes, policy) = DocumentLoader.load(text: Self.text("object: a.o") + "---\n" + Self.text("object: b.o")).separated()
        #expect(probes.isEmpty)
        #expect(policy.diagnostics.map(\.message) == ["name: there is another Probe 'opens' (<text>:3:19)"])
    }

    /// The vectors of FIPS 180-4's examples, and lengths around the ends of blocks against sha256sum's answers.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), ("abc", hash),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (String(repeating: "a", count: 55), "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        (String(repeating: "a", count: 64), "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
        (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
    ])
    func `a SHA-256 is what sha256sum says`(text: String, digest: String) {
        #expect(SHA256Digest(of: Array(text.utf8)).description == digest)
        #expect(SHA256Digest(digest.uppercased()) == SHA256Digest(of: Array(text.utf8)))
    }

    @Test(arguments: ["", String(repeating: "0", count: 63), String(repeating: "0", count: 65), String(repeating: "é", count: 64)])
    func `what is no SHA-256 is none`(text: String) { #expect(SHA256Digest(text) == nil) }
}
