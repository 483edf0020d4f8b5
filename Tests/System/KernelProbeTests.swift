import BPF
import BPFTestObjects
import BPFTesting
import FoundationEssentials
import Glibc
import PolicyAPI
import Testing

/// Probes at kernel functions through daemon and command, for which this machine's kernel may have no place.
@Suite("Probes at kernel functions", .serialized, .timeLimit(.minutes(5)))
struct KernelProbeTests {
    private static let inVM: Comment = "this kernel has no such probes: run scripts/vm-tests"

    /// A daemon that guards no interface: the programs that judge packets take long to verify where the machine is emulated.
    private static func host() throws -> GuardedHost {
        let guarded = try GuardedHost(starting: false)
        try guarded.start(interfaces: ["none0"])
        return guarded
    }

    /// What is read of an event of the bundled probe.
    private struct Opening: Decodable {
        var path: String?
        var result: Int32?
        var by_kprobe: Bool?
    }

    @Test(.enabled(if: Features.kprobe == .available, inVM)) func `the bundled probe of file opens sees them by kprobes`() throws {
        let guarded = try Self.host()
        // As it is shipped, with all it has.
        try guarded.done("probe", "load", "-f", "\(Programs.probes)/file-opens.yaml")
        let shipped = try #require(try guarded.probes().first)
        let kprobes = ["kprobe:do_sys_openat2", "kretprobe:do_sys_openat2"]
        #expect(Set(kprobes).isSubset(of: shipped.programs.flatMap(\.attached)), "\(shipped.programs)")
        #expect(shipped.programs.allSatisfy { $0.leftOut == nil } && shipped.warnings.isEmpty, "\(shipped)")
        try guarded.done("probe", "unload", "file-opens")

        // And with kprobes alone.
        let tracepoints = ["openat_enter", "openat_exit", "openat2_enter", "openat2_exit", "open_enter", "open_exit"]
        let document = try guarded.folder.file(
            "opens.yaml",
            """
            apiVersion: policyd/v1
            kind: Probe
            metadata: { name: opens }
            spec:
              object: bundled:file-opens
              globals: { only_pid: \(getpid()), only_failed: true }
              programs:
            \(tracepoints.map { "    \($0): { attach: none }" }.joined(separator: "\n"))
              events: [{ map: events, record: file_open_event }]
            """)
        try guarded.done("probe", "load", "-f", document)
        #expect(try guarded.probes().flatMap { $0.programs.flatMap(\.attached) }.sorted() == kprobes)
        let path = "/nowhere/\(guarded.host.name)"
        _ = open(path, O_RDONLY)
        func seen() throws -> [Opening] {
            try guarded.done("probe", "events", "opens", "--last", "100", "-o", "json").output.split(separator: "\n")
                .map { try JSONDecoder().decode(Opening.self, from: Data($0.utf8)) }.filter { $0.path == path }
        }
        #expect(try eventually(seconds: 10) { try !seen().isEmpty }, shown(try guarded.probes()))
        #expect(try seen().allSatisfy { $0.by_kprobe == true && $0.result == -ENOENT })
        try guarded.done("probe", "unload", "opens")
        try guarded.stop()
        Pin.removeAll(in: guarded.pinFolder)
    }

    @Test(.enabled(if: Features.fentry == .available && Features.lsm == .available && Features.fmodReturn == .available, inVM))
    func `programs with typed arguments go where their sections say`() throws {
        let guarded = try Self.host()
        let before = KernelObjects(namePrefix: "bt_")
        try guarded.writeObject(.functions, as: "functions.o")
        let document = try guarded.folder.file(
            "functions.yaml",
            """
            apiVersion: policyd/v1
            kind: Probe
            metadata: { name: functions }
            spec:
              object: functions.o
              globals: { bt_pid: \(getpid()) }
            """)
        try guarded.done("probe", "load", "-f", document)
        let targets = ["fentry:do_unlinkat", "fexit:do_unlinkat", "fmod_ret:security_inode_mkdir", "lsm:inode_rmdir"]
        #expect(try guarded.probes().flatMap { $0.programs.flatMap(\.attached) } == targets)
        let path = "/tmp/\(guarded.host.name)-functions"
        defer { rmdir(path) }
        unlinkat(0x4242, "bpftest", 0)
        #expect(mkdir(path, 0o700) == -1 && errno == ENOSPC)
        rmdir("/proc/self")
        let hits: ProbeMapContentsMessage = try guarded.done("probe", "show", "functions", "bt_hits", "-o", "json").json()
        let values = hits.entries.prefix(3).compactMap(\.values.first)
        let result = JSONValue.integer(Int64(UInt32(bitPattern: -EBADF)))
        let expected: [[String: JSONValue]] = [
            ["count": .integer(1), "value": .integer(0x4242)], ["count": .integer(1), "value": result],
        ]
        #expect(values.prefix(2) == expected.map { .object($0) }[...], "\(values)")
        try guarded.done("probe", "unload", "functions")
        #expect(mkdir(path, 0o700) == 0)
        #expect(KernelObjects.leftovers(since: before).isEmpty)
        try guarded.stop()
        Pin.removeAll(in: guarded.pinFolder)
    }
}
