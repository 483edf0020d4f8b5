import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import Testing

@Suite("Maps of kernel objects: storage, stacks, cgroups")
struct LocalStorageTests {
    private struct State: BitwiseCopyable, Equatable {
        var count: UInt64
        var kind: UInt32
        var rest: UInt32
    }

    @Test func `sockets, files and tasks have values, which go with them`() throws {
        let value = State(count: 1 << 40, kind: 2, rest: 3)
        let tasks = try LocalStorage<State>.create(.taskStorage, name: "bt_t")
        #expect(try tasks.value(of: .process(getpid())) == nil)
        try tasks.set(value, of: .process(getpid()), mode: .insert)
        #expect(try tasks.value(of: .process(getpid())) == value)
        #expect(throws: BPFError.self) { try tasks.set(value, of: .process(getpid()), mode: .insert) }
        #expect(try tasks.removeValue(of: .process(getpid())) && !tasks.removeValue(of: .process(getpid())))
        #expect(#expect(throws: BPFError.self) { _ = try tasks.value(of: .process(0x3fff_ffff)) }?.errno == ESRCH)

        let sockets = try LocalStorage<State>.create(.socketStorage, name: "bt_s")
        let socket = try TestSocket(.udp, family: .v4)
        try sockets.set(value, of: .descriptor(socket.descriptor))
        #expect(try sockets.value(of: .descriptor(socket.descriptor)) == value)
        #expect(throws: BPFError.self) { try sockets.set(value, of: .path("/tmp")) }

        let path = "/tmp/bpftest-inode-\(getpid())"
        close(open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600))
        defer { unlink(path) }
        if Features.mapType(.inodeStorage) == .available {
            let files = try LocalStorage<State>.create(.inodeStorage, name: "bt_i")
            try files.set(value, of: .path(path))
            #expect(try files.value(of: .path(path)) == value && files.value(of: .path("/tmp")) == nil)
            #expect(try files.removeValue(of: .path(path)))
        }
        #expect(
            #expect(throws: BPFError.self) { _ = try LocalStorage<State>.create(.hash, name: "bt_no") }?.description.contains("hash")
                == true)
    }

    @Test(.enabled(if: Features.mapType(.cgroupStorage) == .available, "this kernel has no storage of cgroups"))
    func `cgroups have values`() throws {
        let root = try #require(cgroupRoot)
        let storage = try LocalStorage<UInt64>.create(.cgroupStorage, name: "bt_g")
        let folder = "\(root)/bpftest-\(getpid())"
        try #require(mkdir(folder, 0o700) == 0)
        defer { rmdir(folder) }
        try storage.set(5, of: .path(folder))
        #expect(try storage.value(of: .path(folder)) == 5 && storage.value(of: .path(root)) == nil)
        #expect(throws: BPFError.self) { try storage.set(5, of: .path("/tmp")) }
    }

    @Test func `a program keeps a count in the task, and tells its stack and cgroup`() throws {
        let loaded = try OpenObject(.taskmaps).load()
        let tasks = try loaded.localStorage("bt_tasks", of: UInt64.self)
        let root = try #require(cgroupRoot)
        let cgroups = try loaded.descriptorArray("bt_cgroups")
        try cgroups.set(cgroup: root, at: 0)
        #expect(throws: BPFError.self) { try cgroups.set(cgroup: "/tmp", at: 1) }
        let program = try loaded.program("bt_sleep")
        let link = try withTraceFilesystem { Box(try program.attachTracepoint(category: "syscalls", name: "sys_enter_clock_nanosleep")) }
        // A process of one thread that sleeps again and again: its storage is named by its number.
        let sleeper = try ChildProcess(
            ["tail", "-f", "-s", "0.01", "---disable-inotify", "/etc/passwd"], folder: "/tmp", name: "bpftest-tail-\(getpid())")
        defer { for ending in ["out", "err"] { unlink("/tmp/bpftest-tail-\(getpid()).\(ending)") } }
        try tasks.set(100, of: .process(sleeper.pid))
        try loaded.setGlobal("bt_pid", to: UInt32(sleeper.pid))
        for _ in 0..<500 where try tasks.value(of: .process(sleeper.pid)) == 100 { usleep(10_000) }
        #expect(try #require(try tasks.value(of: .process(sleeper.pid))) > 100)
        #expect(try tasks.value(of: .process(getpid())) == nil)
        #expect(try loaded.global("bt_is_under", as: Int64.self) == 1)
        try loaded.setGlobal("bt_pid", to: UInt32(0))

        let traces = try loaded.stackTraces("bt_traces")
        #expect(traces.depth == 32)
        for variable in ["bt_user_stack", "bt_kernel_stack"] {
            let number = try loaded.global(variable, as: Int64.self)
            try #require(number >= 0)
            let frames = try #require(try traces.frames(of: UInt32(number)))
            #expect(!frames.isEmpty)
            // Addresses of the kernel have their highest bit set.
            for case .address(let address) in frames { #expect((address >> 63 == 1) == (variable == "bt_kernel_stack")) }
            #expect(try traces.numbers().contains(UInt32(number)))
        }
        let files = try loaded.stackTraces("bt_files")
        let number = try loaded.global("bt_file_stack", as: Int64.self)
        try #require(files.depth == 8 && number >= 0)
        let frames = try #require(try files.frames(of: UInt32(number)))
        let isInFile = frames.contains {
            if case .file(let id, _) = $0 { id.count == 20 && id != [UInt8](repeating: 0, count: 20) } else { false }
        }
        #expect(isInFile, "\(frames)")
        #expect(try files.remove(UInt32(number)) && !files.remove(UInt32(number)))
        #expect(try files.frames(of: UInt32(number)) == nil)
        _ = link
    }

    /// Where cgroups of version 2 are mounted.
    private var cgroupRoot: String? {
        ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].first { access("\($0)/cgroup.controllers", F_OK) == 0 }
    }
}
