import ArgumentParser
import Logging
import Testing

@testable import policyd

@Suite struct FlagTests {
    static func overruled(_ arguments: [String], _ configuration: Configuration = Configuration()) throws -> Configuration {
        var configuration = configuration
        try ConfigurationFlags.parse(arguments).overrule(&configuration)
        return configuration
    }

    @Test func withoutFlagsTheFileStands() throws {
        var configuration = Configuration()
        configuration.socket = "/x"
        configuration.log.level = .error
        #expect(try Self.overruled([], configuration) == configuration)
    }

    @Test func everySettingHasAFlag() throws {
        let configuration = try Self.overruled([
            "--socket", "/s", "--socket-group", "g", "--state-dir", "/d", "--bpffs", "/b", "--policies", "/p", "--interfaces", "eth*",
            "!eth1",
            "--xdp-native", "eth*", "!eth2", "--xdp-generic", "wlan0", "--attach", "tcx", "--connection-limit", "500",
            "--timeouts", "udp=5s", "tcpEstablished=2d", "--rule-limit", "20", "--event-buffer", "8192", "--keep-events", "3",
            "--event-queue", "4", "--log-level", "trace", "--log-format", "json",
        ])
        var expected = Configuration()
        expected.socket = "/s"
        expected.socketGroup = "g"
        expected.stateDirectory = "/d"
        expected.bpffs = "/b"
        expected.policies = "/p"
        expected.interfaces = ["eth*", "!eth1"]
        expected.attach = .tcx
        expected.xdp = .init(native: ["eth*", "!eth2"], generic: ["wlan0"])
        expected.limits = .init(connections: 500, rules: 20)
        expected.timeouts[.udp] = 5
        expected.timeouts[.tcpEstablished] = 172_800
        expected.events = .init(bufferBytes: 8192, keep: 3, queue: 4)
        expected.log = .init(level: .trace, format: .json)
        #expect(configuration == expected)
    }

    @Test(arguments: [
        ["--attach", "xdp"], ["--log-level", "loud"], ["--log-format", "xml"], ["--rule-limit", "many"], ["--nonsense"],
        ["--timeouts", "udp"], ["--timeouts", "upd=30s"], ["--timeouts", "udp=0s"],
    ])
    func whatIsNoValueIsWrongUsage(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try ConfigurationFlags.parse(arguments) }
    }

    private static let outOfRange: [(String, @Sendable (inout Configuration) -> Void)] = [
        ("event buffer", { $0.events.bufferBytes = 5_000 }), ("rule limit", { $0.limits.rules = 0 }),
        ("connection limit", { $0.limits.connections = 1 }), ("socket", { $0.socket = "/" + String(repeating: "x", count: 108) }),
        ("state folder", { $0.stateDirectory = "" }),
    ]

    @Test(arguments: outOfRange)
    func aValueOutOfRangeIsRefusedWhereverItComesFrom(_ name: String, _ change: @Sendable (inout Configuration) -> Void) throws {
        var configuration = Configuration()
        try configuration.check()
        change(&configuration)
        let error = try #require(throws: ConfigurationError.self) { try configuration.check() }
        #expect(error.description.hasPrefix(name))
    }

    @Test func aReloadNamesWhatTakesARestart() {
        let old = Configuration()
        var new = old
        new.socket = "/other"
        new.limits.rules = 5
        new.limits.connections = 1_000
        new.timeouts[.icmp] = 1
        new.log.level = .debug
        #expect(Reload.changed(old, new) == ["socket", "limits.rules"])
    }
}
