import BPFTesting
import FoundationEssentials
import Glibc
import PolicyAPI
import Testing

/// Applies that go back by themselves.
@Suite(.serialized) struct ConfirmTests {
    static let open = SetTests.policy

    /// Locks the other host out.
    static let shut = open.replacing("ports: [7001]", with: "ports: [7002]")

    /// A guarded host whose policy lets datagrams through, with an entry added at run time.
    private static func host() throws -> (guarded: GuardedHost, echo: SetTests.Echo) {
        let guarded = try GuardedHost()
        try guarded.apply(open)
        try guarded.done("set", "add", "abusers", "198.51.100.7")
        let echo = try SetTests.Echo(guarded)
        #expect(try echo.passes(milliseconds: 3000))
        return (guarded, echo)
    }

    private static func applyShut(_ guarded: GuardedHost, within time: String) throws -> ChangeMessage {
        let file = try guarded.folder.file("shut.yaml", shut)
        return try guarded.done("apply", "-f", file, "--confirm-within", time, "-o", "json").json()
    }

    /// The revisions in the state folder, oldest first, with what made them.
    private static func history(_ guarded: GuardedHost) throws -> [RevisionMessage] {
        let folder = "\(guarded.folder.path)/state/revisions"
        return try FileManager.default.contentsOfDirectory(atPath: folder).map { name in
            let data = try #require(FileManager.default.contents(atPath: "\(folder)/\(name)"))
            return try JSON.decode(RevisionMessage.self, from: data)
        }.sorted { $0.number < $1.number }
    }

    @Test func whatNobodyConfirmsIsWithdrawn() throws {
        let (guarded, echo) = try Self.host()
        let before = try #require(try guarded.revision)
        let asked = ContinuousClock.now
        let change = try Self.applyShut(guarded, within: "3s")
        let number = try #require(change.revision)
        #expect(change.confirmation?.revision == number && change.confirmation?.back == before)
        #expect(try !echo.passes())
        #expect(try guarded.status().confirmation == change.confirmation)
        #expect(try guarded.done("status").output.contains("goes back to revision \(before) at "))
        // Nothing else comes in between.
        let file = try guarded.folder.file("other.yaml", SwitchTests.policy(allowing: 9))
        for arguments in [["apply", "-f", file], ["delete", "HostPolicy/web"], ["set", "add", "abusers", "192.0.2.200"]] {
            let refused = try guarded.policyctl(arguments)
            #expect(refused.status == 1 && refused.errors.contains("policyctl confirm"), "\(arguments): \(refused.errors)")
        }

        #expect(try eventually(seconds: 10) { try echo.passes() })
        #expect(ContinuousClock.now - asked > .seconds(2.9), "it went back too early")
        let status = try guarded.status()
        #expect(status.confirmation == nil)
        #expect(status.revision?.number == number + 1)
        let history = try Self.history(guarded).suffix(3)
        #expect(history.map(\.number) == [before, number, number + 1])
        #expect(history.last?.origin == "not confirmed: revision \(number) withdrawn")
        #expect(try guarded.done("set", "list", "abusers").output.contains("198.51.100.7"))
        let late = try guarded.policyctl("confirm")
        #expect(late.status == 1 && late.errors.contains("no revision waits"), "\(late.errors)")
        // Changes are taken again.
        try guarded.done("set", "remove", "abusers", "198.51.100.7")
        try guarded.end()
    }

    @Test func whatIsConfirmedStays() throws {
        let (guarded, echo) = try Self.host()
        let file = try guarded.folder.file("shut.yaml", Self.shut)
        #expect(try guarded.done("apply", "-f", file, "--confirm-within", "3s").output.contains("to keep it: policyctl confirm"))
        let number = try #require(try guarded.revision)
        #expect(try guarded.done("confirm").output == "revision \(number) is confirmed and stays\n")
        usleep(3_500_000)
        #expect(try !echo.passes())
        #expect(try guarded.revision == number)
        // A daemon started later has nothing to go back to either.
        try guarded.stop(SIGKILL)
        try guarded.start()
        #expect(try guarded.revision == number)
        #expect(try !echo.passes())
        try guarded.end()
    }

    /// - Parameter isOver: whether the time is over before the daemon is there again.
    @Test(arguments: [true, false]) func aDaemonKilledMeanwhileGoesBackWhenItIsStartedAgain(isOver: Bool) throws {
        let (guarded, echo) = try Self.host()
        let number = try #require(try Self.applyShut(guarded, within: isOver ? "2s" : "5s").revision)
        try guarded.stop(SIGKILL)
        #expect(try !echo.passes())
        if isOver { usleep(2_200_000) }
        try guarded.start()
        if isOver {
            #expect(try guarded.revision == number + 1)
        } else {
            #expect(try guarded.status().confirmation?.revision == number)
            #expect(try !echo.passes())
        }
        #expect(try eventually(seconds: 10) { try echo.passes() })
        #expect(try guarded.status().revision?.origin == "not confirmed: revision \(number) withdrawn")
        #expect(try guarded.status().confirmation == nil)
        try guarded.end()
    }

    @Test func whereNothingWasInForceNothingIsAgain() throws {
        let guarded = try GuardedHost()
        let echo = try SetTests.Echo(guarded)
        let change = try Self.applyShut(guarded, within: "1s")
        #expect(change.confirmation != nil && change.confirmation?.back == nil)
        #expect(try !echo.passes())
        #expect(try eventually(seconds: 10) { try echo.passes() })
        let status = try guarded.status()
        #expect(status.counts == .none)
        #expect(status.revision?.number == change.revision.map { $0 + 1 })
        try guarded.end()
    }
}
