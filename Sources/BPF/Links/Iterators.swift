import CLibBPF
import Glibc

extension TypedProgram<KernelIterator> {
    /// Makes the iterator ready to be read, as often as one likes: see `Link.read()`.
    ///
    /// - Throws: `BPFError` with EINVAL if the iterator is of a kind that wants a map, or is none that can be narrowed down.
    ///
    /// Requires Linux 5.9. The corresponding libbpf function is `bpf_program__attach_iter`.
    public func attach(over scope: IteratorScope = .everything) throws(BPFError) -> Link { try program.attach(iteratorOver: scope) }

    /// Makes an iterator over the elements of a map ready to be read.
    public func attach<M: MapHandle & ~Copyable>(overElementsOf map: borrowing M) throws(BPFError) -> Link {
        try program.attach(iteratorOverMap: map.fileDescriptor)
    }
}

extension Program {
    func attach(iteratorOver scope: IteratorScope) throws(BPFError) -> Link {
        switch scope {
        case .everything: return try unsafe linked(to: 0, .iterator, "iterator")
        case .map(let path):
            let map = try Descriptor(pinnedAt: path, .map, subject: "map")
            return try attach(iteratorOverMap: map.rawValue)
        case .process(let pid):
            var scope = bpf_iter_link_info()
            unsafe scope.task.pid = UInt32(bitPattern: pid)
            return try unsafe attach(iteratorOver: &scope)
        }
    }

    func attach(iteratorOverMap descriptor: CInt) throws(BPFError) -> Link {
        var scope = bpf_iter_link_info()
        unsafe scope.map.map_fd = UInt32(bitPattern: descriptor)
        return try unsafe attach(iteratorOver: &scope)
    }

    private func attach(iteratorOver scope: UnsafeMutablePointer<bpf_iter_link_info>) throws(BPFError) -> Link {
        try unsafe linked(to: 0, .iterator, "iterator") {
            unsafe $0.iter_info = unsafe scope
            unsafe $0.iter_info_len = UInt32(MemoryLayout<bpf_iter_link_info>.size)
        }
    }
}

extension Link {
    /// Begins to read an iterator from the first object on. Links of other kinds are refused with EINVAL.
    ///
    /// The corresponding libbpf function is `bpf_iter_create`.
    public func read() throws(BPFError) -> IteratorOutput {
        IteratorOutput(adopting: try check(.read, "iterator") { bpf_iter_create(fileDescriptor) })
    }
}

/// What an iterator's program writes, from the first object to the last.
///
/// The program runs as far as is read. Nothing ever waits: it may be read where blocking is forbidden.
///
///     print(try link.read().text())
///
///     var output = try link.read()
///     while let bytes = try output.next() { … }
public struct IteratorOutput: ~Copyable, Sendable {
    private let descriptor: Descriptor

    init(adopting descriptor: CInt) { self.descriptor = Descriptor(adopting: descriptor) }

    /// The next bytes, at most so many; nothing after the last object.
    ///
    /// - Parameter size: The kernel keeps 32 KiB ready at a time: more are not returned at once.
    /// - Throws: `BPFError` with E2BIG if the program wrote more for one object than fits.
    public mutating func next(upTo size: Int = 32 << 10) throws(BPFError) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: size)
        while true {
            let count = unsafe Glibc.read(descriptor.rawValue, &bytes, size)
            if count > 0 {
                bytes.removeLast(size - count)
                return bytes
            }
            if count == 0 { return nil }
            // EAGAIN: the kernel wants to give others the processor, and be asked again.
            guard errno == EINTR || errno == EAGAIN else { throw BPFError(.read, "iterator", errno: errno) }
        }
    }

    /// All the bytes.
    public consuming func bytes() throws(BPFError) -> [UInt8] {
        var all: [UInt8] = []
        while let more = try next() { all += more }
        return all
    }

    /// All of it as a text.
    public consuming func text() throws(BPFError) -> String { String(decoding: try bytes(), as: UTF8.self) }

    /// All of it as values of one type, for programs that write such by `bpf_seq_write`.
    ///
    /// - Throws: `BPFError` also if what was written is no whole number of them.
    public consuming func values<Value: BitwiseCopyable>(of type: Value.Type) throws(BPFError) -> [Value] {
        let bytes = try bytes()
        // The program writes them one right behind the other.
        let size = MemoryLayout<Value>.size
        guard size > 0, bytes.count % size == 0 else {
            throw BPFError(.read, "iterator", reason: "\(bytes.count) bytes are no whole number of values of \(size)")
        }
        return unsafe bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / size).map { unsafe bytes.loadUnaligned(fromByteOffset: $0 * size, as: Value.self) }
        }
    }
}
