import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import Testing

/// Programs at control groups. Each test enters its group with the whole process, and so runs in one of its own.
@Suite("Control groups", .timeLimit(.minutes(5)))
struct CgroupKindTests {
    @Test func `every hook runs its program, for the group alone, until the link goes`() async {
        await #expect(processExitsWith: .success) {
            let group = try ControlGroup()
            let namespace = try NetworkNamespace()
            let loaded = try OpenObject(.cgroups).load()
            let hits = try Hits(loaded)
            do {
                var attachments: [Box<BPF.Attachment>] = []
                for hook in CgroupHook.allCases {
                    let program = try loaded.program("bt_\(hook.rawValue)")
                    let target = try AttachTarget(text: "cgroup/\(hook.rawValue):\(group.path)")
                    attachments.append(Box(try program.attach(to: target)))
                    let links = try attachments[attachments.count - 1].value.links
                    #expect(links.map(\.target) == [.cgroup(id: group.id, hook.attachType)])
                }
                try namespace.run { try beActive() }
                for index in CgroupHook.allCases.indices { #expect(try hits.count(UInt32(index)) == 0, "\(CgroupHook.allCases[index])") }
                try group.enter()
                try namespace.run {
                    try beActive()
                    // What judges is asked.
                    #expect(try TestSocket(.tcp, family: .v4).connect(to: "127.0.0.1", port: 7) == .failed(EPERM))
                    var one: CInt = 1
                    let socket = try TestSocket(.udp, family: .v4)
                    #expect(setsockopt(socket.descriptor, SOL_SOCKET, SO_TIMESTAMP, &one, 4) == -1 && errno == EPERM)
                }
                for (index, hook) in CgroupHook.allCases.enumerated() { #expect(try hits.count(UInt32(index)) > 0, "\(hook)") }
                attachments = []
            }
            let outcome = try namespace.run { () throws(TestingError) in
                try TestSocket(.tcp, family: .v4).connect(to: "127.0.0.1", port: 7)
            }
            #expect(outcome == .failed(ECONNREFUSED))
            try group.leave()
        }
    }

    @Test func `each kind attaches by its type`() async {
        await #expect(processExitsWith: .success) {
            let group = try ControlGroup()
            let loaded = try OpenObject(.cgroups).load()
            func check(_ link: consuming Link, _ hook: CgroupHook) throws {
                let target = try link.info.target
                #expect(target == .cgroup(id: group.id, hook.attachType))
            }
            let path = group.path
            try check(loaded.program("bt_egress", as: CgroupSKB.self).attach(cgroup: path, .egress), .egress)
            try check(loaded.program("bt_post_bind6", as: CgroupSocket.self).attach(cgroup: path), .postBind6)
            try check(loaded.program("bt_sendmsg4", as: CgroupSocketAddress.self).attach(cgroup: path), .sendmsg4)
            try check(loaded.program("bt_dev", as: CgroupDevice.self).attach(cgroup: path), .device)
            try check(loaded.program("bt_sysctl", as: CgroupSysctl.self).attach(cgroup: path), .sysctl)
            try check(loaded.program("bt_getsockopt", as: CgroupSocketOption.self).attach(cgroup: path), .getsockopt)
            try check(loaded.program("bt_sock_ops", as: SocketOperations.self).attach(cgroup: path), .socketOperations)
            // Which direction cannot be told from what it was loaded for.
            let direction = try #require(throws: BPFError.self) {
                _ = try loaded.program("bt_ingress", as: CgroupSKB.self).attach(cgroup: path)
            }
            #expect(direction.remedy == "name the hook: ingress, egress")
            let other = try #require(throws: BPFError.self) {
                _ = try loaded.program("bt_bind4").attach(to: .cgroup(.bind6, path: path))
            }
            #expect(other.reason == "it was loaded for cgroup_inet4_bind, and the target takes programs loaded for cgroup_inet6_bind")
            let nowhere = try #require(throws: BPFError.self) {
                _ = try loaded.program("bt_dev", as: CgroupDevice.self).attach(cgroup: "/nowhere")
            }
            #expect(nowhere.errno == ENOENT && nowhere.reason == "cannot open /nowhere")
            let folder = try #require(throws: BPFError.self) {
                _ = try loaded.program("bt_dev", as: CgroupDevice.self).attach(cgroup: "/tmp")
            }
            #expect(folder.errno == EBADF)
        }
    }

    @Test func `a link is updated if the expected program is there`() async {
        await #expect(processExitsWith: .success) {
            let group = try ControlGroup()
            let namespace = try NetworkNamespace()
            let old = try OpenObject(.cgroups).load()
            let new = try OpenObject(.cgroups).load()
            let first = try old.program("bt_connect4")
            let second = try new.program("bt_connect4")
            let link = try TypedProgram<CgroupSocketAddress>(old.program("bt_connect4")).attach(cgroup: group.path)
            try group.enter()
            func connect() throws { _ = try namespace.run { try TestSocket(.tcp, family: .v4).connect(to: "127.0.0.1", port: 9) } }
            try connect()
            let refused = try #require(throws: BPFError.self) { try link.update(to: second, replacing: second) }
            #expect(refused.reason == "another program is there" && refused.errno == EPERM)
            try link.update(to: second, replacing: first)
            try connect()
            #expect(try Hits(old).count(8) == 1 && Hits(new).count(8) == 1)
            #expect(try link.info.programID == second.info.id)
            let kind = try #require(throws: BPFError.self) { try link.update(to: try old.program("bt_dev")) }
            #expect(kind.errno == EINVAL)
            try group.leave()
        }
    }
}

/// Does with sockets, devices and settings what control groups have hooks for, all of it on this thread's loopback interface.
private func beActive() throws {
    for (address, family) in [("127.0.0.1", TestSocket.Family.v4), ("::1", .v6)] {
        let listener = try TestSocket.listener(address, port: 0)
        let client = try TestSocket(.tcp, family: family)
        #expect(try client.connect(to: address, port: listener.port) == .connected)
        var storage = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let name = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getpeername(client.descriptor, address, &size) | getsockname(client.descriptor, address, &size)
            }
        }
        #expect(name == 0)
        let receiver = try TestSocket.bound(.udp, address, port: 0)
        let sender = try TestSocket(.udp, family: family)
        try sender.send("hello", to: address, port: receiver.port)
        // With the sender's address, as the hook is about that.
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { recvfrom(receiver.descriptor, &bytes, 16, 0, $0, &size) }
        }
        #expect(count == 5)
        var value: CInt = 0
        var length = socklen_t(4)
        #expect(getsockopt(client.descriptor, SOL_SOCKET, SO_TYPE, &value, &length) == 0)
    }
    for path in ["/dev/null", "/proc/sys/kernel/ostype"] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        var bytes = [UInt8](repeating: 0, count: 16)
        #expect(file >= 0 && read(file, &bytes, 16) >= 0)
        close(file)
    }
}
