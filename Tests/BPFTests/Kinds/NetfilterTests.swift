import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import Testing

@Suite("Netfilter links", .enabled(if: Features.netfilter == .available, "this kernel has no netfilter links"), .timeLimit(.minutes(5)))
struct NetfilterTests {
    @Test func `a program judges packets at a hook, until its link goes`() throws {
        let namespace = try NetworkNamespace()
        var object = try OpenObject(.netfilter)
        try object.setTarget(.netfilter(NetfilterHook(.ipv4, .input)), ofProgram: "bt_netfilter")
        let loaded = try object.load()
        let hits = try Hits(loaded)
        let program = try loaded.program("bt_netfilter", as: Netfilter.self)
        let receiver = try TestSocket.bound(.udp, "127.0.0.1", port: 7777, in: namespace)
        let large = String(repeating: "x", count: 1000)
        func arrives(_ text: String) -> Bool {
            _ = try? receiver.send(text, to: "127.0.0.1", port: 7777)
            _ = try? receiver.send("end", to: "127.0.0.1", port: 7777)
            var found = false
            while let got = receiver.receive(), got != "end" { if got == text { found = true } }
            return found
        }
        #expect(arrives(large))
        do {
            let hook = NetfilterHook(.ipv4, .input, priority: -100)
            let link = try namespace.run { () throws(BPFError) in Box(try program.attach(to: hook)) }
            #expect(!arrives(large) && arrives("small"))
            #expect(try link.value.info.target == .netfilter(hook) && link.value.info.kind == .netfilter)
            #expect(try hits.count(0) > 0)
            let twice = try #require(throws: BPFError.self) {
                try namespace.run { () throws(BPFError) in _ = try program.attach(to: hook) }
            }
            #expect(twice.errno == EBUSY || twice.errno == EEXIST)
            #expect(twice.description.hasPrefix("cannot attach program bt_netfilter to netfilter ipv4/input priority=-100: "))
        }
        #expect(arrives(large))
    }

    @Test(arguments: NetfilterHook.Family.allCases, NetfilterHook.Point.allCases)
    func `each hook of each family takes a program`(family: NetfilterHook.Family, point: NetfilterHook.Point) throws {
        let namespace = try NetworkNamespace()
        let loaded = try OpenObject(.netfilter).load()
        let hook = NetfilterHook(family, point, priority: 7)
        let attachment = try namespace.run { () throws(BPFError) in
            Box(try loaded.program("bt_netfilter").attach(to: .netfilter(hook)))
        }
        let links = try attachment.value.links
        #expect(links.map(\.target) == [.netfilter(hook)])
        guard point != .forward else { return }
        let address = family == .ipv4 ? "127.0.0.1" : "::1"
        let socket = try TestSocket.bound(.udp, address, port: 7777, in: namespace)
        try socket.send("x", to: address, port: 7777)
        #expect(socket.receive() == "x")
        #expect(try Hits(loaded).count(family == .ipv4 ? 0 : 1) > 0)
    }

    @Test(arguments: [(NetfilterHook.Family.ipv4, "127.0.0.1", 28), (.ipv6, "::1", 48)])
    func `a program sees datagrams whole or in their fragments, as it asks`(
        family: NetfilterHook.Family, address: String, headers: UInt64
    ) throws {
        let namespace = try NetworkNamespace()
        try namespace.ip("link", "set", "lo", "mtu", "1500")
        let socket = try TestSocket.bound(.udp, address, port: 7777, in: namespace)
        let text = String(repeating: "x", count: 4000)
        func seen(defragments: Bool) throws -> (count: UInt64, last: UInt64) {
            let loaded = try OpenObject(.netfilter).load()
            let hook = NetfilterHook(family, .prerouting, priority: -300, defragments: defragments)
            let link = try namespace.run { () throws(BPFError) in
                Box(try loaded.program("bt_netfilter", as: Netfilter.self).attach(to: hook))
            }
            #expect(try link.value.info.target == .netfilter(hook))
            try socket.send(text, to: address, port: 7777)
            #expect(socket.receive() == text)
            let hits = try Hits(loaded)
            let index: UInt32 = family == .ipv4 ? 0 : 1
            return (try hits.count(index), try hits.value(index))
        }
        // In this order, as the kernel goes on to put fragments together once it was asked to.
        let apart = try seen(defragments: false)
        #expect(apart.count == 3 && apart.last < 1500)
        let whole = try seen(defragments: true)
        #expect(whole.count == 1 && whole.last == 4000 + headers)
    }
}
