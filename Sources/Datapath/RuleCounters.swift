internal import BPF
internal import CDatapath
private import Glibc
internal import PolicyCompiler

/// What rules, and reasons by themselves, have judged: the numbers of each CPU lie together, one CPU's behind the other's.
///
/// A plain array of the kernel: made in a millisecond, where a per-CPU array takes an allocation for each element, and read in large parts.
struct RuleCounters: ~Copyable, Sendable {
    private let array: WindowedArray<pd_counter>
    private let cpuCount: Int

    private init(_ array: consuming WindowedArray<pd_counter>, _ cpuCount: Int) {
        self.array = array
        self.cpuCount = cpuCount
    }

    /// Makes it, with so many numbers for each CPU, all 0.
    static func create(name: String, count: Int) throws(BPFError) -> RuleCounters {
        let cpuCount = try possibleCPUs()
        return RuleCounters(try .create(name: name, count: count * cpuCount), cpuCount)
    }

    init(pinnedAt path: String) throws(BPFError) {
        self.init(try WindowedArray(pinnedAt: path), try Self.possibleCPUs())
    }

    /// One more than the largest number a CPU may have, which programs count by. It may be more than there are: numbers may be left out.
    private static func possibleCPUs() throws(BPFError) -> Int {
        // "0-1", or "0,2-7".
        let path = "/sys/devices/system/cpu/possible"
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw BPFError(.info, path, errno: errno) }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 4096)
        let length = unsafe text.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
        let last = text.prefix(max(0, length)).split { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.last
        guard let last, let largest = Int(String(decoding: last, as: UTF8.self)) else {
            throw BPFError(.info, path, reason: "it names no CPU")
        }
        return largest + 1
    }

    /// How many numbers there are.
    var count: Int { array.count / cpuCount }

    func pin(at path: String) throws(BPFError) { try array.pin(at: path) }

    /// Has a program object count here.
    func lend(to object: inout OpenObject, asMap name: String) throws(BPFError) {
        try object.reuse(array, asMap: name)
        try object.setGlobal("counters", to: UInt32(count))
    }

    /// What each of some numbers has, over all CPUs; those there are no counters for are left out.
    func sums(_ numbers: [UInt32]) throws(BPFError) -> [UInt32: RuleCounter] {
        let numbers = numbers.filter { $0 < count }
        guard let first = numbers.min(), let last = numbers.max() else { return [:] }
        var sums = [UInt32: RuleCounter](minimumCapacity: numbers.count)
        for cpu in 0..<cpuCount {
            let start = (cpu * count + Int(first)) * array.stride
            let bytes = try array.bytes(start..<start + Int(last - first + 1) * array.stride)
            let stride = array.stride
            for number in numbers {
                let value = unsafe bytes.withUnsafeBytes { bytes in
                    unsafe bytes.loadUnaligned(fromByteOffset: Int(number - first) * stride, as: pd_counter.self)
                }
                sums[number, default: RuleCounter()].add(value)
            }
        }
        return sums
    }

    /// The count of all lost events, to be read as often as events come.
    func lostEvents() throws(BPFError) -> LostEvents {
        LostEvents(counters: try array.mapped((0..<cpuCount).map { $0 * count + Int(PD_LOST_EVENTS.rawValue) }))
    }

    /// Has numbers begin at 0; no packet may be counted under them.
    func reset(_ numbers: [UInt32]) throws(BPFError) {
        for run in Self.runs(numbers) where run.upperBound < count {
            let zeros = [UInt8](repeating: 0, count: run.count * array.stride)
            for cpu in 0..<cpuCount {
                try unsafe array.copy(zeros.span.bytes, toByteOffset: (cpu * count + Int(run.lowerBound)) * array.stride)
            }
        }
    }

    /// The numbers as runs of those that follow each other.
    private static func runs(_ numbers: [UInt32]) -> [ClosedRange<UInt32>] {
        var runs: [ClosedRange<UInt32>] = []
        for number in numbers.sorted() {
            if let last = runs.last, number <= last.upperBound + 1 {
                runs[runs.count - 1] = last.lowerBound...number
            } else {
                runs.append(number...number)
            }
        }
        return runs
    }
}

/// How many events there was no room for, whatever they were of.
///
/// It is asked with each batch of events: it reads memory, where a lookup in the map would be a system call for each CPU.
struct LostEvents: Sendable {
    /// Of each CPU.
    fileprivate let counters: MappedElements<pd_counter>

    var count: UInt64 { (0..<counters.count).reduce(0) { $0 &+ counters[$1].lost } }
}

extension RuleCounter {
    fileprivate mutating func add(_ value: pd_counter) {
        packets &+= value.packets
        bytes &+= value.bytes
        lostEvents &+= value.lost
    }

    /// What a map with values for each CPU has under a key.
    init(sum values: [pd_counter]) {
        self.init()
        for value in values { add(value) }
    }
}
