import CLibBPF
import Glibc

/// The fields of `__sk_buff` that a test-run takes and gives back.
public struct TestRunContext: Sendable, Hashable {
    /// The packet's mark.
    public var mark: UInt32
    /// The packet's priority.
    public var priority: UInt32
    /// The index of the interface the packet is on; it must exist in this thread's network namespace. 0 is loopback.
    public var interface: UInt32
    /// The index of the interface the packet came in by; taken from Linux 5.19 on.
    public var ingressInterface: UInt32
    /// The control words of the programs: always five.
    public var controlWords: [UInt32]
    /// The packet's time stamp in nanoseconds.
    public var timestamp: UInt64
    /// The packet's length on the wire; 0 for that of the data.
    public var wireLength: UInt32

    /// A context with the given fields.
    public init(
        interface: UInt32 = 0, ingressInterface: UInt32 = 0, mark: UInt32 = 0, priority: UInt32 = 0,
        controlWords: [UInt32] = [0, 0, 0, 0, 0], timestamp: UInt64 = 0, wireLength: UInt32 = 0
    ) {
        self.mark = mark
        self.priority = priority
        self.interface = interface
        self.ingressInterface = ingressInterface
        self.controlWords = controlWords
        self.timestamp = timestamp
        self.wireLength = wireLength
    }

    fileprivate init(_ raw: __sk_buff) {
        unsafe mark = raw.mark
        unsafe priority = raw.priority
        unsafe interface = raw.ifindex
        unsafe ingressInterface = raw.ingress_ifindex
        unsafe controlWords = [raw.cb.0, raw.cb.1, raw.cb.2, raw.cb.3, raw.cb.4]
        unsafe timestamp = raw.tstamp
        unsafe wireLength = raw.wire_len
    }

    /// Sets the fields in place: the kernel refuses a context in which anything else is not zero, padding included.
    fileprivate func write(to raw: UnsafeMutablePointer<__sk_buff>) {
        unsafe memset(raw, 0, MemoryLayout<__sk_buff>.size)
        unsafe raw.pointee.mark = mark
        unsafe raw.pointee.priority = priority
        unsafe raw.pointee.ifindex = interface
        unsafe raw.pointee.ingress_ifindex = ingressInterface
        func word(_ index: Int) -> UInt32 { index < controlWords.count ? controlWords[index] : 0 }
        unsafe raw.pointee.cb = (word(0), word(1), word(2), word(3), word(4))
        unsafe raw.pointee.tstamp = timestamp
        unsafe raw.pointee.wire_len = wireLength
    }
}

/// What came of a test-run.
public struct TestRunResult: Sendable, Hashable {
    /// What the program returned: for tc and XDP its verdict.
    public let returnValue: UInt32
    /// The packet as the program left it.
    public let data: [UInt8]
    /// The context as the program left it, if one was given.
    public let context: TestRunContext?
    /// The mean duration of one run in nanoseconds.
    public let durationNanoseconds: UInt32
}

extension Program {
    /// Runs the program in the kernel on a packet, attached to nothing.
    ///
    /// For tc programs the packet begins with its Ethernet header, and the kernel takes the protocol from it.
    ///
    /// - Parameters:
    ///   - data: The packet, of at least 14 bytes and less than a page.
    ///   - context: The fields of `__sk_buff` to begin with; for tc and cgroup programs only.
    ///   - count: How often to run it. The data goes on as the run before left it.
    /// - Throws: `BPFError` with EINVAL if the packet is too short or too long, or the context sets what cannot be set.
    ///
    /// The corresponding libbpf function is `bpf_prog_test_run_opts`.
    public func testRun(data: [UInt8], context: TestRunContext? = nil, repeat count: Int = 1) throws(BPFError) -> TestRunResult {
        // Programs may make the packet longer, by tunnel headers for example.
        var output = [UInt8](repeating: 0, count: data.count + 256)
        let contexts = UnsafeMutablePointer<__sk_buff>.allocate(capacity: 2)
        defer { unsafe contexts.deallocate() }
        unsafe context?.write(to: contexts)
        var options = unsafe bpf_test_run_opts()
        unsafe options.sz = swiftbpf_size_of_bpf_test_run_opts()
        unsafe options.repeat = CInt(clamping: count)
        let subject = "program \(name) on \(data.count) bytes"
        let hasContext = context != nil
        let result = unsafe data.withUnsafeBytes { bytes in
            unsafe output.withUnsafeMutableBytes { room in
                unsafe options.data_in = UnsafeRawPointer(bytes.baseAddress)
                unsafe options.data_size_in = UInt32(bytes.count)
                unsafe options.data_out = room.baseAddress
                unsafe options.data_size_out = UInt32(room.count)
                if hasContext {
                    unsafe options.ctx_in = UnsafeRawPointer(contexts)
                    unsafe options.ctx_out = UnsafeMutableRawPointer(contexts + 1)
                    unsafe options.ctx_size_in = UInt32(MemoryLayout<__sk_buff>.size)
                    unsafe options.ctx_size_out = UInt32(MemoryLayout<__sk_buff>.size)
                }
                return unsafe bpf_prog_test_run_opts(fileDescriptor, &options)
            }
        }
        try check(.testRun, subject) { result }
        return unsafe TestRunResult(
            returnValue: options.retval, data: Array(output.prefix(Int(options.data_size_out))),
            context: hasContext ? TestRunContext(contexts[1]) : nil, durationNanoseconds: options.duration)
    }
}
