import BPF
import CLibBPF
import Glibc

/// The programs, maps and links in the kernel whose names show that a test made them.
///
/// Compare before and after: what is there after and was not before was left behind. Give the kernel a moment, as it frees late:
///
///     let before = KernelObjects(namePrefix: "bt_")
///     …
///     #expect(KernelObjects.leftovers(since: before).isEmpty)
public struct KernelObjects: Sendable, Hashable, CustomStringConvertible {
    /// What the names begin with.
    public let namePrefix: String
    public private(set) var programs: Set<UInt32> = []
    public private(set) var maps: Set<UInt32> = []
    /// Links whose program is one of `programs`.
    public private(set) var links: Set<UInt32> = []

    /// What is there now.
    public init(namePrefix: String) {
        self.namePrefix = namePrefix
        programs = Self.ids(next: { unsafe bpf_prog_get_next_id($0, &$1) }, open: { bpf_prog_get_fd_by_id($0) }) { descriptor in
            var info = bpf_prog_info()
            var length = UInt32(MemoryLayout<bpf_prog_info>.size)
            return unsafe bpf_obj_get_info_by_fd(descriptor, &info, &length) == 0 && Self.has(info.name, namePrefix)
        }
        maps = Self.ids(next: { unsafe bpf_map_get_next_id($0, &$1) }, open: { bpf_map_get_fd_by_id($0) }) { descriptor in
            var info = bpf_map_info()
            var length = UInt32(MemoryLayout<bpf_map_info>.size)
            return unsafe bpf_obj_get_info_by_fd(descriptor, &info, &length) == 0 && Self.has(info.name, namePrefix)
        }
        let programs = programs
        links = Self.ids(next: { unsafe bpf_link_get_next_id($0, &$1) }, open: { bpf_link_get_fd_by_id($0) }) { descriptor in
            var info = bpf_link_info()
            var length = UInt32(MemoryLayout<bpf_link_info>.size)
            return unsafe bpf_obj_get_info_by_fd(descriptor, &info, &length) == 0 && programs.contains(info.prog_id)
        }
    }

    /// Whether there is none.
    public var isEmpty: Bool { programs.isEmpty && maps.isEmpty && links.isEmpty }

    public var description: String {
        "\(programs.count) programs \(programs.sorted()), \(maps.count) maps \(maps.sorted()), \(links.count) links \(links.sorted())"
    }

    /// What is there now and was not before, after waiting up to a time for it to go.
    public static func leftovers(since before: KernelObjects, within seconds: Double = 5) -> KernelObjects {
        var left = KernelObjects(namePrefix: before.namePrefix)
        for _ in 0..<max(1, Int(seconds * 50)) {
            left = KernelObjects(namePrefix: before.namePrefix)
            left.programs.subtract(before.programs)
            left.maps.subtract(before.maps)
            left.links.subtract(before.links)
            if left.isEmpty { break }
            usleep(20_000)
        }
        return left
    }

    private static func ids(
        next: (UInt32, inout UInt32) -> CInt, open: (UInt32) -> CInt, isOurs: (CInt) -> Bool
    ) -> Set<UInt32> {
        var found: Set<UInt32> = []
        var id: UInt32 = 0
        var following: UInt32 = 0
        while next(id, &following) == 0 {
            id = following
            let descriptor = open(id)
            if descriptor < 0 { continue }
            if isOurs(descriptor) { found.insert(id) }
            close(descriptor)
        }
        return found
    }

    private static func has<Characters>(_ name: Characters, _ prefix: String) -> Bool {
        unsafe withUnsafeBytes(of: name) { unsafe $0.starts(with: prefix.utf8) }
    }
}

/// The descriptors this process has open, each with what it refers to.
public struct OpenDescriptors: Sendable, Hashable {
    public let targets: [Int: String]

    /// What is open now.
    public init() {
        var targets: [Int: String] = [:]
        for entry in Directory.names(in: "/proc/self/fd") {
            guard let number = Int(entry) else { continue }
            var target = [CChar](repeating: 0, count: 256)
            let length = unsafe readlink("/proc/self/fd/\(entry)", &target, target.count)
            if length > 0 { targets[number] = String(decoding: target[..<length].map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self) }
        }
        self.targets = targets
    }

    /// How many descriptors refer to eBPF objects, perf events and the like: things without a path.
    public var anonymousCount: Int { targets.values.count { $0.hasPrefix("anon_inode:") } }

    /// What is open now and was not before, but for what Swift's runtime opens when it first sleeps.
    public static func opened(since before: OpenDescriptors) -> [String] {
        let runtime = ["anon_inode:[timerfd]", "anon_inode:[eventfd]"]
        let opened = OpenDescriptors().targets.filter { before.targets[$0.key] != $0.value }
        return opened.values.filter { !$0.hasPrefix("/proc/") && !runtime.contains($0) }.sorted()
    }
}
