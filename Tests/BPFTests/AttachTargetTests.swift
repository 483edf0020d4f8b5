import BPF
import Testing

/// Targets as people and sections write them.
@Suite("Attach targets are read and written")
struct AttachTargetTests {
    @Test(arguments: [
        ("kprobe:do_unlinkat", AttachTarget.kprobe(function: "do_unlinkat")),
        ("kprobe:do_unlinkat+0x10", .kprobe(function: "do_unlinkat", offset: 16)),
        ("kretprobe:do_unlinkat", .kretprobe(function: "do_unlinkat")),
        ("kprobe.multi:vfs_*", .kprobeMulti(.matching("vfs_*"))),
        ("kretprobe.multi:vfs_read,vfs_write", .kretprobeMulti(.named(["vfs_read", "vfs_write"]))),
        ("ksyscall:openat", .ksyscall(name: "openat")),
        ("kretsyscall:openat", .kretsyscall(name: "openat")),
        ("uprobe:/usr/bin/a b:main+0x10 pid=7", .uprobe(CodePlace("/usr/bin/a b", symbol: "main", offset: 16), pid: 7)),
        ("uprobe:/a:b/c:0x1234", .uprobe(CodePlace("/a:b/c", offset: 0x1234))),
        ("uretprobe:libc.so.6:malloc", .uretprobe(CodePlace("libc.so.6", symbol: "malloc"))),
        ("usdt:/usr/bin/python3:python:gc__start", .usdt(binary: "/usr/bin/python3", provider: "python", name: "gc__start")),
        ("usdt:/a:b:c:d pid=1", .usdt(binary: "/a:b", provider: "c", name: "d", pid: 1)),
        ("tracepoint:syscalls/sys_enter_openat", .tracepoint(category: "syscalls", name: "sys_enter_openat")),
        ("raw_tracepoint:sched_switch", .rawTracepoint(name: "sched_switch")),
        ("tp_btf:sched_switch", .btfTracepoint(name: "sched_switch")),
        ("fentry:do_unlinkat", .fentry(function: "do_unlinkat")),
        ("fexit:do_unlinkat", .fexit(function: "do_unlinkat")),
        ("fmod_ret:bpf_modify_return_test", .fmodRet(function: "bpf_modify_return_test")),
        ("lsm:file_open", .lsm(hook: "file_open")),
        ("lsm_cgroup:socket_bind:/sys/fs/cgroup/a", .lsmCgroup(hook: "socket_bind", path: "/sys/fs/cgroup/a")),
        ("perf_event:cpu-clock frequency=99", .perfEvent(PerfSample(.cpuClock, .frequency(99)))),
        ("perf_event:page-faults period=1 pid=7 cpu=0", .perfEvent(PerfSample(.pageFaults, .period(1), pid: 7, cpu: 0))),
        ("iter:task", .iterator(of: "task")),
        ("iter:task_file pid=9", .iterator(of: "task_file", over: .process(9))),
        ("iter:bpf_map_elem map=/sys/fs/bpf/m", .iterator(of: "bpf_map_elem", over: .map(path: "/sys/fs/bpf/m"))),
        ("socket:eth0", .packets(interface: "eth0")),
        ("xdp:eth0", .xdp(interface: "eth0")),
        ("xdp/generic:4", .xdp(interface: 4, mode: .generic)),
        ("tc/ingress:eth0 priority=5 handle=2", .tc(interface: "eth0", .ingress, priority: 5, handle: 2)),
        ("tc/egress:eth0", .tc(interface: "eth0", .egress)),
        ("tcx/egress:eth0", .tcx(interface: "eth0", .egress)),
        ("tcx/ingress:eth0 first", .tcx(interface: "eth0", .ingress, order: .first)),
        ("tcx/ingress:eth0 before=link:7", .tcx(interface: "eth0", .ingress, order: .before(link: 7))),
        ("tcx/ingress:eth0 after=program:9", .tcx(interface: "eth0", .ingress, order: .afterProgram(9))),
        ("netfilter/ipv4/input priority=-100 defragment", .netfilter(NetfilterHook(.ipv4, .input, priority: -100, defragments: true))),
        ("netfilter/ipv6/postrouting", .netfilter(NetfilterHook(.ipv6, .postrouting))),
        ("cgroup/connect4:/sys/fs/cgroup/a b", .cgroup(.connect4, path: "/sys/fs/cgroup/a b")),
        ("cgroup/sock_ops:/g", .cgroup(.socketOperations, path: "/g")),
        ("sk_lookup", .socketLookup()),
        ("sk_lookup:/run/netns/a", .socketLookup(namespace: "/run/netns/a")),
        ("flow_dissector:/run/netns/a", .flowDissector(namespace: "/run/netns/a")),
        ("sk_msg:/sys/fs/bpf/m", .socketMessage(map: "/sys/fs/bpf/m")),
        ("sk_skb/stream_parser:/sys/fs/bpf/m", .socketStream(.parser, map: "/sys/fs/bpf/m")),
        ("sk_skb/verdict:/sys/fs/bpf/m", .socketStream(.verdict, map: "/sys/fs/bpf/m")),
    ])
    func `a text is read, and written as it was`(text: String, target: AttachTarget) throws {
        #expect(try AttachTarget(text: text) == target)
        #expect(target.description == text)
    }

    @Test func `every hook of control groups has a text`() throws {
        for hook in CgroupHook.allCases {
            #expect(try AttachTarget(text: "cgroup/\(hook.rawValue):/g") == .cgroup(hook, path: "/g"))
        }
    }

    @Test(arguments: [
        ("", "there is no "),
        ("kprob:f", "there is no kprob; known are kprobe, kretprobe"),
        ("kprobe:", "it names no place: it is kprobe:FUNCTION"),
        ("kprobe", "it names no place"),
        ("kprobe:f+x", "x is no offset"),
        ("kprobe:f pid=1", "kprobe takes no option pid"),
        ("uprobe:/bin/true", "it is uprobe:PATH:SYMBOL or uprobe:PATH:OFFSET"),
        ("uprobe:/bin/true:12z", "12z is no offset"),
        ("uprobe:/bin/true:main pid=me", "pid=me is no such number"),
        ("uprobe:/bin/true:main pid=-1", "pid=-1 is no process"),
        ("tcx/ingress:eth0 first=9", "first takes no value, and has 9"),
        ("netfilter/ipv4/input defragment=no", "defragment takes no value, and has no"),
        ("usdt:/bin/true:name", "it is usdt:PATH:PROVIDER:NAME"),
        ("tracepoint:sys_enter_openat", "a tracepoint is CATEGORY/NAME"),
        ("perf_event:cpu-clock", "how often is not said; add frequency=99"),
        ("perf_event:cpu-clock frequency=9 period=9", "it has both"),
        ("perf_event:warp", "there is no warp; known are cpu-clock"),
        ("tcx/sideways:eth0", "there is no sideways; known are ingress, egress"),
        ("tcx/ingress:eth0 before=9", "before is link:ID or program:ID"),
        ("tc/ingress:eth0 priority=70000", "priority=70000 is no such number"),
        ("xdp/fast:eth0", "there is no fast; known are native, generic"),
        ("netfilter/arp/input", "there is no arp/input; known are ipv4/prerouting"),
        ("netfilter/ipv4/input:eth0", "netfilter hooks have no place"),
        ("cgroup/connect5:/g", "there is no connect5; known are ingress"),
        ("cgroup/connect4", "it names no place: it is cgroup/connect4:PATH"),
        ("sk_skb/ear:/m", "there is no ear; known are stream_parser, stream_verdict, verdict"),
    ])
    func `what is not understood is named`(text: String, words: String) throws {
        let error = try #require(throws: BPFError.self) { _ = try AttachTarget(text: text) }
        #expect(error.description.hasPrefix("cannot read attach target \(text): \(words)"), "\(error)")
    }

    @Test(arguments: [
        ("kprobe/do_unlinkat", "kprobe:do_unlinkat"), ("?kretprobe/f", "kretprobe:f"), ("kprobe/f+0x8", "kprobe:f+0x8"),
        ("uprobe//bin/bash:readline", "uprobe:/bin/bash:readline"), ("uprobe.s/libc.so.6:malloc", "uprobe:libc.so.6:malloc"),
        ("usdt//a/b:c:d", "usdt:/a/b:c:d"), ("tp/syscalls/sys_enter_openat", "tracepoint:syscalls/sys_enter_openat"),
        ("raw_tp.w/x", "raw_tracepoint:x"), ("tp_btf/x", "tp_btf:x"), ("fentry.s/x", "fentry:x"), ("fmod_ret/x", "fmod_ret:x"),
        ("lsm.s/file_open", "lsm:file_open"), ("iter/task", "iter:task"), ("kprobe.multi/vfs_*", "kprobe.multi:vfs_*"),
        ("ksyscall/openat", "ksyscall:openat"),
    ])
    func `a section says a target`(section: String, text: String) {
        #expect(AttachTarget(section: section)?.description == text)
    }

    @Test(arguments: ["tc", "xdp", "kprobe", "cgroup/connect4", "sk_lookup", "xdp/devmap", "license", "uprobe/x", "tracepoint/one", "maps"])
    func `a section that names no place says none`(section: String) {
        #expect(AttachTarget(section: section) == nil)
    }
}
