import BPFTesting
import Glibc
import PolicyAPI
import SwitchTraffic
import Testing

/// What datagrams of two senders under full load see of a daemon that is killed in the midst of an apply, or replaced by another build.
@Suite(.serialized) struct SwitchTrafficTests {
    /// A guarded host with two interfaces and one side in force.
    struct Guarded {
        let guarded: GuardedHost
        let files: [Side: String]

        init() throws {
            guarded = try GuardedHost(starting: false)
            try SwitchTraffic.connect(guarded.host, guarded.peer)
            try guarded.start()
            let folder = guarded.folder
            files = try Dictionary(
                uniqueKeysWithValues: Side.allCases.map {
                    ($0, try folder.file("\($0).yaml", $0.document(fillers: $0 == .straight ? 0 : 200)))
                })
            try apply(.straight)
        }

        func apply(_ side: Side) throws { try guarded.done("apply", "--replace", "-f", file(side)) }

        func file(_ side: Side) -> String { files[side] ?? "" }

        func traffic() throws -> SwitchTraffic {
            try SwitchTraffic(host: guarded.host, peer: guarded.peer, from: .straight, capacity: 32 << 20)
        }

        /// The programs at both interfaces and the links that hold them there.
        func attached() throws -> [UInt32] { try SwitchTraffic.interfaces.flatMap { try guarded.attachedPrograms($0) } }
    }

    @Test func anApplyThatIsKilledLeavesTheOldOrTheNewPolicyWhole() throws {
        let host = try Guarded()
        let guarded = host.guarded
        let traffic = try host.traffic()
        traffic.start()
        // An apply undisturbed, from the start of the command to its end.
        let whole = try ContinuousClock().measure { try traffic.change(to: .crossed) { try host.apply(.crossed) } }
        let count = 5
        for turn in 0..<count {
            let before = try #require(try guarded.revision)
            let next = traffic.side.other
            try traffic.change {
                let command = try guarded.launchPolicyctl(["apply", "--replace", "-f", host.file(next)])
                usleep(UInt32(whole / .microseconds(1)) * UInt32(turn + 1) / UInt32(count))
                try guarded.stop(SIGKILL)
                _ = command.wait(seconds: 20)
                try guarded.start()
                let revision = try #require(try guarded.revision)
                #expect(revision >= before)
                return revision == before ? next.other : next
            }
            traffic.settle()
            // In force, in the kernel and on disk: one revision, and no half of another.
            #expect(try Pin.programs(in: guarded.pinFolder).count == 5)
            let state = "\(guarded.folder.path)/state"
            let files = FolderEntry.all(in: "\(state)/revisions").map(\.name)
            let revision = try #require(try guarded.revision)
            #expect(files.contains("\(revision).json") && !files.contains("\(revision + 1).json"), "\(files)")
            #expect(!(files + FolderEntry.all(in: state).map(\.name)).contains { $0.hasSuffix(".new") })
            #expect(try guarded.status().warnings.isEmpty)
        }
        // And it can be changed as ever.
        try traffic.change(to: traffic.side.other) { try host.apply(traffic.side.other) }
        traffic.settle()
        let report = traffic.finish()
        #expect(report.misjudged == 0, "\(report)")
        #expect(report.arrived > 1_000)
        try guarded.end()
    }

    @Test func aDaemonOfAnotherBuildTakesOverWithoutAPacketLost() throws {
        let host = try Guarded()
        let guarded = host.guarded
        let other = "\(guarded.folder.path)/policyd-other"
        try makeOtherBuild(of: Programs.policyd, at: other)
        let revision = try guarded.revision
        let before = try host.attached()
        let traffic = try host.traffic()
        traffic.start()
        try traffic.change(to: .straight) {
            try guarded.stop(SIGKILL)
            try guarded.start(other)
        }
        let status = try guarded.status()
        #expect(status.daemon.adopted && status.warnings.isEmpty)
        #expect(status.revision?.number == revision)
        // Every program is the new build's, and nothing of the old one is pinned.
        let after = try host.attached()
        #expect(after.count == before.count + 4 && Set(after).isDisjoint(with: before))
        #expect(eventually { before.allSatisfy { !Pin.isLoaded(program: $0) } }, "the old build's entry programs are there still")
        let counted = try guarded.counters("sides", "rest").packets
        try traffic.change(to: .crossed) { try host.apply(.crossed) }
        traffic.settle()
        #expect(try guarded.counters("sides", "rest").packets > counted)
        // The same build again changes nothing.
        let programs = try host.attached()
        try traffic.change(to: .crossed) {
            try guarded.stop(SIGTERM)
            try guarded.start(other)
        }
        #expect(try host.attached() == programs)
        let report = traffic.finish()
        #expect(report.misjudged == 0, "\(report)")
        #expect(report.arrived > 1_000)
        try guarded.end()
    }
}
