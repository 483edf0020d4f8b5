import Logging
import Testing

@testable import policyd

@Suite struct ConfigurationTests {
    static func read(_ text: String) throws -> Configuration {
        try Configuration(text: Array(text.utf8), file: "policyd.yaml")
    }

    static func mistakes(_ text: String) -> String {
        do {
            _ = try read(text)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func readsEverySetting() throws {
        let configuration = try Self.read(
            """
            socket: /run/x/y.sock
            socketGroup: netops
            stateDirectory: /var/lib/x
            bpffs: /sys/fs/bpf/x
            policies: /etc/x
            interfaces: ["eth*", "!eth1"]
            attach: clsact
            xdp: { native: ["eth*", "!eth2"], generic: [wlan0] }
            limits: { connections: 1000, rules: 10 }
            timeouts: { tcpOpening: 20, tcpEstablished: 2d, tcpHalfClosed: 10m, tcpClosing: 5s, tcpReset: 1s, udp: 6s, udpStream: 1m,
              icmp: 3s, other: 1h, fragment: 2s }
            events: { bufferBytes: 65536, keep: 5, queue: 6 }
            log: { level: debug, format: json }
            """)
        var expected = Configuration()
        expected.socket = "/run/x/y.sock"
        expected.socketGroup = "netops"
        expected.stateDirectory = "/var/lib/x"
        expected.bpffs = "/sys/fs/bpf/x"
        expected.policies = "/etc/x"
        expected.interfaces = ["eth*", "!eth1"]
        expected.attach = .clsact
        expected.xdp = .init(native: ["eth*", "!eth2"], generic: ["wlan0"])
        expected.limits = .init(connections: 1000, rules: 10)
        let times = [20, 172_800, 600, 5, 1, 6, 60, 3, 3_600, 2]
        for (name, seconds) in zip(Configuration.Timeouts.Name.allCases, times) { expected.timeouts[name] = seconds }
        expected.events = .init(bufferBytes: 65536, keep: 5, queue: 6)
        expected.log = .init(level: .debug, format: .json)
        #expect(configuration == expected)
    }

    @Test(arguments: ["", "# nothing but this\n", "---\n"])
    func anEmptyFileLeavesEverythingAsItIs(_ text: String) throws {
        #expect(try Self.read(text) == Configuration())
    }

    @Test func allMistakesAreNamedAtOnceWithTheirPlaces() {
        let text = Self.mistakes(
            """
            soket: /run/x
            stateDirectory: relative/path
            attach: xdp
            limits:
              connections: many
              rules: 0
            events: { bufferBytes: 5000 }
            log: { level: debgu }
            interfaces: ["a/b"]
            timeouts: { udp: soon, upd: 3s, icmp: 0s, other: 99999999999999999999d, tcpReset: 2y }
            xdp: { native: ["c d"], offload: ["eth0"] }
            """)
        for expected in [
            "policyd.yaml:1:1: error: policyd.yaml: unknown key 'soket'; did you mean 'socket'?",
            "policyd.yaml:2:17: error: stateDirectory: 'relative/path' is not an absolute path",
            "policyd.yaml:3:9: error: attach: 'xdp' is not one of auto, tcx or clsact",
            "policyd.yaml:5:16: error: connections: 'many' is not a whole number",
            "policyd.yaml:6:10: error: rules: 0 is not a whole number from 1",
            "policyd.yaml:7:24: error: bufferBytes: 5000 is not a power of two",
            "did you mean 'debug'?",
            "policyd.yaml:9:14: error: interfaces: 'a/b' is not a glob",
            "policyd.yaml:10:18: error: udp: 'soon' is not a length of time such as 30s, 10m, 12h or 5d, up to a year",
            "unknown key 'upd'; did you mean 'udp'?", "icmp: '0s' is not a length", "other: '99999999999999999999d' is not a length",
            "tcpReset: '2y' is not a length",
            "policyd.yaml:11:17: error: native: 'c d' is not a glob",
            "policyd.yaml:11:25: error: xdp: unknown key 'offload'",
        ] {
            #expect(text.contains(expected), "\(expected)\nis not in\n\(text)")
        }
    }

    @Test(arguments: [
        ("- a\n", "expected a mapping"), ("a: b: c\n", "policyd.yaml:1:"), ("socket: /a\n---\nsocket: /b\n", "a second begins"),
        ("socket: /a\nsocket: /b\n", "stands here twice"), ("socket:\n", "has no value"),
    ])
    func whatIsNoConfigurationIsRefused(_ text: String, _ words: String) {
        #expect(Self.mistakes(text).contains(words), "\(Self.mistakes(text))")
    }

    @Test func binaryIsRefused() {
        #expect(throws: ConfigurationError.self) { try Configuration(text: [1, 0, 2], file: "x") }
        #expect(throws: ConfigurationError.self) { try Configuration(text: [0xFF, 0xFE], file: "x") }
    }

    @Test(arguments: [("/nonexistent/policyd.yaml", "No such file"), ("/tmp", "is a directory")])
    func aFileThatCannotBeReadIsNamed(_ path: String, _ words: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try Configuration(file: path) }
        #expect(error.description.hasPrefix(path) && error.description.contains(words))
    }

    /// What is shipped says in its comments what the defaults are.
    @Test func theShippedFileIsTheDefaults() throws {
        let file = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" } + "/config/policyd.yaml"
        #expect(try Configuration(file: file) == Configuration())
    }
}
