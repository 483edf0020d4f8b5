import BPFTesting
import Glibc
import PolicyAPI
import Testing

/// What the programs say of input that is wrong, and that it changes nothing.
@Suite(.serialized) struct BadInputTests {
    static let policy = """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: web }
        spec:
          ingress: [{ name: open, action: allow, protocol: tcp, ports: [8080] }, { name: rest, action: deny }]
        """

    /// Five mistakes of different kinds, each on a line of its own.
    static let mistakes = """
        apiVersion: policyd/v1
        kind: HostPolicy
        metadata: { name: web }
        spec:
          ingress:
            - { name: a, action: alow }
            - { name: b, action: deny, ports: [70000] }
            - { name: c, action: deny, from: 10.0.0.1/8 }
            - { name: d, acton: deny, action: deny }
            - { name: e, action: deny, protocol: tpc }
        """

    @Test func fiveMistakesAreNamedInOneGo() throws {
        let guarded = try GuardedHost()
        let revision = try guarded.apply(Self.policy).revision
        let path = try guarded.folder.file("mistakes.yaml", Self.mistakes)
        for command in ["validate", "apply"] {
            let result = try guarded.policyctl(command, "-f", path)
            #expect(result.status == 1)
            #expect(result.output.isEmpty)
            let heads = result.errors.split(separator: "\n").filter { $0.hasPrefix(path) }
            #expect(heads.count == 5, "\(result.errors)")
            for (head, line) in zip(heads, 6...) {
                // FILE:LINE:COLUMN: error: words
                let parts = head.dropFirst(path.count + 1).split(separator: ":")
                #expect(parts.first == "\(line)", "\(head)")
                #expect(parts.count > 3 && (Int(parts[1]) ?? 0) > 6 && parts[2] == " error", "\(head)")
            }
            #expect(result.errors.split(separator: "\n").last?.hasPrefix("policyctl: 5 errors; ") == true, "\(result.errors)")
        }
        #expect(try guarded.revision == revision)
        try guarded.end()
    }

    /// A wrong file: what it is, how to make it, and what the sentence must say.
    struct Wrong: CustomTestStringConvertible {
        var name: String
        var words: String
        var make: @Sendable (Folder) throws -> String
        var testDescription: String { name }
    }

    static let wrongs: [Wrong] = [
        Wrong(name: "nothing there", words: "no such file") { "\($0.path)/absent.yaml" },
        Wrong(name: "a directory", words: "is a directory") { try $0.folder("directory") },
        Wrong(name: "a binary file", words: "is a binary file") {
            try $0.file("binary.yaml", bytes: [0x7f, 0x45, 0x4c, 0x46, 0, 1, 2, 0xff])
        },
        Wrong(name: "an empty file", words: "empty") { try $0.file("empty.yaml", "") },
        Wrong(name: "a YAML bomb", words: "alias") { folder in
            var text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
            for (name, before) in zip("bcdefghi", "abcdefgh") {
                text += "\(name): &\(name) [" + Array(repeating: "*\(before)", count: 9).joined(separator: ", ") + "]\n"
            }
            return try folder.file("bomb.yaml", text)
        },
        Wrong(name: "100 MB", words: "100 MiB") {
            try $0.file(
                "large.yaml", bytes: Array(repeating: Array("# a comment.....\n# a comment...\n".utf8), count: 32_768).joined() + [],
                times: 100)
        },
        Wrong(name: "a set that is nowhere", words: "nowhere") {
            try $0.file("set.yaml", Self.policy.replacing("protocol: tcp", with: "from: \"set:nowhere\", protocol: tcp"))
        },
    ]

    @Test func everyWrongFileEndsInOneClearSentenceAndChangesNothing() throws {
        let guarded = try GuardedHost()
        let revision = try guarded.apply(Self.policy).revision
        let listener = try guarded.host.run { try TestSocket.listener("192.0.2.1", port: 8080) }
        for wrong in Self.wrongs {
            let path = try wrong.make(guarded.folder)
            for command in ["validate", "apply"] {
                let begin = ContinuousClock.now
                let result = try guarded.policyctl(command, "-f", path)
                #expect(ContinuousClock.now - begin < .seconds(5), "\(wrong.name): \(command)")
                #expect(result.status == 1, "\(wrong.name): \(command)")
                #expect(result.output.isEmpty, "\(wrong.name): \(command)")
                let sentences = result.errors.split(separator: "\n").filter { $0.hasPrefix(path) }
                #expect(sentences.count == 1, "\(wrong.name): \(result.errors)")
                #expect(sentences.first?.contains(wrong.words) == true, "\(wrong.name): \(result.errors)")
                #expect(result.errors.split(separator: "\n").last?.contains("1 error; ") == true, "\(wrong.name): \(result.errors)")
            }
            guarded.folder.remove("large.yaml")
        }
        #expect(try guarded.revision == revision)
        let client = try guarded.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try client.connect(to: "192.0.2.1", port: 8080, milliseconds: 3000) == .connected)
        withExtendedLifetime(listener) {}
        let refused = try guarded.peer.run { try TestSocket(.tcp, family: .v4) }
        #expect(try refused.connect(to: "192.0.2.1", port: 8081, milliseconds: 100) == .timedOut)
        try guarded.end()
    }

    @Test func aFileOneMayNotReadIsSaidToBeSo() throws {
        let folder = try Folder()
        let path = try folder.file("secret.yaml", Self.policy)
        chmod(path, 0)
        for command in ["validate", "apply"] {
            let process = try ChildProcess(
                ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", Programs.policyctl, command, "-f", path],
                folder: folder.path,
                name: command, environment: ["POLICYD_SOCKET=\(folder.path)/none"])
            #expect(process.wait(seconds: 10) == 1)
            #expect(process.errors.hasPrefix("\(path)"), "\(process.errors)")
            #expect(process.errors.contains("permission denied"), "\(process.errors)")
        }
    }

    @Test func theDaemonRefusesABadRequestOfAnotherClientToo() throws {
        // What policyctl would have found out by itself: the daemon does not rely on it.
        let guarded = try GuardedHost()
        let revision = try guarded.apply(Self.policy).revision
        for (body, status) in [
            (#"{"sources": [{"name": "x.yaml", "text": "apiVersion: policyd/v1\nkind: HostPolice\n"}]}"#, "422"), ("[]", "400"),
            ("", "400"),
        ] {
            let answer = try runCommand([
                "curl", "-sS", "--unix-socket", guarded.socket, "-w", "%{http_code}", "-d", body, "http://d/v1/apply",
            ])
            #expect(answer.output.hasSuffix(status), "\(body): \(answer.output)")
            #expect(answer.output.hasPrefix(#"{""#) && answer.output.contains(#""error":"#), "\(answer.output)")
        }
        #expect(try guarded.revision == revision)
        try guarded.end()
    }

    @Test func `a body is what its type says, however that is written`() throws {
        let guarded = try GuardedHost()
        let body = #"{"sources":[],"attached":[{"name":"a.txt","bytes":4}],"dryRun":true}"# + "\n::1\n"
        for (type, status) in [("Application/Vnd.Policyd.Apply; charset=utf-8", "200"), ("application/json", "400")] {
            let answer = try runCommand([
                "curl", "-sS", "--unix-socket", guarded.socket, "-w", "%{http_code}", "-H", "Content-Type: \(type)", "--data-binary", body,
                "http://d/v1/apply",
            ])
            #expect(answer.output.hasSuffix(status), "\(type): \(answer.output)")
        }
        try guarded.end()
    }
}
