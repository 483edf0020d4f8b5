import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import Testing

/// What is made for a test is gone afterwards. Runs each check in a process of its own, where no other test opens and closes.
@Suite("Nothing is left behind")
struct LeakTests {
    @Test func `handles that go close their descriptors, and the kernel frees what they held`() async {
        await #expect(processExitsWith: .success) {
            try exercise()  // what is made once for the process, is made now
            let descriptors = OpenDescriptors()
            let objects = KernelObjects(namePrefix: "lk_")
            for _ in 0..<5 { try exercise() }
            #expect(OpenDescriptors.opened(since: descriptors) == [])
            let left = KernelObjects.leftovers(since: objects)
            #expect(left.isEmpty, "\(left)")
        }
    }

    @Test func `the checks see what is left`() async {
        await #expect(processExitsWith: .success) {
            let descriptors = OpenDescriptors()
            let objects = KernelObjects(namePrefix: "lk_see")
            let map = try Map<UInt32, UInt32>.create(.hash, name: "lk_see", maxEntries: 1)
            #expect(OpenDescriptors.opened(since: descriptors) == ["anon_inode:bpf-map"])
            #expect(KernelObjects.leftovers(since: objects, within: 0).maps.count == 1)
            _ = try map.count()
        }
    }

    @Test func `namespaces and filesystems go with their values`() async {
        await #expect(processExitsWith: .success) {
            do {
                let namespace = try NetworkNamespace()
                let fs = try PrivateBPFFS()
                #expect(NetworkNamespace.names() == [namespace.name] && PrivateBPFFS.mounts == [fs.path])
                #expect(namespace.run { (try? NetworkNamespace.requirePrivate()) != nil })
                #expect(throws: TestingError.self) { try NetworkNamespace.requirePrivate() }
            }
            #expect(NetworkNamespace.names() == [] && PrivateBPFFS.mounts == [])
        }
    }

    @Test func `failures leak nothing either`() async {
        await #expect(processExitsWith: .success) {
            func fail() {
                _ = try? OpenObject(.refused).load()
                _ = try? OpenObject(.file("/nowhere"))
                _ = try? OpenObject(.bytes([1, 2, 3], name: "x"))
                _ = try? RingBuffer.create(name: "lk_ring", byteCount: 5000)
                if let map = try? Map<UInt32, UInt32>.create(.hash, name: "lk_map", maxEntries: 1), let id = try? map.info.id {
                    _ = try? Map<UInt64, UInt32>(id: id)
                    _ = try? MappedArray<UInt32>(id: id)
                    _ = try? PerCPUMap<UInt32, UInt32>(id: id)
                }
                _ = try? OpenObject(.tracing).load().program("bt_kprobe").attach(to: .kprobe(function: "no_such_function"))
            }
            fail()
            let descriptors = OpenDescriptors()
            for _ in 0..<5 { fail() }
            #expect(OpenDescriptors.opened(since: descriptors) == [])
        }
    }
}

/// Opens one of everything, under names of this suite's own where the kernel keeps names.
private func exercise() throws {
    let template = try Map<UInt32, UInt32>.create(.array, name: "lk_inner", maxEntries: 4)
    var object = try OpenObject(.maps)
    try object.reuse(Map<UInt32, UInt64>.create(.array, name: "lk_array", maxEntries: 8), asMap: "bt_array")
    let loaded = try object.load()
    let program = try loaded.program("bt_use_maps")
    _ = try program.testRun(data: frame)
    try loaded.mapOfMaps("bt_outer", key: UInt32.self).set(template, forKey: 0)
    _ = try MappedArray<UInt64>.create(name: "lk_mapped", count: 10)
    _ = try PerCPUMap<UInt32, UInt64>.create(.perCPUArray, name: "lk_percpu", maxEntries: 1)
    _ = try RingBuffer.create(name: "lk_ring", byteCount: 4096)
    _ = try OpenObject(.rings).load().perfBuffer("bt_perf", pagesPerCPU: 1)
    let namespace = try NetworkNamespace()
    let fs = try PrivateBPFFS()
    try namespace.run { () throws(BPFError) in
        if Features.tcx == .available { try program.attach(to: .tcx(interface: 1, .ingress)).pin(at: fs.path("link")) }
        let tc = ClassicTC(interface: 1)
        try tc.createQdisc()
        _ = try program.attach(to: .tc(interface: "lo", .ingress))
        try tc.attach(program, .egress, priority: 1, handle: 1)
    }
    let uprobe = try OpenObject(.tracing).load().program("bt_uprobe")
    _ = try uprobe.attach(to: .uprobe(CodePlace("/proc/self/exe", offset: 0x1000)))
    try exerciseAttachments(namespace)
}

/// Attachments of every shape: several links, a socket, sockets of a map, libbpf's own, one that is read.
private func exerciseAttachments(_ namespace: NetworkNamespace) throws {
    let tracing = try OpenObject.ofThisProcess(.tracepoints).load()
    _ = try tracing.program("bt_clock").attach(to: .perfEvent(PerfSample(.cpuClock, .period(1_000_000))))
    let sockets = try OpenObject(.sockets).load()
    let fs = try PrivateBPFFS()
    try sockets.pinMap("bt_sockets", at: fs.path("sockets"))
    try namespace.run { () throws(BPFError) in
        _ = try sockets.program("bt_packets").attach(to: .packets(interface: "lo"))
        _ = try sockets.program("bt_message").attach(to: .socketMessage(map: fs.path("sockets")))
        _ = try sockets.program("bt_lookup").attach(to: .socketLookup())
    }
    _ = try OpenObject(.iterators).load().program("bt_tasks").attach(to: .iterator(of: "task")).read().text()
    let library = try ProbedLibrary("leak")
    let usdt = try OpenObject.ofThisProcess(.usdt).load().program("bt_usdt")
    _ = try usdt.attach(to: .usdt(binary: library.path, provider: "bpftest", name: "call"))
}
