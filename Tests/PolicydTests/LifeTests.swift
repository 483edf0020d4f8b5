import FoundationEssentials
import Glibc
import Logging
import PolicyAPI
import Testing

@testable import policyd

@Suite struct InstanceLockTests {
    @Test func aSecondHolderIsRefusedWithThePidOfTheFirst() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/lock"
        let first = try InstanceLock(file: path, what: "the state folder X")
        let error = try #require(throws: InstanceLock.Held.self) { try InstanceLock(file: path, what: "the state folder X") }
        #expect(error.pid == Int(getpid()))
        #expect(error.description.contains("another policyd (pid \(getpid())) already uses the state folder X"))
        withExtendedLifetime(first) {}
    }

    @Test func theLockGoesWithItsHolder() throws {
        let folder = try TemporaryFolder()
        do {
            let first = try InstanceLock(folder: folder.path, what: "x")
            #expect(throws: InstanceLock.Held.self) { try InstanceLock(folder: folder.path, what: "x") }
            withExtendedLifetime(first) {}
        }
        _ = try InstanceLock(folder: folder.path, what: "x")
    }
}

@Suite struct ServiceNotificationTests {
    /// A service manager's end of the conversation.
    private static func listen(_ name: String) -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        return result == 0 ? descriptor : -1
    }

    private static func receive(_ descriptor: CInt) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    @Test(arguments: [true, false])
    func eachMessageIsOneDatagram(_ isAbstract: Bool) throws {
        let folder = try TemporaryFolder()
        let name = isAbstract ? "@policyd-tests-\(getpid())" : "\(folder.path)/notify"
        let descriptor = Self.listen(name)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let notification = ServiceNotification(address: name)
        notification.ready(status: "revision 3")
        #expect(Self.receive(descriptor) == "READY=1\nSTATUS=revision 3")
        notification.reloading()
        let reloading = Self.receive(descriptor)
        #expect(reloading.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        let usec = reloading.split(separator: "\n").compactMap { $0.hasPrefix("MONOTONIC_USEC=") ? Int64($0.dropFirst(15)) : nil }.first
        #expect((usec ?? 0) > 0)
        notification.stopping()
        #expect(Self.receive(descriptor).hasPrefix("STOPPING=1\n"))
    }

    @Test func withoutAManagerNothingHappens() {
        ServiceNotification(address: nil).ready(status: "x")
        ServiceNotification(address: "").ready(status: "x")
        ServiceNotification(address: "/nonexistent/socket").ready(status: "x")
    }
}

@Suite struct PeerCredentialTests {
    @Test func thePeerOfASocketIsKnown() throws {
        var pair: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &pair) == 0)
        defer { for descriptor in pair { close(descriptor) } }
        let peer = try PeerCredentials(descriptor: pair[0])
        #expect(peer.pid == getpid())
        #expect(peer.user == geteuid())
        #expect(peer.groups.contains(getegid()))
    }

    @Test func rootTheDaemonsUserAndTheGroupAreAllowed() {
        let stranger: uid_t = geteuid() &+ 4_711
        #expect(PeerCredentials(pid: 1, user: 0, groups: []).isAllowed(group: nil))
        #expect(PeerCredentials(pid: 1, user: geteuid(), groups: []).isAllowed(group: nil))
        #expect(!PeerCredentials(pid: 1, user: stranger, groups: [0, 5]).isAllowed(group: nil))
        #expect(!PeerCredentials(pid: 1, user: stranger, groups: [0, 5]).isAllowed(group: 6))
        #expect(PeerCredentials(pid: 1, user: stranger, groups: [0, 5, 6]).isAllowed(group: 6))
    }
}

@Suite struct LogLineTests {
    @Test func textIsAlignedAndQuotedWhereNeeded() {
        let line = LogLine.text(
            time: Timestamp(nanoseconds: 1_500_000_000), level: .info, message: "ready",
            metadata: [("a", "plain"), ("b", "two words"), ("c", ""), ("d", "x\"y\\z\n")])
        let message = "ready" + String(repeating: " ", count: 31)
        #expect(line == "1970-01-01T00:00:01.500Z info     \(message) " + #"a=plain b="two words" c="" d="x\"y\\z\n""#)
    }

    @Test func anEntryIsOneLine() {
        #expect(!LogLine.text(time: nil, level: .error, message: "a\nb", metadata: []).contains("\n"))
    }

    @Test func theJournalGetsALevelAndNoTime() {
        #expect(LogLine.text(time: nil, level: .warning, message: "x", metadata: []) == "<4>x")
    }

    @Test func jsonIsOneObject() throws {
        struct Entry: Decodable {
            var time: Timestamp
            var level: String
            var message: String
            var fields: [String: String]
        }
        let line = LogLine.json(
            time: Timestamp(nanoseconds: 5), level: .notice, label: "policyd", message: "a \"b\"", metadata: [("k", "v\n")])
        let entry: Entry = try JSON.decode(from: Data(line.utf8))
        #expect(entry.time == Timestamp(nanoseconds: 5))
        #expect((entry.level, entry.message, entry.fields) == ("notice", "a \"b\"", ["k": "v\n"]))
        #expect(!line.contains("\n"))
    }
}

@Suite struct ExpiryTimerTests {
    @Test func aLaterOrderTakesThePlaceOfAnEarlier() async throws {
        let timer = ExpiryTimer()
        let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
        timer.schedule(at: .now.advanced(by: .milliseconds(1000))) { continuation.yield(1) }
        timer.schedule(at: .now.advanced(by: .milliseconds(1500))) {
            continuation.yield(2)
            continuation.finish()
        }
        var seen: [Int] = []
        for await number in stream { seen.append(number) }
        #expect(seen == [2])
    }

    @Test func whatIsPastHappensAtOnce() async {
        let timer = ExpiryTimer()
        await withCheckedContinuation { continuation in
            timer.schedule(at: Timestamp(nanoseconds: 0)) { continuation.resume() }
        }
    }
}
