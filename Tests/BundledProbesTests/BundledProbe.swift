import BPF
import BPFObjects
import BPFTesting
import CLibBPF
import Glibc
import Testing

/// Where a test attaches a program of a probe.
enum Place {
    case rawTracepoint(String)
    case tracepoint(String, String)
    case kprobe(String)
    case kretprobe(String)
    /// A function of this very program.
    case ownFunction(String)
    /// The return of a function of this very program.
    case ownReturn(String)
    case cgroup(path: String, egress: Bool)
}

/// A bundled probe in the kernel, attached as a test wants it, with the reading end of its ring.
final class BundledProbe<Record: BitwiseCopyable> {
    let loaded: LoadedObject
    private let ring: RingBuffer
    private var links: [AnyObject] = []
    private(set) var records: [Record] = []

    /// Loads an object's programs that are to be attached, or are named to be run, and attaches them.
    init(
        _ object: EmbeddedObject, of record: Record.Type = Record.self, ringBytes: Int = 1 << 20, running: [String] = [],
        attaching places: [(program: String, place: Place)] = [], edit: (inout OpenObject) throws -> Void = { _ in }
    ) throws {
        var opened = try OpenObject(object)
        try opened.setMaxEntries(ringBytes, ofMap: "events")
        let used = Set(places.map(\.program) + running)
        for program in opened.programs { try opened.setAutoload(used.contains(program.name), program: program.name) }
        try edit(&opened)
        loaded = try opened.load()
        ring = try loaded.ringBuffer("events", lossCounter: "events_lost")
        for (program, place) in places { try attach(program, to: place) }
    }

    private func attach(_ name: String, to place: Place) throws {
        let program = try loaded.program(name)
        let link: AnyObject =
            switch place {
            case .rawTracepoint(let name): Box(try program.attachRawTracepoint(name))
            case .tracepoint(let category, let name):
                try withTraceFilesystem { Box(try program.attachTracepoint(category: category, name: name)) }
            case .kprobe(let function): Box(try program.attachKprobe(function: function))
            case .kretprobe(let function): Box(try program.attachKprobe(function: function, isReturn: true))
            case .ownFunction(let symbol): Box(try program.attachUprobe(binary: ownPath(), symbol: symbol, pid: getpid()))
            case .ownReturn(let symbol): Box(try program.attachUprobe(binary: ownPath(), symbol: symbol, pid: getpid(), isReturn: true))
            case .cgroup(let path, let egress): try attachToCgroup(program, path, egress: egress)
            }
        links.append(link)
    }

    private func attachToCgroup(_ program: borrowing Program, _ path: String, egress: Bool) throws -> AnyObject {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try #require(folder >= 0)
        defer { close(folder) }
        let link = bpf_link_create(
            program.fileDescriptor, folder, egress ? BPF_CGROUP_INET_EGRESS : BPF_CGROUP_INET_INGRESS, nil)
        try #require(link >= 0, "cannot attach to \(path): \(link)")
        return OwnedDescriptor(link)
    }

    /// The records so far; reads on until they are enough, for as long as a slow machine may need.
    @discardableResult
    func records(until isEnough: ([Record]) -> Bool) throws -> [Record] {
        for _ in 0..<5000 {
            try drain()
            if isEnough(records) { break }
            usleep(2_000)
        }
        return records
    }

    /// Reads what is there; says how many records have been lost since the last time.
    @discardableResult
    func drain() throws -> UInt64 {
        let batch = try ring.drain()
        batch.forEach(as: Record.self) { records.append($0) }
        return batch.lost
    }

    /// The counters of the probe, summed over the processors field by field.
    func counts<Counts: BitwiseCopyable>(_ type: Counts.Type, _ map: String = "counts") throws -> Counts {
        let count = MemoryLayout<Counts>.size / 8
        var sums = [UInt64](repeating: 0, count: count)
        for value in try loaded.perCPUMap(map, key: UInt32.self, value: Counts.self).values(forKey: 0) ?? [] {
            withUnsafeBytes(of: value) { bytes in
                for index in 0..<count { sums[index] &+= bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
            }
        }
        return sums.withUnsafeBytes { $0.loadUnaligned(as: Counts.self) }
    }
}

/// Carries a link through closures and into arrays.
final class Box {
    private let link: Link
    init(_ link: consuming Link) { self.link = link }
}

/// Closes a descriptor when it goes.
final class OwnedDescriptor {
    private let descriptor: CInt
    init(_ descriptor: CInt) { self.descriptor = descriptor }
    deinit { close(descriptor) }
}

/// The file this process was started from.
func ownPath() -> String {
    var path = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &path, path.count)
    return String(decoding: path.prefix(max(0, length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// The text in a `char` array of a record, up to its NUL.
func text<Field>(_ field: Field) -> String {
    withUnsafeBytes(of: field) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}

/// An address of a record as people write it.
func address<Field>(_ field: Field) -> String {
    withUnsafeBytes(of: field) { bytes in
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        var out = [CChar](repeating: 0, count: 64)
        if isMapped { return bytes.dropFirst(12).map(String.init).joined(separator: ".") }
        inet_ntop(AF_INET6, bytes.baseAddress, &out, socklen_t(out.count))
        return String(decoding: out.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The number of the network namespace a thread is in.
func netns() -> UInt32 {
    var status = stat()
    stat("/proc/thread-self/ns/net", &status)
    return UInt32(truncatingIfNeeded: status.st_ino)
}
