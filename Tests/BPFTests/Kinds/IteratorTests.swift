import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import Glibc
import Testing

@Suite("Iterators")
struct IteratorTests {
    @Test func `an iterator writes a line for each task, as often as it is read`() throws {
        let loaded = try OpenObject(.iterators).load()
        let link = try loaded.program("bt_tasks", as: KernelIterator.self).attach()
        let own = "\(getpid()) \(getpid())"
        for _ in 0..<2 {
            let lines = try link.read().text().split(separator: "\n")
            #expect(lines.contains { $0 == own })
        }
        #expect(try link.info.target == .iterator(name: "task", mapID: nil))
        // In small pieces it is the same.
        var output = try link.read()
        var bytes: [UInt8] = []
        while let more = try output.next(upTo: 7) {
            #expect(more.count <= 7)
            bytes += more
        }
        #expect(String(decoding: bytes, as: UTF8.self).split(separator: "\n").contains { $0 == own })
    }

    @Test func `an iterator goes over the threads of one process`() throws {
        let loaded = try OpenObject(.iterators).load()
        let attachment = try loaded.program("bt_tasks").attach(to: AttachTarget(text: "iter:task pid=\(getpid())"))
        let lines = try attachment.read().text().split(separator: "\n")
        #expect(!lines.isEmpty && lines.allSatisfy { $0.hasPrefix("\(getpid()) ") })
    }

    @Test func `an iterator goes over the elements of a map`() throws {
        let loaded = try OpenObject(.iterators).load()
        let map = try loaded.map("bt_hits", key: UInt32.self, value: bt_hit.self)
        try map.set(bt_hit(count: 0, value: 42), forKey: 3)
        let program = try loaded.program("bt_elements", as: KernelIterator.self)
        let link = try program.attach(overElementsOf: map)
        let values = try link.read().values(of: bt_hit.self)
        #expect(values.map(\.count) == Array(0..<32))
        #expect(values[3].value == 42)
        #expect(try link.info.target == .iterator(name: "bpf_map_elem", mapID: map.info.id))
        let fs = try PrivateBPFFS()
        try map.pin(at: fs.path("map"))
        let pinned = try loaded.program("bt_elements").attach(to: .iterator(of: "bpf_map_elem", over: .map(path: fs.path("map"))))
        #expect(try pinned.read().values(of: bt_hit.self).count == 32)
        #expect(throws: BPFError.self) { _ = try program.attach() }
    }

    @Test func `a link that is no iterator cannot be read`() throws {
        let loaded = try OpenObject.ofThisProcess(.tracepoints).load()
        let link = try loaded.program("bt_raw_tracepoint", as: RawTracepoint.self).attach(to: "sys_enter")
        let error = try #require(throws: BPFError.self) { _ = try link.read() }
        #expect(error.errno == EINVAL)
    }
}
