import BPF
import BPFTesting
import CorpusObjects
import Probes
import Testing

@Suite("The corpus of objects")
struct CorpusTests {
    @Test func `each section's name says its kind, libbpf's own and those of others`() throws {
        let report = try Inspection.reportHere(on: EmbeddedObject.sectionNames.bytes, name: "sections")
        let expected: [String: (type: String, byConvention: Bool)] = [
            "socket": ("socket_filter", false), "kprobe": ("kprobe", false), "kprobe_multi": ("kprobe", false),
            "usdt": ("kprobe", false), "tc": ("sched_cls", false), "classifier": ("sched_cls", false), "action": ("sched_act", false),
            "tp": ("tracepoint", false), "raw_tp": ("raw_tracepoint", false), "fentry": ("tracing", false), "lsm": ("lsm", false),
            "iter": ("tracing", false), "xdp_frags": ("xdp", false), "cgroup_skb_ingress": ("cgroup_skb", false),
            "cgroup_connect4": ("cgroup_sock_addr", false), "sk_lookup": ("sk_lookup", false), "sockops": ("sock_ops", false),
            "old_socket": ("socket_filter", true), "old_xdp": ("xdp", true), "old_xdp_slash": ("xdp", true),
            "old_classifier": ("sched_cls", true), "old_classifier_bare": ("sched_cls", true), "old_action": ("sched_act", true),
            "old_sockops": ("sock_ops", true), "old_msg": ("sk_msg", true), "old_kprobe": ("kprobe", true),
            "old_tracepoint": ("tracepoint", true), "old_perf_event": ("perf_event", true), "old_cgroup": ("cgroup_skb", true),
            "old_cgroup_connect": ("cgroup_sock_addr", true), "old_dissector": ("flow_dissector", true),
            "old_ingress": ("sched_cls", true), "old_egress": ("sched_cls", true), "new_tc_ingress": ("sched_cls", true),
            "new_tcx_ingress": ("sched_cls", true), "new_tcx_egress": ("sched_cls", true), "new_netkit": ("sched_cls", true),
            "new_netfilter": ("netfilter", true), "new_sk_skb": ("sk_skb", true), "new_connect_unix": ("cgroup_sock_addr", true),
            "new_uprobe_multi": ("kprobe", true), "new_session": ("kprobe", true), "unknown_tcp": ("unspec", false),
            "unknown_word": ("unspec", false), "unknown_target": ("unspec", false),
        ]
        let found = Dictionary(uniqueKeysWithValues: report.programs.map { ($0.name, $0) })
        for (name, kind) in expected {
            let program = try #require(found["s_\(name)"], "\(name)")
            #expect(program.type == kind.type && program.isTypedByConvention == kind.byConvention, "\(program)")
        }
        // What is not in the list has a kind all the same.
        for program in report.programs where !program.name.hasPrefix("s_unknown") { #expect(program.type != "unspec", "\(program.name)") }
        #expect(report.programs.filter { !$0.isLoadedByDefault }.map(\.name) == ["s_optional"])
        #expect(report.refusals.map(\.subject).filter { $0.contains("unknown") }.count == 3)
        #expect(report.license == "Dual BSD/GPL")
    }

    @Test func `each kind of map opens, and those this kernel has are made`() throws {
        let report = try Inspection.reportHere(on: EmbeddedObject.mapKinds.bytes, name: "maps")
        #expect(report.maps.count == 30 && Set(report.maps.map(\.type)).count == 27)
        #expect(
            report.notes == [
                "map k_ring_sized: key size 4 and value size 8 of the ring buffer set to 0",
                "map k_ring_typed: key size 4 and value size 32 of the ring buffer set to 0",
            ])
        #expect(report.programs[0].maps == ["k_hash", "k_percpu_array", "k_ring_sized"])
        #expect(report.programs[0].helpers == ["map_lookup_elem", "ringbuf_reserve", "ringbuf_submit"])
        let loaded = try OpenObject(.mapKinds).load()
        #expect(try loaded.program("use_maps").testRun(data: corpusFrame).returnValue == 1)
        #expect(try loaded.mapInfo("k_ring_typed").maxEntries == 4096)
    }

    @Test func `each kind of global variable is listed and has its value`() throws {
        let report = try Inspection.reportHere(on: EmbeddedObject.globalKinds.bytes, name: "globals")
        func global(_ name: String) -> GlobalReport? { report.globals.first { $0.name == name } }
        #expect(global("g_mode") == GlobalReport(name: "g_mode", section: ".rodata", type: "enum mode", size: 4, isConstant: true))
        #expect(global("g_name")?.type == "char[16]" && global("g_table")?.type == "__u16[3][4]")
        #expect(global("g_limits")?.type == "struct limits" && global("g_word")?.type == "union word")
        #expect(global("g_counts")?.section == ".data.counts" && global("g_elsewhere")?.section == ".rodata.elsewhere")
        #expect(global("g_static")?.size == 4 && global("g_hidden_zero")?.section == ".bss")
        #expect(global("g_flag")?.type.contains("ool") == true)
        var object = try OpenObject(.globalKinds)
        try object.setGlobal("g_elsewhere", to: UInt32(40))
        let loaded = try object.load()
        let sum = "corpus".utf8.reduce(0) { $0 + UInt32($1) }
        #expect(try loaded.program("use_globals").testRun(data: corpusFrame).returnValue == sum + 1 + 40)
        #expect(try loaded.global("g_hidden_zero", as: UInt64.self) == 1)
    }

    @Test func `places in the kernel's types are named, and adapted to this kernel`() throws {
        let report = try Inspection.reportHere(on: EmbeddedObject.relocations.bytes, name: "relocations")
        let program = try #require(report.programs.first { $0.name == "read_types" })
        #expect(program.kernelTypes.contains("struct task_struct.nsproxy") && program.kernelTypes.contains("struct pid_namespace.ns.inum"))
        #expect(program.kernelTypes.contains("enum bpf_map_type.BPF_MAP_TYPE_RINGBUF"))
        #expect(program.kernelTypes.contains("struct task_struct.never_there") && program.kernelTypes.contains("struct no_such_struct"))
        // What is called is counted with it, also by helpers.
        #expect(program.helpers.contains("map_update_elem") && program.maps == ["r_values"])
        let callBack = try #require(report.programs.first { $0.name == "call_back" })
        #expect(callBack.helpers == ["map_update_elem", "loop"] && callBack.kernelTypes == [])
        let loaded = try OpenObject(.relocations).load()
        #expect(loaded.leftOut.map(\.name) == ["read_nothing"])
        #expect(try loaded.program("call_back").testRun(data: corpusFrame).returnValue == 6)
    }

    @Test(arguments: ["v1", "v2", "v3", "v4"])
    func `objects for every kind of processor open alike, and load`(processor: String) throws {
        for name in ["section-names", "map-kinds", "global-kinds", "relocations"] {
            let bytes = try Clang.object(Clang.corpus(name), "-g", "-mcpu=\(processor)")
            let report = try Inspection.reportHere(on: bytes, name: "x")
            let embedded = try #require(Self.embedded[name])
            let expected = try Inspection.reportHere(on: embedded.bytes, name: "x")
            #expect(report.programs.map(\.name) == expected.programs.map(\.name) && report.maps == expected.maps)
            #expect(report.globals == expected.globals && report.types == expected.types)
            #expect(report.programs.map(\.kernelTypes) == expected.programs.map(\.kernelTypes))
            if name != "section-names" { _ = try OpenObject(.bytes(bytes, name: name)).load() }
        }
    }

    private static let embedded: [String: EmbeddedObject] = [
        "section-names": .sectionNames, "map-kinds": .mapKinds, "global-kinds": .globalKinds, "relocations": .relocations,
    ]

    @Test func `objects without BTF open and load where they declare no maps`() throws {
        let names = try Inspection.reportHere(on: Clang.object(Clang.corpus("section-names")), name: "x")
        #expect(names.programs.count > 80 && names.types == [] && names.globals == [])
        let globals = try Clang.object(Clang.corpus("global-kinds"), "-mcpu=v3")
        let loaded = try OpenObject(.bytes(globals, name: "bare")).load()
        #expect(try loaded.program("use_globals").testRun(data: corpusFrame).returnValue > 0)
    }
}

/// A small packet for programs that do not look at it.
let corpusFrame = Packet.ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1000, 2000).payload("hello").bytes
