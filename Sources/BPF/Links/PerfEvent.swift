import CLibBPF
import Glibc

/// A place in running code at which a program can run: what a perf event of the kernel is opened on.
///
/// libbpf can open these too, but its links switch the event off when their handle goes, pinned or not, and it only knows programs of
/// objects it holds open.
struct PerfEvent: ~Copyable {
    private let descriptor: Descriptor

    /// The entry or return of a kernel function.
    init(kernelFunction name: String, offset: Int, isReturn: Bool, subject: String) throws(BPFError) {
        let source = try PerfEventSource(named: "kprobe", subject: subject)
        descriptor = try Self.open(source.type, config: source.config(isReturn: isReturn), name: name, offset: offset, pid: -1, subject)
    }

    /// An instruction of a program or library file, by its offset in the file.
    init(file path: String, offset: Int, pid: Int32?, isReturn: Bool, subject: String) throws(BPFError) {
        let source = try PerfEventSource(named: "uprobe", subject: subject)
        descriptor = try Self.open(
            source.type, config: source.config(isReturn: isReturn), name: path, offset: offset, pid: pid ?? -1, subject)
    }

    /// A tracepoint, whose number is read from the trace filesystem.
    init(tracepoint category: String, _ event: String, subject: String) throws(BPFError) {
        var number: Int?
        for root in ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"] where number == nil {
            number = readNumber(at: "\(root)/events/\(category)/\(event)/id")
        }
        guard let number else {
            var status = stat()
            let isMounted = unsafe stat("/sys/kernel/tracing/events", &status) == 0
            throw BPFError(
                .attach, subject, errno: ENOENT, reason: "no /sys/kernel/tracing/events/\(category)/\(event)/id",
                remedy: isMounted
                    ? "the kernel has no such tracepoint" : "mount the trace filesystem: mount -t tracefs tracefs /sys/kernel/tracing")
        }
        descriptor = try Self.open(UInt32(PERF_TYPE_TRACEPOINT.rawValue), config: UInt64(number), name: nil, offset: 0, pid: -1, subject)
    }

    /// A clock or counter of a processor, or of a process on all of them.
    init(_ sample: PerfSample, cpu: Int32, subject: String) throws(BPFError) {
        var attribute = perf_event_attr()
        attribute.size = UInt32(MemoryLayout<perf_event_attr>.size)
        (attribute.type, attribute.config) = sample.event.attribute
        switch sample.rate {
        case .period(let count): attribute.sample_period = count
        case .frequency(let count):
            attribute.sample_freq = count
            attribute.freq = 1
        }
        let pid = sample.pid ?? -1
        descriptor = Descriptor(
            adopting: try system(.attach, subject) {
                unsafe swiftbpf_perf_event_open(&attribute, pid, cpu, -1, UInt(PERF_FLAG_FD_CLOEXEC))
            })
    }

    /// Has the program run at the event. The link holds the event: this value is not needed any more.
    ///
    /// - Parameter cookie: What `bpf_get_attach_cookie` returns in the program.
    consuming func link(to program: borrowing Program, cookie: UInt64 = 0, subject: String) throws(BPFError) -> Link {
        let event = descriptor.rawValue
        let program = program.fileDescriptor
        var options = unsafe bpf_link_create_opts()
        unsafe options.sz = swiftbpf_size_of_bpf_link_create_opts()
        unsafe options.perf_event.bpf_cookie = cookie
        let link = try check(.attach, subject) { unsafe bpf_link_create(program, event, AttachType.perfEvent.cValue, &options) }
        return Link(adopting: link)
    }

    private static func open(
        _ type: UInt32, config: UInt64, name: String?, offset: Int, pid: Int32, _ subject: String
    ) throws(BPFError) -> Descriptor {
        var attribute = perf_event_attr()
        attribute.size = UInt32(MemoryLayout<perf_event_attr>.size)
        attribute.type = type
        attribute.config = config
        attribute.sample_period = 1
        attribute.wakeup_events = 1
        // Of one process on all CPUs, or of all processes: these events ignore which CPU is named then, but one must be.
        let cpu: CInt = pid < 0 ? 0 : -1
        guard let name else {
            return Descriptor(
                adopting: try system(.attach, subject) {
                    unsafe swiftbpf_perf_event_open(&attribute, pid, cpu, -1, UInt(PERF_FLAG_FD_CLOEXEC))
                })
        }
        attribute.config2 = UInt64(truncatingIfNeeded: offset)
        return Descriptor(
            adopting: try system(.attach, subject) {
                unsafe name.withCString { name in
                    attribute.config1 = UInt64(UInt(bitPattern: name))
                    return unsafe swiftbpf_perf_event_open(&attribute, pid, cpu, -1, UInt(PERF_FLAG_FD_CLOEXEC))
                }
            })
    }
}

/// A source of perf events that the kernel numbers when it starts: kprobe or uprobe.
struct PerfEventSource {
    let type: UInt32
    private let returnBit: UInt64

    init(named name: String, subject: String) throws(BPFError) {
        let folder = "/sys/bus/event_source/devices/\(name)"
        guard let type = readNumber(at: "\(folder)/type") else {
            throw BPFError(.attach, subject, errno: ENOENT, reason: "no \(folder)/type", remedy: "the kernel was built without \(name)s")
        }
        self.type = UInt32(truncatingIfNeeded: type)
        // "config:0": the bit that makes it a return probe.
        returnBit = UInt64(readNumber(at: "\(folder)/format/retprobe", after: "config:") ?? 0)
    }

    func config(isReturn: Bool) -> UInt64 { isReturn ? 1 << returnBit : 0 }
}

/// The decimal number in a small file of the kernel's, after a prefix.
func readNumber(at path: String, after prefix: String = "") -> Int? {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = unsafe read(file, &bytes, bytes.count)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).prefix { $0 != "\n" }
    return text.hasPrefix(prefix) ? Int(text.dropFirst(prefix.count)) : nil
}
