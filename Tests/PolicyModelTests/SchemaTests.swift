import Foundation
import PolicyModel
import PolicyTesting
import Testing

/// The schema of the documents, as an editor uses it, against the parser.
@Suite struct SchemaTests {
    /// What is said of a document.
    struct Case {
        var text: String
        /// Whether it is sound; nil leaves that to the parser.
        var isSound: Bool?

        init(_ text: String, isSound: Bool? = nil) {
            self.text = text
            self.isSound = isSound
        }

        var parserTakes: Bool {
            let file = SourceFile(path: "web.yaml", text: text)
            let lists = Dictionary(uniqueKeysWithValues: ["list", "1", "22", "true"].map { ($0, Array("192.0.2.1\n".utf8)) })
            return !DocumentLoader.load(bundles: [SourceBundle(files: [file], lists: lists)]).hasErrors
        }
    }

    /// Whether the schema takes each of the documents, as the reference implementation in Python says.
    static func schemaTakes(_ texts: [String]) throws -> [Bool] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "policyd-schema-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appending(path: "documents")
        let output = folder.appending(path: "answers")
        let lines = texts.map { text in YAMLComposer(Array(text.utf8)).documents.first.map { Self.json($0.root) } ?? "null" }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: input)
        try Data().write(to: output)
        // The first that has the module: a Python on the path may be another one than the system's.
        let command = """
            for python in python3 /usr/bin/python3; do
                $python -c 'import jsonschema' 2>/dev/null && exec $python "$0" "$1"
            done
            exit 77
            """
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command, "\(repository)/scripts/lib-schema.py", "\(repository)/docs/policy.schema.json"]
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus != 77, "Python's jsonschema is missing: install python3-jsonschema")
        try #require(process.terminationStatus == 0)
        let answers = try String(contentsOf: output, encoding: .utf8).split(separator: "\n").map { $0 == "true" }
        try #require(answers.count == texts.count)
        return answers
    }

    /// A node as an editor understands it, by the core schema of YAML 1.2: plain scalars may be numbers.
    static func json(_ node: YAMLNode) -> String {
        switch node.content {
        case .scalar(let text, let isPlain):
            if node.isNull { return "null" }
            if isPlain, ["true", "True", "TRUE"].contains(text) { return "true" }
            if isPlain, ["false", "False", "FALSE"].contains(text) { return "false" }
            if isPlain, text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil { return text }
            return OutputValue.text(text).json()
        case .sequence(let elements):
            return "[" + elements.map { json($0) }.joined(separator: ",") + "]"
        case .mapping(let pairs):
            let fields = pairs.map { pair in
                guard case .scalar(let key, _) = pair.key.content else { return "\"?\":null" }
                return OutputValue.text(key).json() + ":" + json(pair.value)
            }
            return "{" + fields.joined(separator: ",") + "}"
        }
    }

    /// Holds schema and parser against one another.
    static func compare(_ cases: [Case]) throws {
        for (one, schema) in zip(cases, try schemaTakes(cases.map(\.text))) {
            let parser = one.parserTakes
            #expect(
                schema == parser, "the schema \(schema ? "takes" : "refuses") what the parser \(parser ? "takes" : "refuses"): \(one.text)")
            if let isSound = one.isSound { #expect(parser == isSound, "\(one.text)") }
        }
    }

    /// A set with a label whose name has so many characters.
    private static func labelled(_ count: Int) -> String {
        let label = String(repeating: "é", count: count)
        return "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: a, labels: { \(label): b } }\nspec: { files: [] }\n"
    }

    static func set(_ spec: String) -> String {
        "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: a }\nspec: \(spec)\n"
    }

    static func rule(_ fields: String, direction: String = "ingress") -> String {
        policyText("\(direction): [{ \(fields) }]")
    }

    /// Values of every type, and of every field, right and wrong: each field is tried with all of them.
    static let values = [
        "", "~", "{}", "{ a: 1 }", "[]", "[[tcp]]", "[{}]", "[~]", "[tcp, ~]", "true", "1.5", "-1", "0", "1", "22", "255", "256", "65535",
        "65536",
        "1000000", "1000001", "\"22\"", "\"\"", "any", "none", "all", "new", "enforce", "audit", "keep", "kept", "judge", "allow", "deny",
        "reject",
        "pass", "drop", "safety", "baseline", "tcp", "TCP", "tpc", "[tcp, udp]", "[tcp, 132]", "sctp", "6", "47", "gre", "[tcp, gre]",
        "icmp",
        "icmpv4", "icmpv6", "[icmp, icmpv6]", "[icmpv4, icmpv6]", "[icmpv4, icmpv4]", "ICMP", "8/0", "3/4", "256/1", "3/256", "[3, 3/4]",
        "99/port-unreachable", "3/port-unreachable", "1/no-route", "echo-request", "echo-requst", "packet-too-big", "packet-too-big/0",
        "echo-request/0", "port-unreachable", "destination-unreachable/port-unreachable", "destination-unreachable/no-route",
        "echo-request/port-unreachable", "source-quench/3", "destination-unreachable/3", "\"1-2\"", "\"0-65535\"", "\"1-65536\"",
        "\"-5-6\"", "\"1-\"", "[80, \"90-99\"]", "192.0.2.1", "192.0.2.0/24", "0.0.0.0/0", "192.0.2.0/33", "192.0.2.1/32", "256.0.0.1",
        "192.0.2.01", "\"::\"", "\"::/0\"", "\"2001:db8::/32\"", "\"2001:db8::1/129\"", "\"::ffff:192.0.2.1\"", "\"1::2::3\"",
        "\"fe80::1%eth0\"",
        "[192.0.2.1, \"2001:db8::1\", any]", "\"set:a\"", "\"set:\"", "\"set:-a\"", "\"!set:a\"", "\"!192.0.2.0/24\"", "\"!any\"",
        "[any, \"!set:a\"]", "eth0", "\"eth*\"", "\"!eth1\"", "[\"eth?\", \"!eth1\"]", "\"!\"", "\"!!\"", "\"*\"", "\"eth 0\"", "eth/0",
        "\"[ab]\"",
        "averyveryverylo", "averyveryverylon", "\"!averyveryverylo\"", "\"***************************x\"", "2026-12-31T18:00:00Z",
        "\"2026-12-31t18:00:00.5+01:00\"", "2026-12-31", "2026-13-01T00:00:00Z", "2026-12-31T24:00:00Z", "1969-12-31T23:59:59Z",
        "2105-12-31T23:59:59Z", "2106-01-01T00:00:00Z", "2026-12-31T18:00:00", "name-1", "-name", "a b", "\"_\"",
        "\(String(repeating: "a", count: 63))",
        "\(String(repeating: "a", count: 64))", "list", "[list]", "äöü",
    ]

    @Test func `each field of a rule takes the same values by schema and parser`() throws {
        let keys = [
            "name", "action", "protocol", "ports", "sourcePorts", "icmp", "from", "to", "local", "interfaces", "log", "mode", "expires",
            "established", "unknown",
        ]
        var cases: [Case] = []
        for value in Self.values {
            for key in keys {
                let action = key == "action" ? "" : "action: deny, "
                cases.append(Case(Self.rule("\(action)\(key): \(value)")))
            }
            cases.append(Case(Self.rule("action: deny, to: \(value)", direction: "egress")))
            cases.append(Case(Self.rule("action: deny, from: \(value)", direction: "egress")))
        }
        try Self.compare(cases)
    }

    @Test func `fields that have to fit one another do so by schema and parser`() throws {
        var cases: [Case] = []
        for value in Self.values {
            for other in ["icmp", "icmpv4", "icmpv6", "[icmpv4, icmpv4]", "[icmpv4, icmpv6]", "[icmp, icmpv4]"] {
                cases.append(Case(Self.rule("action: deny, protocol: \(other), icmp: \(value)")))
            }
            for other in ["ports: 22", "sourcePorts: 1", "icmp: echo-request"] {
                cases.append(Case(Self.rule("action: deny, protocol: \(value), \(other)")))
            }
        }
        for action in ["allow", "deny", "reject", "pass"] {
            for established in ["judge", "keep"] { cases.append(Case(Self.rule("action: \(action), established: \(established)"))) }
        }
        cases.append(Case(Self.rule("action: deny, ports: 22, icmp: echo-request"), isSound: false))
        cases.append(Case(Self.rule("action: deny, sourcePorts: 22, icmp: echo-request"), isSound: false))
        try Self.compare(cases)
    }

    @Test func `each field of the other mappings takes the same values by schema and parser`() throws {
        var cases: [Case] = []
        for value in Self.values {
            for key in ["tier", "priority", "interfaces", "mode", "egress", "unknown"] {
                cases.append(Case(policyText("ingress: []\n\(key): \(value)")))
            }
            cases.append(Case(policyText("ingress: \(value)")))
            cases.append(Case(policyText("ingress: [\(value)]")))
            for key in ["addresses", "unknown"] {
                cases.append(Case(Self.set("{ addresses: [], \(key): \(value) }".replacing("addresses: [], addresses", with: "addresses"))))
            }
            for (apiVersion, kind, metadata) in [
                (value, "HostPolicy", "{ name: a }"), ("policyd/v1", value, "{ name: a }"), ("policyd/v1", "HostPolicy", value),
                ("policyd/v1", "HostPolicy", "{ name: \(value) }"), ("policyd/v1", "HostPolicy", "{ name: a, labels: \(value) }"),
                ("policyd/v1", "HostPolicy", "{ name: a, labels: { b: \(value) } }"),
                ("policyd/v1", "HostPolicy", "{ name: a, unknown: \(value) }"),
            ] {
                cases.append(
                    Case("apiVersion: \(apiVersion)\nkind: \(kind)\nmetadata: \(metadata)\nspec: { egress: [{ action: deny }] }\n"))
            }
            cases.append(Case("apiVersion: policyd/v1\nkind: HostPolicy\nmetadata: { name: a }\nspec: \(value)\n"))
            cases.append(Case(Self.set(value)))
        }
        try Self.compare(cases)
    }

    @Test func `whole documents are sound or not by schema and parser`() throws {
        let rest = "metadata: { name: a }\nspec: { egress: [{ action: deny }] }\n"
        try Self.compare([
            Case("apiVersion: policyd/v1\nkind: HostPolicy\n" + rest, isSound: true),
            Case("apiVersion: policyd/v2\nkind: HostPolicy\n" + rest, isSound: false),
            Case("apiVersion: policyd/v1\nkind: Probe\n" + rest, isSound: false),
            Case("apiVersion: policyd/v1\nkind: AddressSet\n" + rest, isSound: false),
            Case("kind: HostPolicy\n" + rest, isSound: false), Case("apiVersion: policyd/v1\n" + rest, isSound: false),
            Case("apiVersion: policyd/v1\nkind: HostPolicy\nspec: { egress: [] }\n", isSound: false),
            Case("apiVersion: policyd/v1\nkind: HostPolicy\nmetadata: {}\nspec: { egress: [] }\n", isSound: false),
            Case("apiVersion: policyd/v1\nkind: HostPolicy\nmetadata: { name: a }\n", isSound: false),
            Case("apiVersion: policyd/v1\nkind: HostPolicy\nstatus: {}\n" + rest, isSound: false),
            Case(
                "apiVersion: policyd/v1\nkind: AddressSet\nmetadata: { name: a, labels: { \"\": b } }\nspec: { files: [] }\n",
                isSound: false),
            Case(Self.labelled(100), isSound: true), Case(Self.labelled(101), isSound: false),
            Case(policyText("tier: admin"), isSound: false), Case(policyText("ingress: []"), isSound: true),
            Case(policyText("ingress: [{ name: x }]"), isSound: false), Case(policyText("rules: []\ningress: []"), isSound: false),
            Case(Self.set("{}"), isSound: false), Case(Self.set("{ addresses: [] }"), isSound: true),
            Case(Self.set("{ files: list }"), isSound: true), Case(Self.set("{ files: [list, 22] }"), isSound: true),
            Case(Self.set("{ files: [[list]] }"), isSound: false), Case(Self.set("{ files: {} }"), isSound: false),
            Case(Self.set("{ files: [] }"), isSound: true), Case(Self.set("{ files: \"\" }"), isSound: false),
            Case(Self.set("{ addresses: [192.0.2.1, \"set:b\"], files: [list] }"), isSound: true),
            Case(Self.set("{ addresses: [any] }"), isSound: false),
        ])
    }

    @Test func `each field of a probe takes the same values by schema and parser`() throws {
        let keys = ["sha256", "globals", "programs", "alternatives", "maps", "events", "limits", "persist", "unknown"]
        let hash = ProbeDocumentTests.hash
        let own = [
            "\"bundled:a\"", "\"bundled:\"", "\"bundled:-a\"", hash, "\"\(hash)\"", "\"\(hash)0\"", "false", "\"true\"", "{ a_b: 1 }",
            "{ a-b: 1 }", "{ 1a: 1 }", "{ a: [1, [x]] }", "{ a: ~ }", "{ a: { b: c } }", "{ a: {} }", "{ a: { attach: none } }",
            "{ a: { attach: [none] } }", "{ a: { attach: [none, none] } }", "{ a: { attach: \"kprobe:x\" } }", "{ a: { attach: [] } }",
            "{ a: { attach: \"kprobe:\" } }", "{ a: { attach: \":x\" } }", "{ a: { attach: \"Kprobe:x\" } }",
            "{ a: { attach: sk_lookup } }",
            "{ a: { attach: \"netfilter/ipv4/input priority=-100\" } }", "{ a: { attach: netfilter/ } }", "{ a: { attach: netfilter } }",
            "{ a: { attach: [\"xdp:eth0\", \"cgroup/x:/a b\"] } }", "{ a: { attach: [\"xdp:eth0\", none] } }", "{ a: { optional: true } }",
            "{ a: { optional: 1 } }", "{ a: { maxEntries: 1 } }", "{ a: { maxEntries: \"4294967295\" } }",
            "{ a: { maxEntries: 4294967296 } }",
            "{ a: { maxEntries: \"4294967296\" } }", "{ a: { maxEntries: 0 } }", "[[a, b]]", "[[a]]", "[[a, b], [c, d]]", "[[[a, b], c]]",
            "[[[], c]]", "[[a, a]]", "[a, b]",
            "[{ map: a }]", "[{ map: a, record: b }]", "[{ record: b }]", "[{ map: a, record: 1 }]", "[{ map: a, other: b }]",
            "{ memory: 64MiB }", "{ memory: 64MB }", "{ memory: 4096 }", "{ memory: 4095 }", "{ programs: 1024 }", "{ programs: 1025 }",
            "{ programs: \"1024\" }", "{ eventsPerSecond: 100000000 }", "{ eventsPerSecond: 100000001 }", "{ eventsPerSecond: \"7\" }",
        ]
        var cases: [Case] = []
        for value in Self.values + own {
            cases.append(Case(ProbeDocumentTests.text("object: \(value)")))
            for key in keys { cases.append(Case(ProbeDocumentTests.text("object: a.o, \(key): \(value)"))) }
        }
        cases.append(Case(ProbeDocumentTests.whole, isSound: true))
        cases.append(Case(ProbeDocumentTests.text("persist: true"), isSound: false))
        try Self.compare(cases)
    }

    @Test func `every name of the language is in the schema`() throws {
        let names = ICMPName.messages.map(\.name) + ICMPName.codes.map(\.name)
        var cases: [Case] = []
        for name in names {
            for other in ["icmp", "icmpv4", "icmpv6"] {
                cases.append(Case(Self.rule("action: deny, protocol: \(other), icmp: \(name)")))
                cases.append(Case(Self.rule("action: deny, protocol: \(other), icmp: \(name)/1")))
                for code in ICMPName.codes { cases.append(Case(Self.rule("action: deny, protocol: \(other), icmp: \(name)/\(code.name)"))) }
            }
        }
        for number in 0...255 {
            let name = ProtocolName.name(of: UInt8(number)) ?? "\(number)"
            cases.append(Case(Self.rule("action: deny, protocol: \(name)"), isSound: true))
            cases.append(Case(Self.rule("action: deny, protocol: \(name.uppercased())"), isSound: true))
        }
        try Self.compare(cases)
    }

    @Test func `texts that look like addresses are addresses by schema and parser`() throws {
        var random = SplitMix64(seed: 77)
        let parts = [
            "0", "1", "255", "256", "01", "db8", "ffff", "12345", ":", ":", ":", "::", ".", "/", "/0", "/32", "/128", "192.0.2.1", "", "g",
        ]
        var texts: Set<String> = [
            ":", ":::", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "1::3:4:5:6:7:8",
        ]
        while texts.count < 400 {
            texts.insert((0..<Int.random(in: 1...8, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }.joined())
        }
        for groups in 0...9 {
            for gap in 0...9 {
                for tail in ["", "192.0.2.1", "1"] {
                    var words = (0..<groups).map { "\($0)" }
                    if gap < groups { words[gap] = "" }
                    texts.insert((words + [tail]).joined(separator: ":"))
                    texts.insert(":" + (words + [tail]).joined(separator: ":"))
                }
            }
        }
        // A prefix with bits behind its length is a mistake that no schema tells.
        let tellable = texts.filter { text in
            do throws(CIDR.ParseError) {
                _ = try CIDR.parse(text)
                return true
            } catch {
                if case .hostBitsSet = error { return false } else { return true }
            }
        }
        #expect(tellable.count(where: { CIDR($0) != nil }) > 60)
        try Self.compare(tellable.sorted().map { Case(Self.rule("action: deny, from: \"\($0)\"")) })
    }

    @Test func `the schema takes whatever the parser takes of shipped and generated documents`() throws {
        var texts: [String] = []
        for folder in ["policies", "examples"] {
            texts += DocumentLoader.load(folder: "\(repository)/config/\(folder)").documents.map(\.source.text)
        }
        #expect(texts.count == 3)
        for block in try PolicyPageTests.blocks() where ["yaml", "yaml evaluated"].contains(block.kind) {
            texts += DocumentLoader.load(text: block.text).documents.map(\.source.text)
        }
        var generator = PolicyGenerator(seed: 31)
        for _ in 0..<60 {
            let policySet = generator.policySet()
            texts += policySet.policies.map { $0.output.yaml() } + policySet.sets.values.map { $0.output.yaml() }
        }
        for (text, isTaken) in zip(texts, try Self.schemaTakes(texts)) { #expect(isTaken, "\(text)") }
    }

    /// Mistakes beyond any schema: should one of these become tellable, it can move to the tests above.
    @Test(arguments: [
        "ports: \"20-10\"", "from: 10.0.0.1/8", "expires: 2026-02-30T00:00:00Z", "ports: [80], ports: [81]", "interfaces: \"öööööööö\"",
    ])
    func `what only the parser tells, the schema lets through`(fields: String) throws {
        let text = Self.rule("action: deny, \(fields)")
        #expect(!Case(text).parserTakes)
        #expect(try Self.schemaTakes([text]) == [true])
    }
}
