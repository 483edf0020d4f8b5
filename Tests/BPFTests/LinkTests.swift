import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Glibc
import Testing

/// Two namespaces joined by a cable, and the programs to put on it.
private struct Cable {
    let host: NetworkNamespace
    let peer: NetworkNamespace
    let receiver: TestSocket
    let sender: TestSocket
    let marker: TestSocket
    let peerMarker: TestSocket
    let interface: Int32

    init() throws {
        host = try NetworkNamespace()
        peer = try NetworkNamespace()
        try host.connect("veth0", to: peer, "veth0")
        for (namespace, last) in [(host, 1), (peer, 2)] {
            try namespace.addAddress("10.77.0.\(last)/24", to: "veth0")
            try namespace.addAddress("fd77::\(last)/64", to: "veth0")
        }
        receiver = try TestSocket.bound(.udp, "10.77.0.1", port: 7777, in: host)
        sender = try TestSocket.bound(.udp, "10.77.0.2", port: 7777, in: peer)
        marker = try TestSocket.bound(.udp, "10.77.0.1", port: 7778, in: host)
        peerMarker = try TestSocket.bound(.udp, "10.77.0.2", port: 7778, in: peer)
        interface = try host.index(of: "veth0")
    }

    /// Whether a packet from the peer arrives at the host.
    func arrives(_ text: String) -> Bool { passes(text, from: sender, to: "10.77.0.1", at: receiver) }

    /// Whether a packet from the peer is lost on its way to the host.
    func drops(_ text: String) -> Bool { isLost(text, from: sender, to: "10.77.0.1", at: receiver, marker) }

    /// Whether a packet from the host arrives at the peer.
    func leaves(_ text: String) -> Bool { passes(text, from: receiver, to: "10.77.0.2", at: sender) }

    /// Whether a packet from the host is lost on its way to the peer.
    func keeps(_ text: String) -> Bool { isLost(text, from: receiver, to: "10.77.0.2", at: sender, peerMarker) }

    private func passes(_ text: String, from source: TestSocket, to address: String, at target: TestSocket) -> Bool {
        // Sent again when lost: a link whose handle has gone may live a moment longer, in a child between fork and exec.
        for _ in 0..<20 {
            _ = try? source.send(text, to: address, port: 7777)
            if comes(text, to: target, milliseconds: 250) { return true }
        }
        return false
    }

    private func isLost(
        _ text: String, from source: TestSocket, to address: String, at target: TestSocket, _ marker: TestSocket
    ) -> Bool {
        _ = try? source.send(text, to: address, port: 7777)
        _ = try? source.send(text, to: address, port: 7778)
        // What is lost has had its time once a packet sent after it, which no program looks at, is there.
        return comes(text, to: marker, milliseconds: 5000) && !comes(text, to: target, milliseconds: 100)
    }

    private func comes(_ text: String, to socket: TestSocket, milliseconds time: CInt) -> Bool {
        while let found = socket.receive(milliseconds: time) { if found == text { return true } }
        return false
    }
}

@Suite("XDP links judge real packets")
struct XDPTests {
    @Test(arguments: XDPMode.allCases)
    func `an interface takes one program, which can be replaced`(mode: XDPMode) throws {
        let cable = try Cable()
        let fs = try PrivateBPFFS()
        let loaded = try OpenObject(.verdict).load()
        let pass = try loaded.program("bt_xdp_pass", as: XDP.self)
        let drop = try loaded.program("bt_xdp_drop", as: XDP.self)
        try cable.host.run { () throws(BPFError) in try drop.attach(interface: .index(cable.interface), mode).pin(at: fs.path("link")) }
        #expect(cable.drops("dropped"))
        #expect(cable.leaves("other direction"))
        let link = try Link(pinnedAt: fs.path("link"))
        let info = try link.info
        #expect(info.kind == .xdp && info.interface == cable.interface && info.direction == nil)
        #expect(try info.programID == drop.info.id)
        for other in XDPMode.allCases {
            let error = #expect(throws: BPFError.self) {
                try cable.host.run { () throws(BPFError) in try pass.attach(interface: .index(cable.interface), other).detach() }
            }
            #expect(error?.errno == (other == mode ? EBUSY : EEXIST))
        }
        try link.update(to: pass)
        #expect(cable.arrives("passed"))
        try link.update(to: drop)
        #expect(cable.drops("dropped again"))
        try link.detach()
        #expect(cable.arrives("after"))
    }

    @Test func `a driver without XDP says so`() throws {
        let cable = try Cable()
        let pass = try OpenObject(.verdict).load().program("bt_xdp_pass", as: XDP.self)
        let error = #expect(throws: BPFError.self) {
            try cable.host.run { () throws(BPFError) in try pass.attach(interface: 1, .native).detach() }
        }
        #expect(error?.errno == EOPNOTSUPP)
    }
}

@Suite("tcx links judge real packets", .enabled(if: Features.tcx == .available, "this kernel has no tcx"))
struct TCXTests {
    @Test func `a link drops what its program says, until it goes`() throws {
        let cable = try Cable()
        let loaded = try OpenObject(.verdict).load()
        let drop = try loaded.program("bt_drop", as: TrafficControl.self)
        let counts = try loaded.map("bt_counts", key: UInt32.self, value: UInt64.self)
        #expect(cable.arrives("before"))
        do {
            let link = try cable.host.run { () throws(BPFError) in Box(try drop.attach(interface: .index(cable.interface), .ingress)) }
            let info = try link.value.info
            #expect(info.kind == .tcx && info.interface == cable.interface && info.direction == .ingress)
            #expect(try info.programID == drop.info.id)
            #expect(cable.drops("during"))
            #expect(cable.leaves("other direction"))
            #expect(try counts.value(forKey: 1) == 1)
        }
        #expect(cable.arrives("after"))
    }

    @Test func `egress is judged too`() throws {
        let cable = try Cable()
        let drop = try OpenObject(.verdict).load().program("bt_drop", as: TrafficControl.self)
        let link = try cable.host.run { () throws(BPFError) in Box(try drop.attach(interface: .index(cable.interface), .egress)) }
        #expect(cable.keeps("out") && cable.arrives("in"))
        #expect(try link.value.info.direction == .egress)
    }

    @Test func `a pinned link stays without its handle and can be opened, updated and detached`() throws {
        let cable = try Cable()
        let fs = try PrivateBPFFS()
        let path = fs.path("link")
        let loaded = try OpenObject(.verdict).load()
        let drop = try loaded.program("bt_drop", as: TrafficControl.self)
        let pass = try loaded.program("bt_pass", as: TrafficControl.self)
        try cable.host.run { () throws(BPFError) in try drop.attach(interface: .index(cable.interface), .ingress).pin(at: path) }
        #expect(cable.drops("pinned"))
        let link = try Link(pinnedAt: path)
        #expect(try link.info.programID == drop.info.id)
        try link.update(to: pass)
        #expect(cable.arrives("updated"))
        #expect(try link.info.programID == pass.info.id)
        try link.update(to: drop)
        #expect(cable.drops("dropping again"))
        try link.detach()
        #expect(cable.arrives("detached"))
        // The pin is a link to nowhere now.
        #expect(fs.pins == ["link"])
        #expect(try Link(pinnedAt: path).info.interface == 0)
    }

    @Test func `programs run in the order asked for, and the chain can be read`() throws {
        let cable = try Cable()
        let loaded = try OpenObject(.verdict).load()
        let next = try loaded.program("bt_next", as: TrafficControl.self)
        let pass = try loaded.program("bt_pass", as: TrafficControl.self)
        let drop = try loaded.program("bt_drop", as: TrafficControl.self)
        let ids = try [next.info.id, pass.info.id, drop.info.id]
        let interface = cable.interface
        let links = try cable.host.run { () throws(BPFError) in
            let last = try drop.attach(interface: .index(interface), .ingress)
            let first = try next.attach(interface: .index(interface), .ingress, order: .first)
            let middle = try pass.attach(interface: .index(interface), .ingress, order: .before(link: last.info.id))
            return Box(Three(first, middle, last))
        }
        let chain = try cable.host.run { () throws(BPFError) in try TCXChain(interface: interface, .ingress) }
        #expect(chain.entries.map(\.programID) == ids)
        #expect(try chain.entries[1].linkID == links.value.second.info.id)
        // `next` hands on, `pass` decides, `drop` is never asked.
        #expect(cable.arrives("through"))
        let counts = try loaded.map("bt_counts", key: UInt32.self, value: UInt64.self)
        #expect(try counts.entries().map(\.value) == [1, 0, 1, 0])
        let stale = try #require(throws: BPFError.self) {
            try cable.host.run { () throws(BPFError) in
                _ = try next.attach(interface: .index(interface), .egress, expecting: chain.revision + 9)
            }
        }
        #expect(stale.errno == 116)
        let twice = try #require(throws: BPFError.self) {
            try cable.host.run { () throws(BPFError) in _ = try next.attach(interface: .index(interface), .ingress) }
        }
        #expect(twice.errno == 17)
    }

    @Test func `a place can be named by links and by programs, on both sides of them`() throws {
        let namespace = try NetworkNamespace()
        let loaded = try OpenObject(.verdict).load()
        let next = try loaded.program("bt_next", as: TrafficControl.self)
        let pass = try loaded.program("bt_pass", as: TrafficControl.self)
        let drop = try loaded.program("bt_drop", as: TrafficControl.self)
        let ids = try (next: next.info.id, pass: pass.info.id, drop: drop.info.id)
        try namespace.run { () throws(BPFError) in
            func chain() throws(BPFError) -> [UInt32] { try TCXChain(interface: 1, .ingress).entries.map(\.programID) }
            let middle = try pass.attach(interface: "lo", .ingress)
            do {
                let behind = try drop.attach(interface: "lo", .ingress, order: .after(link: middle.info.id))
                let before = try next.attach(interface: "lo", .ingress, order: .before(link: behind.info.id))
                #expect(try chain() == [ids.pass, ids.next, ids.drop])
                try before.detach()
                try behind.detach()
            }
            let before = try next.program.attach(to: .tcx(interface: "lo", .ingress, order: .beforeProgram(ids.pass)))
            let behind = try drop.attach(interface: "lo", .ingress, order: .afterProgram(ids.next))
            #expect(try chain() == [ids.next, ids.drop, ids.pass])
            try behind.detach()
            try before.detach()
            #expect(try chain() == [ids.pass])
            let unknown = #expect(throws: BPFError.self) {
                _ = try next.attach(interface: "lo", .ingress, order: .before(link: 0xffff_fff0))
            }
            #expect(unknown?.errno == ENOENT)
        }
    }

    @Test func `an interface that is not there is refused`() throws {
        let namespace = try NetworkNamespace()
        let pass = try OpenObject(.verdict).load().program("bt_pass", as: TrafficControl.self)
        let error = try #require(throws: BPFError.self) {
            try namespace.run { () throws(BPFError) in _ = try pass.attach(interface: 4242, .ingress) }
        }
        #expect(error.errno == 19)
        #expect(error.description.hasPrefix("cannot attach program bt_pass to tcx ingress of interface 4242: No such device"))
    }

    @Test func `a link notices that its interface has gone`() throws {
        let cable = try Cable()
        let pass = try OpenObject(.verdict).load().program("bt_pass", as: TrafficControl.self)
        let link = try cable.host.run { () throws(BPFError) in Box(try pass.attach(interface: .index(cable.interface), .ingress)) }
        try cable.host.ip("link", "delete", "veth0")
        #expect(try link.value.info.interface == 0)
    }
}

@Suite("clsact filters judge real packets")
struct ClassicTCTests {
    @Test func `a filter drops what its program says until it is detached`() throws {
        let cable = try Cable()
        let loaded = try OpenObject(.verdict).load()
        let drop = try loaded.program("bt_drop", as: TrafficControl.self)
        let pass = try loaded.program("bt_pass", as: TrafficControl.self)
        let dropID = try drop.info.id
        let passID = try pass.info.id
        let tc = ClassicTC(interface: cable.interface)
        try cable.host.run { () throws(BPFError) in
            #expect(try tc.createQdisc())
            #expect(try !tc.createQdisc())
            #expect(try tc.query(.ingress, priority: 1, handle: 1) == nil)
            let filter = try tc.attach(drop, .ingress, priority: 1, handle: 1)
            #expect(filter.programID == dropID && filter.priority == 1 && filter.handle == 1)
        }
        #expect(cable.drops("dropped"))
        try cable.host.run { () throws(BPFError) in
            #expect(#expect(throws: BPFError.self) { try tc.attach(pass, .ingress, priority: 1, handle: 1) }?.errno == 17)
            #expect(try tc.attach(pass, .ingress, priority: 1, handle: 1, replacing: true).programID == passID)
            #expect(try tc.query(.ingress, priority: 1, handle: 1)?.programID == passID)
        }
        #expect(cable.arrives("replaced"))
        try cable.host.run { () throws(BPFError) in
            try tc.attach(drop, .egress, priority: 7, handle: 3)
            try tc.detach(.ingress, priority: 1, handle: 1)
        }
        #expect(cable.keeps("egress") && cable.arrives("detached"))
        try cable.host.run { () throws(BPFError) in try tc.removeQdisc() }
        #expect(cable.leaves("removed"))
    }

    @Test func `all filters of a hook are listed, whoever made them`() throws {
        let cable = try Cable()
        let pass = try OpenObject(.verdict).load().program("bt_pass", as: TrafficControl.self)
        let id = try pass.info.id
        let tc = ClassicTC(interface: cable.interface)
        try cable.host.run { () throws(BPFError) in
            #expect(try tc.filters(.ingress).isEmpty)
            try tc.createQdisc()
            #expect(try tc.filters(.ingress).isEmpty)
            try tc.attach(pass, .ingress, priority: 5, handle: 9)
            try tc.attach(pass, .ingress, priority: 3, handle: 2)
        }
        // A foreign filter of another kind.
        let foreign = try cable.host.run(
            command: "tc", "filter", "add", "dev", "veth0", "ingress", "prio", "8", "u32", "match", "u32", "0", "0")
        #expect(foreign.status == 0, "\(foreign.output)")
        let filters = try cable.host.run { () throws(BPFError) in try tc.filters(.ingress) }
        #expect(filters.map(\.priority).starts(with: [3, 5, 8]))
        #expect(filters.map(\.handle).starts(with: [2, 9]))
        #expect(filters.map(\.programID).starts(with: [id, id, 0]))
        #expect(filters.map(\.name).starts(with: ["bt_pass:[\(id)]", "bt_pass:[\(id)]", nil]))
        #expect(try cable.host.run { () throws(BPFError) in try tc.filters(.egress) }.isEmpty)
    }

    @Test func `a filter stays when its program's handle has gone`() throws {
        let cable = try Cable()
        let tc = ClassicTC(interface: cable.interface)
        func attach() throws {
            let drop = try OpenObject(.verdict).load().program("bt_drop", as: TrafficControl.self)
            try cable.host.run { () throws(BPFError) in
                try tc.createQdisc()
                try tc.attach(drop, .ingress, priority: 1, handle: 1)
            }
        }
        try attach()
        #expect(cable.drops("still dropped"))
        let filter = try #require(try cable.host.run { () throws(BPFError) in try tc.query(.ingress, priority: 1, handle: 1) })
        #expect(try Program(id: filter.programID).name == "bt_drop")
    }

    /// Whether `lo` had no clsact qdisc; it has one then.
    private func hadNone() throws(BPFError) -> Bool { try ClassicTC(interface: 1).createQdisc() }

    @Test func `the qdisc that attachments made goes with the last of them`() throws {
        let namespace = try NetworkNamespace()
        let pass = try OpenObject(.verdict).load().program("bt_pass")
        try namespace.run { () throws(BPFError) in
            do {
                let first = try pass.attach(to: .tc(interface: "lo", .ingress))
                let second = try pass.attach(to: .tc(interface: "lo", .egress, priority: 4, handle: 4))
                try first.detach()
                #expect(try ClassicTC(interface: 1).filters(.egress).count == 1)
                try second.detach()
            }
            #expect(try hadNone())
            // Now it is another's.
            try pass.attach(to: .tc(interface: "lo", .ingress)).detach()
            #expect(try !hadNone())
        }
    }

    /// What an attachment says that cannot be detached.
    private func refusal(of attachment: consuming BPF.Attachment) -> BPFError? {
        do throws(BPFError) {
            try attachment.detach()
            return nil
        } catch {
            return error
        }
    }

    @Test func `a filter of another namespace is not said to be detached`() throws {
        let namespace = try NetworkNamespace()
        let other = try NetworkNamespace()
        let pass = try OpenObject(.verdict).load().program("bt_pass")
        try namespace.run { () throws(BPFError) in
            var held: BPF.Attachment? = try pass.attach(to: .tc(interface: "lo", .ingress))
            let error = other.run { () -> BPFError? in
                guard let attachment = held.take() else { return nil }
                return refusal(of: attachment)
            }
            #expect(error?.step == .detach && error?.reason.contains("another network namespace") == true)
            #expect(try ClassicTC(interface: 1).filters(.ingress).count == 1)
        }
    }

    @Test func `a qdisc stays in which another has a filter`() throws {
        let namespace = try NetworkNamespace()
        let loaded = try OpenObject(.verdict).load()
        let pass = try loaded.program("bt_pass")
        let drop = try loaded.program("bt_drop", as: TrafficControl.self)
        try namespace.run { () throws(BPFError) in
            let attachment = try pass.attach(to: .tc(interface: "lo", .ingress))
            let tc = ClassicTC(interface: 1)
            try tc.attach(drop, .egress, priority: 9, handle: 9)
            try attachment.detach()
            #expect(try tc.query(.egress, priority: 9, handle: 9) != nil)
        }
    }
}

/// Carries a handle through a closure that can only return copyable values.
final class Box<Value: ~Copyable> {
    let value: Value
    init(_ value: consuming Value) { self.value = value }
}

struct Three: ~Copyable {
    let first: Link
    let second: Link
    let third: Link

    init(_ first: consuming Link, _ second: consuming Link, _ third: consuming Link) {
        self.first = first
        self.second = second
        self.third = third
    }
}
