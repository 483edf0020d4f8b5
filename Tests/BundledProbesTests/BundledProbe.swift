import BPF
import BPFObjects
import BPFTesting
import CLibBPF
import Glibc
import ProbeTwins
import Testing

/// A bundled probe in the kernel, attached as a test wants it, with the reading end of its ring.
final class BundledProbe<Record: BitwiseCopyable> {
    let loaded: LoadedObject
    private let ring: RingBuffer
    private var attachments: [Box] = []
    private let decoder: RecordDecoder
    private(set) var records: [Record] = []
    /// The records as whoever reads them by the object's own types sees them.
    private(set) var lines: [String] = []

    /// Loads an object's programs that are to be attached, or are named to be run, and attaches them.
    init(
        _ object: EmbeddedObject, of record: Record.Type = Record.self, ringBytes: Int = 1 << 20, running: [String] = [],
        attaching targets: [(program: String, target: String)] = [], edit: (inout OpenObject) throws -> Void = { _ in }
    ) throws {
        var opened = try OpenObject(object)
        try opened.setMaxEntries(ringBytes, ofMap: "events")
        let used = Set(targets.map(\.program) + running)
        for program in opened.programs { try opened.setAutoload(used.contains(program.name), program: program.name) }
        try edit(&opened)
        loaded = try opened.load()
        decoder = try RecordDecoder(#require(try loaded.recordType(ofMap: "events")))
        ring = try loaded.ringBuffer("events", lossCounter: "events_lost")
        for (program, target) in targets { try attach(program, to: target) }
    }

    private func attach(_ name: String, to target: String) throws {
        let target = try AttachTarget(text: target)
        attachments.append(try withTraceFilesystem { Box(try loaded.program(name).attach(to: target)) })
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
        for index in 0..<batch.count {
            var line: [UInt8] = []
            decoder.json(of: batch.bytes(at: index), into: &line)
            lines.append(String(decoding: line, as: UTF8.self))
        }
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

/// A probe that is written in Swift, as it is bundled, and in C, to compare it with.
enum Twin: String, CaseIterable, CustomTestStringConvertible {
    case swift = "in Swift"
    case c = "in C"

    var testDescription: String { rawValue }
    var dns: EmbeddedObject { self == .swift ? .dns : .dnsTwin }
    var fileOpens: EmbeddedObject { self == .swift ? .fileOpens : .fileOpensTwin }
    var functionCalls: EmbeddedObject { self == .swift ? .functionCalls : .functionCallsTwin }

    /// The probes that are written in both languages, by name.
    static let probes: [String: @Sendable (Twin) -> EmbeddedObject] = [
        "dns": \.dns, "file-opens": \.fileOpens, "function-calls": \.functionCalls,
    ]
}

/// Carries an attachment through closures and into arrays.
final class Box {
    private let attachment: BPF.Attachment
    init(_ attachment: consuming BPF.Attachment) { self.attachment = attachment }
}

/// The file this process was started from.
func ownPath() -> String {
    var path = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &path, path.count)
    return String(decoding: path.prefix(max(0, length)).map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
}

/// A function of this very program, for uprobes of this process alone.
func ownFunction(_ name: String) -> String { "\(ownPath()):\(name) pid=\(getpid())" }

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
        return String(decoding: out.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
    }
}

/// The number of the network namespace a thread is in.
func netns() -> UInt32 {
    var status = stat()
    stat("/proc/thread-self/ns/net", &status)
    return UInt32(truncatingIfNeeded: status.st_ino)
}
