import BPF
import BPFTesting
import Glibc
import Probes
import Testing

/// A probe takes the place of another at each kind of place, while something happens there.
@Suite("Replacing a probe", .serialized, .timeLimit(.minutes(5)))
struct ReplacementTests {
    typealias Place = Replacement.Place

    static let datagramPlaces = [
        Place(program: "pl_xdp", target: "xdp/generic:lo"),
        Place(program: "pl_tc", target: "tc/ingress:lo"),
        Place(program: "pl_tc", target: "tc/egress:lo priority=5 handle=5"),
        Place(program: "pl_tc", target: "tcx/ingress:lo"),
        Place(program: "pl_socket", target: "socket:lo"),
        Place(program: "pl_netfilter", target: "netfilter/ipv4/input", isToldTwice: true),
        Place(program: "pl_netfilter", target: "netfilter/ipv4/output priority=-7", isToldTwice: true),
        Place(program: "pl_lookup", target: "sk_lookup", isNumbered: false),
    ].filter { place in
        switch place.program {
        case "pl_netfilter": Features.netfilter == .available
        case "pl_tc": !place.target.hasPrefix("tcx") || Features.tcx == .available
        default: true
        }
    }

    @Test(arguments: datagramPlaces) func `datagrams are seen while probes take each other's place`(place: Place) throws {
        let namespace = try NetworkNamespace()
        try Replacement(place, in: namespace).run(.datagrams(in: namespace))
    }

    @Test(arguments: [
        Place(program: "pl_egress", target: "cgroup/egress:"),
        Place(program: "pl_sendmsg4", target: "cgroup/sendmsg4:", isNumbered: false),
    ])
    func `a control group is watched while probes take each other's place`(place: Place) async {
        await #expect(processExitsWith: .success) { [place] in
            let group = try ControlGroup()
            let namespace = try NetworkNamespace()
            try group.enter()
            var place = place
            place.target += group.path
            try Replacement(place, in: namespace).run(.datagrams(in: namespace))
            try group.leave()
        }
    }

    @Test func `a flow dissector is replaced without a frame missed`() throws {
        let namespace = try NetworkNamespace()
        let sender = try namespace.run { () throws(TestingError) in try PacketSocket(interface: "lo") }
        let frame = [UInt8](repeating: 0, count: 12) + [0x88, 0xb5] + [UInt8](repeating: 7, count: 50)
        let place = Place(program: "pl_dissector", target: "flow_dissector", isNumbered: false)
        try Replacement(place, in: namespace).run(Traffic { _ in try? sender.send(frame) })
    }

    static let callPlaces = [
        Place(program: "pl_tracepoint", target: "tracepoint:syscalls/sys_enter_getpgid", isToldTwice: true),
        Place(program: "pl_raw", target: "raw_tracepoint:sys_enter", isToldTwice: true),
        Place(program: "pl_typed", target: "tp_btf:sys_enter", isToldTwice: true),
        Place(program: "pl_uprobe", target: "uprobe:libc.so.6:getpgid", isToldTwice: true),
    ].filter { place in
        switch place.program {
        case "pl_uprobe": Features.uprobe == .available
        case "pl_typed": Features.btfTracepoint == .available
        default: true
        }
    }

    @Test(arguments: callPlaces) func `calls are seen while probes take each other's place`(place: Place) throws {
        try withTraceFilesystem { try Replacement(place).run(Traffic { getpgid(pid_t($0)) }) }
    }

    @Test(
        .enabled(if: Features.kprobe == .available && Features.fentry == .available, "this kernel lacks these: run scripts/vm-tests"),
        arguments: [
            Place(program: "pl_kprobe", target: "kprobe:do_unlinkat", isToldTwice: true),
            Place(program: "pl_fentry", target: "fentry:do_unlinkat", isToldTwice: true),
            Place(program: "pl_lsm", target: "lsm:task_getpgid", isToldTwice: true, isNumbered: false),
        ])
    func `functions of the kernel are watched while probes take each other's place`(place: Place) throws {
        try Replacement(place).run(
            Traffic { number in
                // A folder that is not open.
                unlinkat(0x10000 + CInt(number), "bpftest", 0)
                getpgid(getpid())
            })
    }
}

extension Traffic {
    /// Datagrams of 1,000 bytes that end in their number.
    static func datagrams(in namespace: NetworkNamespace) throws -> Traffic {
        let receiver = try TestSocket.bound(.udp, "127.0.0.1", port: 7777, in: namespace)
        let sender = try namespace.run { () throws(TestingError) in try TestSocket(.udp, family: .v4) }
        let filling = String(repeating: "x", count: 996)
        return Traffic { number in
            _ = try? sender.send(filling + digits(number), to: "127.0.0.1", port: 7777)
            _ = receiver.receive(milliseconds: 0)
        }
    }
}
