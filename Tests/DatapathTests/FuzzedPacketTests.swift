import CDatapath
@testable import Datapath
import FoundationEssentials
import PolicyModel
import Testing

/// The inputs that fuzzing found worth keeping (Tests/PacketFuzz), judged by the kernel's program: it finds in each what the same code
/// finds in user space.
@Suite(.serialized) struct FuzzedPacketTests {
    /// An input of the fuzzer: a byte of options, and a frame, whose length comes before it where tables follow.
    struct Input {
        var name: String
        var direction: Direction
        var link: PacketLine.Link
        var frame: [UInt8]

        init?(_ bytes: [UInt8], name: String) {
            guard bytes.count >= 2 else { return nil }
            self.name = name
            link = bytes[0] & 1 == 0 ? .ethernet : .raw
            direction = bytes[0] & 2 == 0 ? .ingress : .egress
            frame = bytes[0] & 128 == 0 ? Array(bytes[1...]) : Array(bytes.dropFirst(2).prefix(Int(bytes[1])))
        }
    }

    /// The inputs of the project, and those in the folder that `PACKET_CORPUS` names.
    static func inputs() throws -> [Input] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let folders =
            [tests.appending(path: "PacketFuzz/corpus").path] + [ProcessInfo.processInfo.environment["PACKET_CORPUS"]].compactMap { $0 }
        return try folders.flatMap { folder in
            try FileManager.default.contentsOfDirectory(atPath: folder).sorted().compactMap { name in
                Input([UInt8](try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))), name: name)
            }
        }
    }

    @Test func `the kernel finds in every frame what user space finds`() throws {
        let frames = try JudgedFrames()
        let inputs = try Self.inputs()
        var judged: [PacketEvent.Reason: Int] = [:]
        for input in inputs {
            let native = NativeWalk(input.frame, input.link == .ethernet ? PD_LINK_ETHERNET : PD_LINK_RAW)
            // What the kernel's test-run does not take is left to user space.
            guard let found = try frames.judge(input.frame, input.direction, input.link) else { continue }
            judged[native.reason, default: 0] += 1
            let place: Comment = "\(input.name), \(input.direction), \(input.link): \(found.counted)"
            #expect(found.counted.count == 1, place)
            switch native.reason {
            case .nonIP: #expect(!found.isDenied && found.counted == ["reason non-ip"] && found.ethertype == 1, place)
            case .rule:
                let reason = found.reason.map { [$0] } ?? []
                // A later fragment's verdict is its first one's, which may have come before by chance.
                if native.isLaterFragment { continue }
                #expect(reason == [.rule] || reason == [.established] || reason == [.related], place)
                if let event = found.events.first, let difference = native.difference(from: event) {
                    Issue.record("\(place): \(difference)")
                }
            default: #expect(found.isDenied && found.reason == native.reason, place)
            }
        }
        // Of each kind there is something, or this shows nothing.
        for reason in [PacketEvent.Reason.rule, .malformed, .extensions, .nonIP] {
            #expect(judged[reason, default: 0] > 0, "\(judged)")
        }
    }
}
