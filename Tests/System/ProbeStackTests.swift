import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import PolicyAPI
import Testing

/// Stack traces that probes take, as `policyctl probe show` names their calls.
extension ProbeTests {
    /// A function to be found in a stack trace: the one that calls the C library leaves none there, as that keeps no frame pointer.
    @inline(never) private func callsFromHere() -> pid_t {
        let result = group()
        return result < 0 ? -errno : result
    }

    @inline(never) private func group() -> pid_t { getpgid(0) }

    @Test func `the calls of a stack trace are named where its number stands, as far as the reader may know`() throws {
        let guarded = try GuardedHost(flags: ["--socket-group", "daemon"])
        let before = KernelObjects(namePrefix: "pw_")
        try guarded.writeObject(.stacks, as: "stacks.o")
        let document = try guarded.folder.file(
            "stacks.yaml",
            """
            apiVersion: policyd/v1
            kind: Probe
            metadata: { name: stacks }
            spec: { object: stacks.o, globals: { watched: \(getpid()) } }
            """)
        try guarded.done("probe", "load", "-f", document)
        #expect(callsFromHere() > 0)
        let contents: ProbeMapContentsMessage = try guarded.done("probe", "show", "stacks", "pw_places", "-o", "json").json()
        let entry = try #require(contents.entries.first)
        #expect(contents.entries.count == 1 && entry.values == [.integer(1)])
        let stacks = try #require(entry.stacks)
        #expect(stacks.map(\.field) == ["kernel_stack_id", "user_stack"])
        let (kernel, user) = (stacks[0].frames, stacks[1].frames)
        #expect(kernel.count > 1 && user.count > 1)
        #expect(kernel.allSatisfy { $0.address?.hasPrefix("0xffff") == true && $0.place != nil }, "\(kernel)")
        #expect(kernel.last?.place?.hasSuffix("(kernel)") == true, "\(kernel)")
        #expect(user[0].place?.contains("getpgid+0x") == true && user[0].place?.contains("libc.so.6") == true, "\(user)")
        #expect(user.contains { $0.place?.contains("callsFromHere") == true }, "\(user)")

        let table = try guarded.done("probe", "show", "stacks", "pw_places").output.split(separator: "\n").map(String.init)
        let place = try #require(table.firstIndex { $0.hasSuffix("  user_stack:") }, "\(table)")
        #expect(table[place + 1].hasSuffix("    \(try #require(user[0].place))"), "\(table)")

        // The map of traces itself says of none whose it is.
        let map = ["probe", "show", "stacks", "pw_user_stacks", "-o", "json"]
        func first(_ result: GuardedHost.Result) throws -> ProbeFrameMessage {
            let contents: ProbeMapContentsMessage = try result.json()
            return try #require(contents.entries.first?.stacks?.first?.frames.first)
        }
        #expect(try first(guarded.policyctl(map)) == ProbeFrameMessage(address: user[0].address))
        #expect(try first(guarded.policyctl(map + ["--pid", "\(getpid())"])) == user[0])
        // A process that has gone has nothing to look into.
        let gone = try ChildProcess(["true"], folder: guarded.folder.path, name: "gone")
        #expect(gone.wait(seconds: 10) == 0)
        #expect(try first(guarded.policyctl(map + ["--pid", "\(gone.pid)"])).place == nil)

        // Members of the group read what root's probe holds, and look no further than they may by themselves.
        let group = try #require(getgrnam("daemon")).pointee.gr_gid
        let member = ["setpriv", "--reuid=65534", "--regid=\(group)", "--clear-groups"]
        let seen = try guarded.policyctl(["probe", "show", "stacks", "pw_places", "-o", "json"], before: member)
        #expect(seen.status == 0, "\(seen.errors)")
        let theirs: ProbeMapContentsMessage = try seen.json()
        let frames = try #require(theirs.entries.first?.stacks?.last?.frames)
        #expect(frames.map(\.address) == user.map(\.address) && frames.allSatisfy { $0.place == nil }, "\(frames)")
        let strangers = try guarded.policyctl(
            ["probe", "show", "stacks", "pw_places"], before: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"])
        #expect(strangers.status == 4)
        try guarded.done("probe", "unload", "stacks")
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.end()
    }
}
