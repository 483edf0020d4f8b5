import BPFTesting
import FoundationEssentials
import Glibc
import PolicyAPI
import Testing

/// `policyctl why`, which must say what the kernel does.
@Suite(.serialized) struct WhyTests {
    static let engines = ["reference", "compiled", "kernel"]

    /// Packets and what `TrafficTests.policy` says of them.
    static let packets: [(line: String, verdict: String)] = [
        (tcp("192.0.2.2", "192.0.2.1", 9001), #"{"verdict":"allow","policy":"web","rule":"http","tier":"application"}"#),
        (tcp("192.0.2.2", "192.0.2.1", 9002), #"{"verdict":"deny","policy":"web","rule":"rest","tier":"application"}"#),
        (tcp("2001:db8::2", "2001:db8::1", 7000), #"{"verdict":"allow","policy":"web","rule":"six","tier":"application"}"#),
        (tcp("192.0.2.2", "192.0.2.1", 7000), #"{"verdict":"deny","policy":"web","rule":"rest","tier":"application"}"#),
        (tcp("192.0.2.1", "192.0.2.2", 9002, "egress"), #"{"verdict":"allow","policy":"web","rule":"out","tier":"application"}"#),
        (
            #"{"direction":"ingress","interface":"eth0","protocol":"icmp","source":"fe80::1","destination":"fe80::2","icmpType":135,"icmpCode":0}"#,
            #"{"verdict":"allow","policy":"essentials","rule":"neighbor-discovery","tier":"safety"}"#
        ),
    ]

    private static func tcp(_ from: String, _ to: String, _ port: Int, _ direction: String = "ingress") -> String {
        #"{"direction":"\#(direction)","interface":"eth0","protocol":"tcp","source":"\#(from)","sourcePort":40000,"destination":"\#(to)","#
            + #""destinationPort":\#(port)}"#
    }

    /// The verdict on one packet, offline, at a live daemon, and by each engine: the same words.
    @Test func allEnginesAnswerTheSameOfflineAndLive() throws {
        let guarded = try GuardedHost()
        try guarded.apply(TrafficTests.policy)
        let documents = try guarded.folder.file("web.yaml", TrafficTests.policy)
        let packets = try guarded.folder.file("packets.jsonl", Self.packets.map { $0.line + "\n" }.joined())
        let answers = Self.packets.map { $0.verdict + "\n" }.joined()
        for source in [[], ["-f", Programs.essentials, documents]] {
            for engines in [[]] + Self.engines.map({ ["--engine", $0] }) + [["--engine", Self.engines.joined(separator: ",")]] {
                let result = try guarded.policyctl(["why", "--packets", packets, "-o", "json"] + source + engines)
                #expect(result.status == 0, "\(source) \(engines): \(result.errors)")
                #expect(result.output == answers, "\(source) \(engines)")
                #expect(result.errors.isEmpty, "\(result.errors)")
            }
        }
        let piped = try guarded.policyctl(["why", "--packets", "-", "-o", "json"], input: packets)
        #expect(piped.output == answers)

        let words = [
            "why", "--direction", "ingress", "--interface", "eth0", "--protocol", "tcp", "--from", "[2001:db8::2]:40000", "--to", "[2001:db8::1]:7000",
        ]
        for source in [[], ["-f", Programs.essentials, documents]] {
            let one: WhyAnswer = try guarded.policyctl(words + ["-o", "json"] + source).json()
            #expect(one.verdicts.map(\.engine.rawValue) == Self.engines)
            #expect(one.verdicts.allSatisfy { $0.verdicts.map(\.rule) == ["six"] })
            #expect(one.walk?.last?.rule == "six")
            #expect(one.walk?.contains { $0.policy == "essentials" && $0.reason != nil } == true)
        }
        let text = try guarded.policyctl(words).output
        #expect(text.hasPrefix("allow  by web/six"), "\(text)")
        #expect(text.contains("applied.yaml:8"), "\(text)")
        #expect(text.contains("engines: reference allow, compiled allow, kernel allow"))
        try guarded.end()
    }

    @Test func whatNoRuleJudgesIsAllowedByNoRule() throws {
        let folder = try Folder()
        let documents = try folder.file("a.yaml", DocumentTests.policy("a", priority: 1, port: 80))
        let packets = try folder.file("packets.jsonl", Self.packets[0].line + "\n")
        let result = try runCommand([Programs.policyctl, "why", "-f", documents, "--packets", packets, "-o", "json"])
        #expect(result.output == #"{"verdict":"allow","policy":null,"rule":null,"tier":null}"# + "\n")
        #expect(result.status == 0)
    }

    @Test func exitCodesTellWhatWasWrong() throws {
        let folder = try Folder()
        let good = try folder.file("a.yaml", DocumentTests.policy("a", priority: 1, port: 80))
        let bad = try folder.file("bad.yaml", BadInputTests.mistakes)
        let packets = try folder.file("packets.jsonl", Self.packets[0].line + "\n{\"direction\": \"sideways\"}\n")
        let packet = ["--direction", "ingress", "--interface", "eth0", "--protocol", "tcp", "--from", "192.0.2.2", "--to", "192.0.2.1:80"]
        for (arguments, status, words) in [
            (["why", "-f", good] + packet, 0, ""),
            (["why", "-f", bad] + packet, 1, "5 errors"),
            (["why", "-f", good, "--packets", packets], 1, "packets.jsonl:2"),
            (["why", "-f", good, "--packets", folder.path + "/none"], 1, "no such file"),
            (["why", "-f", good], 2, "--direction"),
            (["why", "-f", good, "--engine", "guess"] + packet, 2, "guess"),
            (["why"] + packet, 3, "no socket"),
            (["status"], 3, "no socket"), (["get", "rules"], 3, "no socket"), (["apply", "-f", good], 3, "no socket"), (["apply"], 3, "no socket"),
            (["events", "--last", "3"], 3, "no socket"), (["down", "--yes"], 3, "no socket"), (["set", "list", "x"], 3, "no socket"),
            (["delete", "HostPolicy/x"], 3, "no socket"), (["applly"], 2, "applly"), (["--version"], 0, ""), (["validate", "-f", good], 0, ""),
        ] as [([String], Int32, String)] {
            let process = try ChildProcess(
                [Programs.policyctl] + arguments, folder: folder.path, name: "run", environment: ["POLICYD_SOCKET=\(folder.path)/socket"])
            #expect(process.wait(seconds: 10) == status, "\(arguments): \(process.errors)")
            #expect(process.errors.contains(words), "\(arguments): \(process.errors)")
            // Results on one stream, errors on the other.
            #expect(process.output.isEmpty == (status != 0), "\(arguments): \(process.output)")
        }
    }
}
