import CLibBPF
import Glibc

/// A file descriptor that is closed when the value goes.
struct Descriptor: ~Copyable, Sendable {
    let rawValue: CInt

    /// Takes over an open descriptor.
    init(adopting rawValue: CInt) { self.rawValue = rawValue }

    /// A descriptor of its own for the same kernel object.
    init(duplicating other: CInt, for subject: String) throws(BPFError) {
        rawValue = try system(.open, subject) { swiftbpf_duplicate(other) }
    }

    /// The kind of kernel object, by the name the kernel gives its descriptors, with `-` for `_`: links were once `bpf_link`.
    enum Kind: String {
        case map = "anon-inode:bpf-map"
        case program = "anon-inode:bpf-prog"
        case link = "anon-inode:bpf-link"
    }

    /// The object pinned at a path of a bpf filesystem.
    ///
    /// - Throws: `BPFError` also if it is of another kind, whose description would be read as this one's.
    init(pinnedAt path: String, _ kind: Kind, subject: String) throws(BPFError) {
        let descriptor = Descriptor(adopting: try check(.openPin, "\(subject) at \(path)") { unsafe bpf_obj_get(path) })
        var target = [CChar](repeating: 0, count: 64)
        let length = unsafe readlink("/proc/self/fd/\(descriptor.rawValue)", &target, target.count)
        let found = String(decoding: target.prefix(max(0, length)).map { $0 == 0x5f ? 0x2d : UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
        // Without /proc the kind cannot be told, and the object is taken for what the caller says.
        if length > 0, found != kind.rawValue {
            throw BPFError(.openPin, "\(subject) at \(path)", reason: "what is pinned there is no \(kind) (\(found))")
        }
        self = descriptor
    }

    /// Pins the kernel object at a path of a bpf filesystem.
    func pin(at path: String, subject: String) throws(BPFError) {
        try check(.pin, "\(subject) at \(path)") { unsafe bpf_obj_pin(rawValue, path) }
    }

    /// Gives the descriptor to the caller, who closes it.
    consuming func release() -> CInt {
        let rawValue = rawValue
        discard self
        return rawValue
    }

    deinit { close(rawValue) }
}

/// A descriptor that several values hold on to.
final class SharedDescriptor: Sendable {
    private let descriptor: Descriptor
    var rawValue: CInt { descriptor.rawValue }

    init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
}

/// Reads the kernel's description of an object into a C struct of the library's size.
func kernelInfo<Info>(
    of descriptor: CInt, into info: inout Info, subject: @autoclosure () -> String
) throws(BPFError) {
    var length = UInt32(MemoryLayout<Info>.size)
    try check(.info, subject()) {
        unsafe withUnsafeMutablePointer(to: &info) { unsafe bpf_obj_get_info_by_fd(descriptor, $0, &length) }
    }
}

/// The text in a fixed-size C character array.
func text<Characters: BitwiseCopyable>(of characters: Characters) -> String {
    unsafe withUnsafeBytes(of: characters) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
