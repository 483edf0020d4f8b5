import BPFTesting
import CDatapath
@testable import Datapath
import PolicyModel
import Testing

/// The table of docs/packets.md, line for line, by the kernel program under test-run and by the same header walk in user space.
@Suite(.serialized) struct PacketWalkTests {
    /// One for all lines: no two have packets of one connection.
    private static let frames = Result { try JudgedFrames() }

    @Test(arguments: PacketSection.all.flatMap(\.lines))
    func `the kernel judges`(_ line: PacketLine) throws {
        let frames = try Self.frames.get()
        for link in line.links {
            for direction in [Direction.ingress, .egress] {
                for isAllowed in [true, false] {
                    let ends = frames.nextEnds(isAllowed: isAllowed, direction)
                    for (number, step) in line.steps(ends).enumerated() {
                        let direction = step.isReversed ? direction.opposite : direction
                        let frame = Self.bytes(step.packet, link)
                        let native = NativeWalk(frame, link == .ethernet ? PD_LINK_ETHERNET : PD_LINK_RAW)
                        let expected = Expected(step.outcome ?? line.outcome, isAllowed: isAllowed, direction)
                        let place: Comment = "packet \(number), \(link), \(direction), of \(isAllowed ? "an allowed" : "a denied") peer"
                        #expect(native.reason == expected.walk || native.isLaterFragment && expected.mayBeFragment, place)
                        guard let found = try frames.judge(frame, direction, link) else { continue }
                        #expect(found.counted == [expected.counted], place)
                        #expect(found.isDenied == expected.isDenied, place)
                        #expect(found.ethertype == (expected.isNonIP ? 1 : 0), place)
                        // Of later fragments there is no event where there is one of the first.
                        #expect(found.reason == expected.reason || native.isLaterFragment && found.events.isEmpty, place)
                        if let event = found.events.first, let difference = native.difference(from: event) {
                            Issue.record("\(place): \(difference)")
                        }
                    }
                }
            }
        }
    }

    /// Cut off after any byte, a packet that the rules would judge is malformed, and never taken for something it might have been.
    @Test(
        arguments: PacketSection.all.flatMap(\.lines).filter {
            if case .rules = $0.outcome { !$0.hasPadding } else { false }
        })
    func `cut off anywhere it is malformed`(_ line: PacketLine) throws {
        let frames = try Self.frames.get()
        let ends = frames.nextEnds(isAllowed: true, .ingress)
        for link in line.links {
            for step in line.steps(ends) where (step.outcome ?? line.outcome) == line.outcome {
                let bytes = Self.bytes(step.packet, link)
                for count in 1..<bytes.count {
                    let cut = Array(bytes[..<count])
                    #expect(
                        NativeWalk(cut, link == .ethernet ? PD_LINK_ETHERNET : PD_LINK_RAW).reason == .malformed,
                        "\(count) of \(bytes.count) bytes")
                    guard count % 3 == 0, let found = try frames.judge(cut, .ingress, link) else { continue }
                    #expect(found.isDenied && found.counted == ["reason malformed"], "\(count) of \(bytes.count) bytes")
                }
            }
        }
    }

    /// Where only the beginning of a packet is at hand, as in memory that is not contiguous, the walk finds what it finds in all of it,
    /// or that something is missing: then the program pulls it in.
    @Test(arguments: PacketSection.all.flatMap(\.lines))
    func `its beginning alone is not taken for another packet`(_ line: PacketLine) {
        let ends = PacketEnds(source4: "10.1.0.1", destination4: "192.0.2.1", source6: "2001:db8:1::1", destination6: "2001:db8:ffff::1")
        for link in line.links {
            for step in line.steps(ends) {
                let bytes = Self.bytes(step.packet, link)
                let link = link == .ethernet ? PD_LINK_ETHERNET : PD_LINK_RAW
                let whole = NativeWalk(bytes, link)
                for count in 1..<bytes.count {
                    let found = NativeWalk(Array(bytes[..<count]), link, length: bytes.count)
                    #expect(found.reason == whole.reason || found.reason == .malformed, "\(count) of \(bytes.count) bytes")
                }
            }
        }
    }

    static func bytes(_ packet: BPFTesting.Packet, _ link: PacketLine.Link) -> [UInt8] {
        link == .ethernet ? packet.bytes : Array(packet.bytes.dropFirst(14))
    }

    /// What a packet must meet.
    private struct Expected {
        var isDenied: Bool
        var counted: String
        var reason: PacketEvent.Reason?
        var walk = PacketEvent.Reason.rule
        var isNonIP = false
        /// The walk may find nothing wrong: what is wrong is known from the first fragment, or that there was none.
        var mayBeFragment = false

        init(_ outcome: PacketLine.Outcome, isAllowed: Bool, _ direction: Direction) {
            func rule(_ kind: PacketPolicy.Kind, _ direction: Direction) -> String {
                "rule \(direction.rawValue) \(isAllowed ? "" : "no-")\(kind.ruleName)"
            }
            switch outcome {
            case .rules(let kind): (isDenied, counted, reason) = (!isAllowed, rule(kind, direction), .rule)
            case .asFirst(let kind): (isDenied, counted, reason) = (!isAllowed, rule(kind, direction), nil)
            case .denied(let why):
                (isDenied, counted, reason, walk) = (true, "reason \(why.rawValue)", why, why)
                mayBeFragment = why == .malformed || why == .fragment
            case .passes:
                (isDenied, counted, reason, walk) = (false, "reason non-ip", nil, .nonIP)
                isNonIP = true
            case .established(let kind):
                (isDenied, counted, reason) = (!isAllowed, rule(kind, direction), isAllowed ? .established : .rule)
            case .reply(let kind):
                isDenied = !isAllowed
                counted = isAllowed ? rule(kind, direction.opposite) : rule(.other, direction)
                reason = isAllowed ? .established : .rule
            case .related(let kind, let otherwise):
                isDenied = !isAllowed
                counted = isAllowed ? rule(kind, direction.opposite) : rule(otherwise, direction)
                reason = isAllowed ? .related : .rule
            }
        }
    }
}

extension Direction {
    var opposite: Direction { self == .ingress ? .egress : .ingress }
}
