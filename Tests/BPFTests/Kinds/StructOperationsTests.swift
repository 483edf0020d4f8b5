import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import Testing

/// Programs as operations of a struct of the kernel's: a congestion control. Only sockets that ask for it by its name get it, and
/// the whole machine has one of a name.
@Suite(
    "Operations of kernel structs", .enabled(if: Features.mapType(.structOperations) == .available, "this kernel has none"),
    .serialized, .timeLimit(.minutes(5)))
struct StructOperationsTests {
    private let namespace: NetworkNamespace

    init() throws { namespace = try NetworkNamespace() }

    /// A socket that asks for the congestion control; or the error number it gets.
    private func socket() throws -> (TestSocket?, CInt) {
        let socket = try namespace.run { () throws(TestingError) in try TestSocket(.tcp, family: .v4) }
        let name = Array("bt_congestion".utf8)
        let result = setsockopt(socket.descriptor, CInt(IPPROTO_TCP), TCP_CONGESTION, name, socklen_t(name.count))
        return result == 0 ? (socket, 0) : (nil, errno)
    }

    private func use() throws {
        let listener = try TestSocket.bound(.tcp, "127.0.0.1", port: 7979, in: namespace)
        try #require(listen(listener.descriptor, 1) == 0)
        let client = try #require(try socket().0)
        #expect(try client.connect(to: "127.0.0.1", port: 7979) == .connected)
        let server = try #require(listener.accept())
        client.send("hello")
        #expect(server.receive() == "hello")
    }

    /// Attaches operations for a moment.
    private func expectTaken(_ loaded: borrowing LoadedObject) throws {
        let attachment = try loaded.attach(operations: "bt_congestion")
        #expect(try socket().1 == 0)
        try attachment.detach()
        #expect(try eventually { try socket().1 == ENOENT })
    }

    @Test func `a congestion control serves the sockets that ask for it, until it is taken away`() throws {
        let loaded = try OpenObject(.operations).load()
        let hits = try Hits(loaded)
        #expect(try socket().1 == ENOENT)
        do {
            let attachment = try loaded.attach(operations: "bt_congestion")
            try use()
            #expect(try hits.count(0) == 1, "a socket began to use it")
            #expect(try eventually { try hits.count(1) == 1 }, "and ended")
            let again = try OpenObject(.operations).load()
            let isLink = Features.structOperationsLink == .available
            for _ in 1...(isLink ? 2 : 1) {
                let twice = try #require(throws: BPFError.self) { _ = try again.attach(operations: "bt_congestion") }
                #expect(twice.errno == EEXIST && twice.description.hasPrefix("cannot attach operations bt_congestion: "))
            }
            #expect(attachment.canBePinned == isLink)
            let id = try loaded.mapInfo("bt_congestion").id
            #expect(try attachment.links.map(\.target) == (isLink ? [.structOperations(mapID: id)] : []))
            try attachment.detach()
            #expect(try socket().1 == ENOENT)
            if isLink {
                // What was refused, and what was there before.
                try expectTaken(again)
                try expectTaken(loaded)
            }
        }
        do {
            let attachment = try OpenObject(.operations).load().attach(operations: "bt_congestion")
            try use()
            _ = consume attachment
        }
        #expect(try eventually { try socket().1 == ENOENT })
    }

    @Test func `a pinned congestion control stays without its process's handles, where the kernel has links of it`() throws {
        let fs = try PrivateBPFFS()
        let path = fs.path("congestion")
        guard Features.structOperationsLink == .available else {
            let loaded = try OpenObject(.operations).load()
            let error = try #require(throws: BPFError.self) { try loaded.attach(operations: "bt_congestion").pin(at: path) }
            #expect(error.reason == "this kernel has no links of operations" && fs.pins.isEmpty)
            return
        }
        try OpenObject(.operations).load().attach(operations: "bt_congestion").pin(at: path)
        try use()
        #expect(try Attachment(pinnedAt: path).links.map(\.kind) == [.structOperations])
        #expect(unlink(path) == 0)
        #expect(try eventually { try socket().1 == ENOENT })
    }

    @Test func `other maps hold no operations`() throws {
        let loaded = try OpenObject(.operations).load()
        let other = try #require(throws: BPFError.self) { _ = try loaded.attach(operations: "bt_hits") }
        #expect(other.reason == "it holds no operations of a kernel struct: it is a array")
    }
}
