import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import PolicyModel
import Testing

@testable import Probes

/// Where things are not as simple as one program at one place.
extension ReplacementTests {
    @Test(arguments: [(", optional: true", ""), ("", "  alternatives: [[pl_xdp, pl_tc]]")])
    func `a dispensable program is not left out because the old one has the place`(options: String, more: String) throws {
        let namespace = try NetworkNamespace()
        try namespace.run {
            let places = ["pl_xdp": ["xdp/generic:lo"], "pl_tc": ["tc/ingress:lo priority=1 handle=1"]]
            let old = try ProbeLoader(at: places, more: more, options: options).load()
            let new = try ProbeLoader(at: places, more: more, options: options).load(replacing: old)
            old.unload()
            #expect(new.programs.map(\.attached) == old.programs.map(\.attached))
            #expect(new.programs.first { $0.name == "pl_xdp" }?.attached == ["xdp/generic:lo"])
            // Where a probe of another name is there is no room.
            let other = try ProbeLoader(at: ["pl_xdp": ["xdp/generic:lo"], "pl_socket": ["socket:lo"]], options: ", optional: true").load()
            #expect(other.programs.flatMap(\.attached) == ["socket:lo"])
            #expect(other.programs.first { $0.name == "pl_xdp" }?.leftOut?.contains("EBUSY") == true, "\(other.programs)")
            new.unload()
        }
    }

    @Test func `a dispensable program whose place has gone is left out`() throws {
        let namespace = try NetworkNamespace()
        let peer = try NetworkNamespace()
        try namespace.connect("veth0", to: peer, "veth0")
        let places = ["pl_xdp": ["xdp/generic:veth0"], "pl_socket": ["socket:lo"]]
        let old = try namespace.run { try ProbeLoader(at: places).load() }
        try namespace.ip("link", "delete", "veth0")
        try namespace.run {
            let refused = try #require(throws: ProbeError.self) { _ = try ProbeLoader(at: places).load(replacing: old) }
            #expect(refused.message.contains("No such device"), "\(refused)")
            let new = try ProbeLoader(at: places, options: ", optional: true").load(replacing: old)
            old.unload()
            #expect(new.programs.flatMap(\.attached) == ["socket:lo"])
            #expect(new.programs.first { $0.name == "pl_xdp" }?.leftOut?.contains("No such device") == true)
            new.unload()
        }
    }

    @Test(.enabled(if: Features.tcx == .available, "this kernel has no tcx"))
    func `a dry run attaches nothing, and says what it cannot know`() throws {
        let namespace = try NetworkNamespace()
        try namespace.run {
            func revision() throws -> UInt64 { try TCXChain(interface: 1, .ingress).revision }
            // A chain that nobody was ever in has none.
            let first = try ProbeLoader(at: ["pl_tc": ["tcx/ingress:lo"]]).load()
            let before = try revision()
            let loader = try ProbeLoader(at: ["pl_tc": ["tcx/ingress:lo"]], options: ", optional: true")
            let trial = try loader.load(replacing: first, isTrial: true)
            #expect(try revision() == before)
            let alone = try loader.load(isTrial: true)
            #expect(try revision() == before, "attached for a moment")
            for probe in [trial, alone] {
                #expect(probe.programs.allSatisfy { $0.attached.isEmpty } && probe.programs.contains { $0.leftOut == nil })
                #expect(probe.warnings.count == 1 && probe.warnings[0].contains("pl_tc"), "\(probe.warnings)")
            }
            let missing = try #require(throws: ProbeError.self) {
                _ = try ProbeLoader(at: ["pl_tc": ["tcx/ingress:nosuch0"]]).load(isTrial: true)
            }
            #expect(missing.message.contains("there is no interface nosuch0"))
            let without = try ProbeLoader(
                at: ["pl_tc": ["tcx/ingress:lo"], "pl_egress": ["cgroup/egress:/nowhere"]], options: ", optional: true"
            ).load(isTrial: true)
            #expect(without.programs.first { $0.name == "pl_egress" }?.leftOut?.contains("there is no /nowhere") == true)
            first.unload()
        }
    }

    @Test func `what was updated is put back when a later place is refused`() throws {
        let namespace = try NetworkNamespace()
        let traffic = try Traffic.datagrams(in: namespace)
        try namespace.run {
            func places(_ mode: String) -> [String: [String]] {
                ["pl_tc": ["tc/ingress:lo"], "pl_socket": ["socket:lo"], "pl_xdp": ["xdp/\(mode):lo"], "pl_lookup": ["sk_lookup"]]
            }
            let old = try ProbeLoader(at: places("generic")).load()
            for _ in 0..<3 {
                let refused = try #require(throws: ProbeError.self) {
                    _ = try ProbeLoader(at: places("native")).load(replacing: old)
                }
                // The driver of this interface has no XDP.
                #expect(refused.message.contains("EOPNOTSUPP"), "\(refused)")
            }
            // Number 1, for what has no number counts as 0.
            traffic.once()
            let before = try old.seen
            traffic.once()
            let after = try old.seen
            #expect(after[1] - before[1] == 3, "each of the three programs once")
            #expect(after[0] - before[0] == 1)
            old.unload()
        }
    }

    @Test func `XDP goes from one mode to the other`() throws {
        let namespace = try NetworkNamespace()
        let peer = try NetworkNamespace()
        try namespace.connect("veth0", to: peer, "veth0")
        try namespace.run {
            let old = try ProbeLoader(at: ["pl_xdp": ["xdp/generic:veth0"]]).load()
            let new = try ProbeLoader(at: ["pl_xdp": ["xdp/native:veth0"]]).load(replacing: old)
            old.unload()
            let taken = try #require(throws: ProbeError.self) { _ = try ProbeLoader(at: ["pl_xdp": ["xdp/generic:veth0"]]).load() }
            #expect(taken.message.contains("EEXIST"), "\(taken)")
            new.unload()
            try ProbeLoader(at: ["pl_xdp": ["xdp/generic:veth0"]]).load().unload()
        }
    }

    @Test(.enabled(if: Features.netfilter == .available, "this kernel has no netfilter links"))
    func `what let go of its place is pinned again when it is put back`() throws {
        let namespace = try NetworkNamespace()
        let fs = try PrivateBPFFS()
        let traffic = try Traffic.datagrams(in: namespace)
        let places = ["pl_netfilter": ["netfilter/ipv4/input"]]
        try namespace.run {
            let pins = ProbePins(probes: fs.path("probes"), name: "places", generation: 1)
            let record: LoadedProbe.Record
            do {
                let old = try ProbeLoader(at: places, pins: pins).load()
                let folder = "/tmp/bpftest-no-bpffs-\(getpid())"
                defer { rmdir(folder) }
                let elsewhere = ProbePins(probes: folder, name: "places", generation: 2)
                #expect(throws: ProbeError.self) { _ = try ProbeLoader(at: places, pins: elsewhere).load(replacing: old) }
                record = old.record
            }
            let adopted = try ProbeLoader(at: places, pins: pins).adopt(record)
            traffic.once()
            #expect(try adopted.seen[0] == 1)
            // And it is that link which goes.
            let next = try ProbeLoader(at: places).load(replacing: adopted)
            adopted.unload()
            traffic.once()
            #expect(try adopted.seen[1] == 0 && next.seen[1] == 1)
            next.unload()
            #expect(fs.pins == ["probes"] || fs.pins.isEmpty)
        }
    }

    @Test func `what was updated keeps its pins when a later one cannot be made`() throws {
        let namespace = try NetworkNamespace()
        let peer = try NetworkNamespace()
        try namespace.connect("veth0", to: peer, "veth0")
        let fs = try PrivateBPFFS()
        func pins(_ generation: Int) -> ProbePins { ProbePins(probes: fs.path("probes"), name: "places", generation: generation) }
        let places = ["pl_xdp": ["xdp/generic:lo", "xdp/generic:veth0"]]
        try namespace.run {
            let old = try ProbeLoader(at: places, pins: pins(1)).load()
            // The second link finds something where it is to be pinned.
            for folder in ["", "/links", "/links/1"] { #expect(mkdir(fs.path("probes/places/2\(folder)"), 0o700) == 0) }
            let unpinned = try #require(throws: ProbeError.self) { _ = try ProbeLoader(at: places, pins: pins(2)).load(replacing: old) }
            #expect(unpinned.message.contains("EEXIST"), "\(unpinned)")
            // What is let go and attached again is pinned where it was.
            let refused = try #require(throws: ProbeError.self) {
                _ = try ProbeLoader(at: ["pl_xdp": ["xdp/native:lo"]]).load(replacing: old)
            }
            #expect(refused.message.contains("EOPNOTSUPP") && !refused.message.contains("put back"), "\(refused)")
            for folder in ["/links/1", "/links", ""] { rmdir(fs.path("probes/places/2\(folder)")) }
            #expect(try ProbeLoader(at: places, pins: pins(1)).adopt(old.record).record == old.record)
            old.unload()
            #expect(fs.pins.isEmpty || fs.pins == ["probes"])
        }
    }

    @Test(arguments: ["xdp/generic:lo", "xdp/native:veth0"])
    func `a probe that was being replaced when its process ended is not adopted`(target: String) throws {
        let namespace = try NetworkNamespace()
        let peer = try NetworkNamespace()
        try namespace.connect("veth0", to: peer, "veth0")
        let fs = try PrivateBPFFS()
        let pins = ProbePins(probes: fs.path("probes"), name: "places", generation: 1)
        let places = ["pl_xdp": [target]]
        try namespace.run {
            let record: LoadedProbe.Record
            do {
                let old = try ProbeLoader(at: places, pins: pins).load()
                record = old.record
                // What is refused leaves it whole.
                #expect(throws: ProbeError.self) { _ = try ProbeLoader(at: ["pl_xdp": [target, "xdp/native:lo"]]).load(replacing: old) }
                #expect(try ProbeLoader(at: places, pins: pins).adopt(record).record == record)
                // Its link runs another program now, and both probes go without a word.
                _ = try ProbeLoader(at: places).load(replacing: old)
            }
            #expect(throws: ProbeError.self) { _ = try ProbeLoader(at: places, pins: pins).adopt(record) }
            // Nor would it be if only its links were looked at.
            pins.unmarkHandedOn()
            let refused = try #require(throws: ProbeError.self) { _ = try ProbeLoader(at: places, pins: pins).adopt(record) }
            #expect(refused.message.contains("another program"), "\(refused)")
            try ProbePins.remove("places", in: fs.path("probes"))
            #expect(fs.pins.isEmpty || fs.pins == ["probes"])
        }
    }

    @Test func `what is put back and cannot be pinned again is said to be attached`() throws {
        let namespace = try NetworkNamespace()
        let fs = try PrivateBPFFS()
        let pins = ProbePins(probes: fs.path("probes"), name: "places", generation: 1)
        try namespace.run {
            let old = try ProbeLoader(at: ["pl_xdp": ["xdp/generic:lo"]], pins: pins).load()
            #expect(unlink(pins.links(0, count: 1)[0]) == 0 && rmdir(fs.path("probes/places/1/links")) == 0)
            let refused = try #require(throws: ProbeError.self) {
                _ = try ProbeLoader(at: ["pl_xdp": ["xdp/native:lo"]]).load(replacing: old)
            }
            #expect(refused.message.contains("EOPNOTSUPP") && refused.message.contains("attached to xdp/generic:lo again, but not pinned"))
            #expect(!refused.message.contains("put back"), "\(refused)")
            let taken = try #require(throws: ProbeError.self) { _ = try ProbeLoader(at: ["pl_xdp": ["xdp/generic:lo"]]).load() }
            #expect(taken.message.contains("EBUSY"), "\(taken)")
            old.unload()
        }
    }

    @Test func `what nobody took over goes for a probe that is loaded, and stays for one that is refused`() throws {
        let namespace = try NetworkNamespace()
        let fs = try PrivateBPFFS()
        let folder = fs.path("probes")
        func pins(_ generation: Int) -> ProbePins { ProbePins(probes: folder, name: "places", generation: generation) }
        func loader(_ targets: [String], _ generation: Int, _ options: String = "") throws -> ProbeLoader {
            try ProbeLoader(at: ["pl_xdp": targets], options: options, pins: pins(generation))
        }
        try namespace.run {
            let record = try loader(["xdp/generic:lo"], 1).load().record
            // Refused before anything is attached, and by the kernel.
            for (number, target) in ["xdp/generic:nosuch0", "cgroup/egress:/nowhere"].enumerated() {
                let other = try ProbeLoader(at: [number == 0 ? "pl_xdp" : "pl_egress": [target]], pins: pins(2))
                #expect(throws: ProbeError.self) { _ = try other.load(overRemainsIn: folder) }
                #expect(try loader(["xdp/generic:lo"], 1).adopt(record).record == record)
            }
            // Its place is taken, at once or only for what may be left out.
            for (generation, options) in [(3, ""), (4, ", optional: true")] {
                let loaded = try loader(["xdp/generic:lo"], generation, options).load(overRemainsIn: folder)
                #expect(loaded.programs.flatMap(\.attached) == ["xdp/generic:lo"])
            }
            let brief = try ProbeLoader(at: ["pl_socket": ["socket:lo"]]).load(overRemainsIn: folder)
            #expect(!ProbePins.isAnything(of: "places", in: folder))
            brief.unload()
        }
    }

    @Test func `a clock on every processor outlives its process whole`() throws {
        let fs = try PrivateBPFFS()
        let before = KernelObjects(namePrefix: "pl_")
        let places = ["pl_clock": ["perf_event:cpu-clock frequency=100"]]
        func pins(_ generation: Int) -> ProbePins { ProbePins(probes: fs.path("probes"), name: "places", generation: generation) }
        func adopt() throws {
            let record = try ProbeLoader(at: places, pins: pins(1)).load().record
            let count = sysconf(CInt(_SC_NPROCESSORS_ONLN))
            #expect(record.attachments.map(\.links) == [count])
            let adopted = try ProbeLoader(at: places, pins: pins(1)).adopt(record)
            #expect(adopted.record == record)
            let next = try ProbeLoader(at: places, pins: pins(2)).load(replacing: adopted)
            adopted.unload()
            #expect(try eventually { try next.total > 0 })
            next.unload()
        }
        try adopt()
        #expect(KernelObjects.leftovers(since: before).isEmpty)
    }

    @Test func `programs at the sockets of a map are put back, and sockets keep the program they came in with`() throws {
        let namespace = try NetworkNamespace()
        let fs = try PrivateBPFFS()
        let map = try SocketMap<UInt32>.create(.socketMap, name: "pl_sockets", maxEntries: 8)
        try map.pin(at: fs.path("sockets"))
        try namespace.run {
            let listener = try TestSocket.listener("127.0.0.1", port: 0)
            /// A connection whose one side is in the map.
            func connection(_ key: UInt32) throws -> (client: TestSocket, server: TestSocket) {
                let client = try TestSocket(.tcp, family: .v4)
                #expect(try client.connect(to: "127.0.0.1", port: listener.port) == .connected)
                let server = try #require(listener.accept())
                try map.set(socket: client.descriptor, forKey: key)
                return (client, server)
            }
            func places(_ mode: String) -> [String: [String]] {
                ["pl_message": ["sk_msg:\(fs.path("sockets"))"], "pl_xdp": ["xdp/\(mode):lo"]]
            }
            let old = try ProbeLoader(at: places("generic")).load()
            let first = try connection(0)
            #expect(throws: ProbeError.self) { _ = try ProbeLoader(at: places("native")).load(replacing: old) }
            let second = try connection(1)
            for (number, pair) in [first, second].enumerated() { pair.client.send(digits(10 + number)) }
            #expect(try old.seen[10] == 1 && old.seen[11] == 1)

            let new = try ProbeLoader(at: places("generic")).load(replacing: old)
            old.unload()
            let third = try connection(2)
            for (number, pair) in [first, second, third].enumerated() { pair.client.send(digits(20 + number)) }
            #expect(try old.seen[20...22] == [1, 1, 0] && new.seen[20...22] == [0, 0, 1])
            new.unload()
            let fourth = try connection(3)
            fourth.client.send(digits(30))
            #expect(try new.seen[30] == 0)
        }
    }

    @Test func `values of kernel objects count in a probe's memory`() throws {
        let object = try OpenObject(.taskmaps)
        let map = try #require(object.maps.first { $0.type == .taskStorage })
        // This process and the machine's first are there at least, with some threads.
        #expect(ProbeMemory.entries(map) > 2)
        #expect(ProbeMemory.most(map) >= ProbeMemory.entries(map) * (map.valueSize + 64))
        for type: MapType in [.inodeStorage, .socketStorage] { #expect(ProbeMemory.owners(of: type) > 10, "\(type)") }
        #expect(ProbeMemory.owners(of: .cgroupStorage) > 0)
    }
}
