import BPF
import BPFTestObjects
import BPFTesting
import CBPFTestObjects
import CLibBPF
import Glibc
import Testing

@Suite("Maps that are no tables")
struct MapKindTests {
    @Test func `a queue gives the oldest first, a stack the newest`() throws {
        for (type, expected) in [(MapType.queue, [1, 2, 3]), (.stack, [3, 2, 1])] as [(MapType, [UInt32])] {
            let map = try QueueMap<UInt32>.create(type, name: "bt_q", capacity: 3)
            #expect(try map.pop() == nil && map.peek() == nil)
            for element in [1, 2, 3] as [UInt32] { #expect(try map.push(element)) }
            #expect(try !map.push(4), "it is full")
            #expect(try map.peek() == expected[0])
            #expect(try [map.pop(), map.pop(), map.pop()] == expected)
            #expect(try map.pop() == nil)
        }
        let queue = try QueueMap<UInt32>.create(name: "bt_q", capacity: 2)
        for element in 1...3 as ClosedRange<UInt32> { #expect(try queue.push(element, evictingOldest: true)) }
        #expect(try [queue.pop(), queue.pop(), queue.pop()] == [2, 3, nil])
    }

    @Test func `programs and Swift share queue, stack and bloom filter`() throws {
        let loaded = try OpenObject(.kinds).load()
        let queue = try loaded.queue("bt_queue", of: bt_value.self)
        let stack = try loaded.queue("bt_stack", of: UInt32.self)
        let bloom = try loaded.bloomFilter("bt_bloom", of: UInt32.self)
        let program = try loaded.program("bt_use_kinds")
        for number in 1...2 as ClosedRange<UInt64> { try queue.push(bt_value(packets: number, bytes: 0)) }
        try bloom.insert(77)
        #expect(try bloom.mayContain(77))
        #expect(try program.testRun(data: frame, context: TestRunContext(mark: 77)).returnValue == 2)
        // Of 50 others a filter for 100 with one element in it may take one for it, but not most.
        var mistaken = 0
        for mark in 1000..<1050 as Range<UInt32> where try bloom.mayContain(mark) { mistaken += 1 }
        #expect(mistaken < 10)
        _ = try program.testRun(data: frame)
        #expect(try queue.pop() == nil)
        #expect(try [stack.pop(), stack.pop()] == [2, 1])
        #expect(throws: BPFError.self) { _ = try loaded.queue("bt_queue", of: UInt32.self) }
        #expect(throws: BPFError.self) { _ = try loaded.queue("bt_bloom", of: UInt32.self) }
    }

    @Test func `a bloom filter is made for a number of elements`() throws {
        let filter = try BloomFilter<UInt64>.create(name: "bt_b", expectedCount: 1000, hashCount: 3)
        for element in 0..<1000 as Range<UInt64> { try filter.insert(element) }
        for element in 0..<1000 as Range<UInt64> { #expect(try filter.mayContain(element)) }
        #expect(filter.expectedCount == 1000)
        #expect(throws: BPFError.self) { _ = try BloomFilter<UInt64>.create(name: "bt_b", expectedCount: 10, hashCount: 16) }
    }

    @Test func `frames go to interfaces and processors by map`() throws {
        let namespace = try NetworkNamespace()
        try namespace.run { () throws in
            let loaded = try OpenObject(.kinds).load()
            let redirect = try loaded.program("bt_redirect")
            func verdict(_ map: UInt8, _ key: UInt8) throws -> UInt32 {
                try redirect.testRun(data: [map, key] + frame.dropFirst(2)).returnValue
            }
            let (pass, sent) = (2, 4) as (UInt32, UInt32)
            let devices = try loaded.deviceMap("bt_devices")
            #expect(try verdict(1, 0) == pass)
            try devices.set(interface: 1, forKey: 0)
            try devices.set(interface: 1, program: loaded.program("bt_at_device"), forKey: 1)
            #expect(try verdict(1, 0) == sent && verdict(1, 1) == sent && verdict(1, 2) == pass)
            let first = try devices.entry(forKey: 0)
            #expect(first?.interface == 1 && first?.programID == nil)
            #expect(try devices.entry(forKey: 1)?.programID == loaded.program("bt_at_device").info.id)
            #expect(try devices.entry(forKey: 2) == nil)
            #expect(try devices.removeEntry(forKey: 0) && !devices.removeEntry(forKey: 0))
            #expect(try verdict(1, 0) == pass)
            #expect(throws: BPFError.self) { try devices.set(interface: 99, forKey: 0) }
            #expect(throws: BPFError.self) { try devices.set(interface: 1, program: redirect, forKey: 0) }

            let hash = try loaded.deviceMap("bt_device_hash")
            try hash.set(interface: 1, forKey: 200)
            #expect(try verdict(2, 200) == sent && verdict(2, 0) == pass)
            #expect(try hash.entry(forKey: 200)?.interface == 1 && hash.entry(forKey: 0) == nil)
            #expect(throws: BPFError.self) { try hash.set(interface: 1, program: loaded.program("bt_at_device"), forKey: 1) }
            #expect(try hash.removeEntry(forKey: 200) && !hash.removeEntry(forKey: 200))

            let cpus = try loaded.cpuMap("bt_cpus")
            #expect(try verdict(3, 0) == pass && cpus.entry(forCPU: 0) == nil)
            try cpus.set(queueSize: 64, program: loaded.program("bt_at_cpu"), forCPU: 0)
            #expect(try verdict(3, 0) == sent && cpus.entry(forCPU: 0)?.queueSize == 64)
            #expect(try cpus.entry(forCPU: 0)?.programID == loaded.program("bt_at_cpu").info.id)
            #expect(try cpus.remove(cpu: 0) && !cpus.remove(cpu: 0))
            #expect(try DeviceMap.create(name: "bt_d", maxEntries: 2).entry(forKey: 0) == nil)
            #expect(try CPUMap.create(name: "bt_c", count: 1).count == 1)
        }
    }

    @Test func `an array of AF_XDP sockets takes these and no others`() throws {
        let namespace = try NetworkNamespace()
        try namespace.run { () throws in
            let map = try OpenObject(.kinds).load().descriptorArray("bt_xdp_sockets")
            let xdp = socket(44, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            let udp = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
            defer {
                close(xdp)
                close(udp)
            }
            #expect(xdp >= 0)
            try map.set(xdp, at: 1)
            #expect(#expect(throws: BPFError.self) { try map.set(udp, at: 0) }?.errno == EOPNOTSUPP)
            #expect(try map.remove(at: 1))
        }
    }

    @Test func `sockets lie in maps, and leave them when they are closed`() throws {
        let namespace = try NetworkNamespace()
        try namespace.run { () throws in
            let loaded = try OpenObject(.kinds).load()
            let map = try loaded.socketMap("bt_sockets", key: UInt32.self)
            let hash = try loaded.socketMap("bt_socket_hash", key: bt_key.self)
            let key = bt_key(address: 1, port: 2, protocol: 3)
            let listener = try TestSocket.listener("127.0.0.1", port: 0)
            func connected() throws {
                let client = try TestSocket(.tcp, family: .v4)
                #expect(try client.connect(to: "127.0.0.1", port: listener.port) == .connected)
                try map.set(socket: client.descriptor, forKey: 2)
                try hash.set(socket: client.descriptor, forKey: key)
                #expect(try map.cookie(forKey: 2) == cookie(client) && hash.cookie(forKey: key) == cookie(client))
            }
            try connected()
            #expect(try map.cookie(forKey: 2) == nil && hash.cookie(forKey: key) == nil)
            #expect(try !map.removeSocket(forKey: 2) && !hash.removeSocket(forKey: key))
            try map.set(socket: listener.descriptor, forKey: 0)
            #expect(try map.removeSocket(forKey: 0))
            let unconnected = try TestSocket(.tcp, family: .v4)
            #expect(throws: BPFError.self) { try map.set(socket: unconnected.descriptor, forKey: 1) }
        }
    }

    private func cookie(_ socket: TestSocket) -> UInt64 {
        var cookie: UInt64 = 0
        var size = socklen_t(8)
        getsockopt(socket.descriptor, SOL_SOCKET, 57 /* SO_COOKIE */, &cookie, &size)
        return cookie
    }

    @Test func `an array of perf events takes these`() throws {
        let array = try DescriptorArray.create(.perfEventArray, name: "bt_e", count: 1)
        var attribute = perf_event_attr()
        attribute.size = UInt32(MemoryLayout<perf_event_attr>.size)
        attribute.type = UInt32(PERF_TYPE_SOFTWARE.rawValue)
        attribute.config = UInt64(PERF_COUNT_SW_BPF_OUTPUT.rawValue)
        let event = swiftbpf_perf_event_open(&attribute, -1, 0, -1, UInt(PERF_FLAG_FD_CLOEXEC))
        defer { close(event) }
        try array.set(event, at: 0)
        #expect(try array.remove(at: 0) && !array.remove(at: 0))
        #expect(throws: BPFError.self) { try array.set(0, at: 0) }
    }
}
