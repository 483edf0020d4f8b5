import CLibBPF
import Glibc
import Synchronization

/// libbpf's object: closed when the last of object, programs and maps that need it goes.
///
/// Only used from one thread at a time while open; after loading it is only read.
@safe final class ObjectHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    let name: String
    /// Where the kernel writes the verifier's log of a refused program.
    private var log: LogMemory?
    /// What libbpf uses at the load, and neither duplicates nor closes: maps that lend their shape to the inner maps of others, programs
    /// of which functions are replaced.
    var lent: [SharedDescriptor] = []
    /// Held while libbpf's table of USDT probes changes, which it does after loading too.
    let usdt = Mutex<Void>(())
    /// The types of maps' values as declared, some of which the load forgets.
    private(set) var recordTypeIDs: [String: UInt32] = [:]

    /// The file, to open it once more without what the kernel refused.
    let source: (bytes: [UInt8], name: String)
    /// The program because of which the last load failed.
    var refusedProgram: String?
    /// Programs whose section libbpf does not know.
    var typedByConvention: Set<String> = []
    /// What was set although the object says nothing, or something else.
    var notes: [String] = []

    /// Opens an object.
    ///
    /// - Parameter isTrusted: Whether the bytes are our own, so that they need no look before libbpf's.
    convenience init(opening source: ObjectSource, isTrusted: Bool = false) throws(BPFError) {
        let bytes = try source.bytes()
        let file = isTrusted ? nil : try Self.refusing(source.subject) { () throws(ObjectDefect) in try ObjectCheck.check(bytes) }
        try self.init(checked: bytes, name: source.name, subject: source.subject)
        if let file { try Self.refusing(source.subject) { () throws(ObjectDefect) in try checkMaps(of: file) } }
    }

    /// Says what a look found wrong as an error of the step.
    private static func refusing<R>(_ subject: String, _ look: () throws(ObjectDefect) -> R) throws(BPFError) -> R {
        do throws(ObjectDefect) {
            return try look()
        } catch {
            throw BPFError(.open, subject, reason: error.reason, remedy: error.remedy)
        }
    }

    /// Opens the same file again.
    convenience init(again other: ObjectHandle) throws(BPFError) {
        try self.init(checked: other.source.bytes, name: other.source.name, subject: "object \(other.name)")
    }

    private init(checked bytes: [UInt8], name: String, subject: String) throws(BPFError) {
        self.name = name
        source = (bytes, name)
        var options = unsafe bpf_object_open_opts()
        unsafe options.sz = swiftbpf_size_of_bpf_object_open_opts()
        // Left to itself libbpf doubles its buffer and loads again until the log fits: hundreds of megabytes and a dozen attempts for a
        // program that runs into the verifier's limit of a million instructions.
        if let log = LogMemory() {
            unsafe options.kernel_log_buf = log.base
            unsafe options.kernel_log_size = log.size
            self.log = log
        }
        unsafe pointer = try captured(
            .open, subject,
            pointer: {
                unsafe name.withCString { name in
                    unsafe options.object_name = name
                    return unsafe bytes.withUnsafeBytes { unsafe bpf_object__open_mem($0.baseAddress, $0.count, &options) }
                }
            })
        unsafe recordTypeIDs = Self.recordTypeIDs(of: maps)
        applyConventions()
    }

    deinit { unsafe bpf_object__close(pointer) }

    /// The log of a load that failed.
    var verifierLog: String { log?.text ?? "" }

    /// Gives the log's memory back, which after the load nobody writes to.
    func releaseLog() { log = nil }

    var btf: OpaquePointer? { unsafe bpf_object__btf(pointer) }

    /// All programs in the order of the file.
    var programs: [OpaquePointer] {
        var found: [OpaquePointer] = unsafe []
        var program = unsafe bpf_object__next_program(pointer, nil)
        while let current = unsafe program {
            unsafe found.append(current)
            unsafe program = bpf_object__next_program(pointer, current)
        }
        return unsafe found
    }

    /// All maps in the order of the file, with those that carry global variables.
    var maps: [OpaquePointer] {
        var found: [OpaquePointer] = unsafe []
        var map = unsafe bpf_object__next_map(pointer, nil)
        while let current = unsafe map {
            unsafe found.append(current)
            unsafe map = bpf_object__next_map(pointer, current)
        }
        return unsafe found
    }

    func program(named name: String, for step: BPFError.Step) throws(BPFError) -> OpaquePointer {
        if let program = unsafe bpf_object__find_program_by_name(pointer, name) { return unsafe program }
        let names = unsafe programs.map { unsafe String(cString: bpf_program__name($0)) }
        throw BPFError(
            step, "program \(name)", reason: "object \(self.name) has no such program", remedy: BPFError.available(names))
    }

    func map(named name: String, for step: BPFError.Step) throws(BPFError) -> OpaquePointer {
        if let map = unsafe bpf_object__find_map_by_name(pointer, name) { return unsafe map }
        let names = unsafe maps.map { unsafe String(cString: bpf_map__name($0)) }
        throw BPFError(step, "map \(name)", reason: "object \(self.name) has no such map", remedy: BPFError.available(names))
    }
}

/// Memory for a log: mapped whole, and taken from the system only as far as it is written.
@safe private final class LogMemory {
    let size = 16 << 20
    let base: UnsafeMutablePointer<CChar>

    init?() {
        let memory = unsafe mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else { return nil }
        unsafe base = memory.bindMemory(to: CChar.self, capacity: size)
    }

    deinit { unsafe munmap(base, size) }

    var text: String {
        unsafe String(decoding: UnsafeRawBufferPointer(start: base, count: strnlen(base, size)), as: UTF8.self)
    }
}
