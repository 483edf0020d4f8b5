internal import CEBPF

/// An address in memory that programs read by calls: that of a process, or the kernel's.
public protocol RemotePointer<Pointee>: BitwiseCopyable, Sendable {
    /// What lies there.
    associatedtype Pointee: BitwiseCopyable

    /// The address as a number.
    var address: UInt64 { get }

    /// A pointer to an address.
    init(_ address: UInt64)

    /// Copies bytes that lie at an address; negative if they cannot be read.
    @unsafe static func copy(to destination: UnsafeMutableRawPointer, count: UInt32, from source: UnsafeRawPointer?) -> Int

    /// Copies text that lies at an address, up to its NUL: how many bytes it wrote, the NUL among them, or negative.
    @unsafe static func copyText(to destination: UnsafeMutableRawPointer, count: UInt32, from source: UnsafeRawPointer?) -> Int
}

extension RemotePointer {
    /// What lies there, or nothing if the memory cannot be read now.
    ///
    /// The helper is `bpf_probe_read_user` or `bpf_probe_read_kernel`, by whose memory it is.
    ///
    /// - Parameter index: How many values after the first.
    @inline(__always)
    public func read(at index: Int = 0) -> Pointee? {
        let place = unsafe UnsafeRawPointer(bitPattern: UInt(advanced(by: index).address))
        return unsafe received { unsafe Self.copy(to: $0, count: UInt32(truncatingIfNeeded: MemoryLayout<Pointee>.size), from: place) }
    }

    /// Copies what lies there to where it is wanted. If the memory cannot be read now, all bytes of the value are zero: where that will do,
    /// nothing need be tested, and the verifier walks what follows once.
    ///
    /// The helper is `bpf_probe_read_user` or `bpf_probe_read_kernel`, by whose memory it is.
    @inline(__always)
    @discardableResult
    public func read(into value: inout Pointee) -> CallResult {
        let place = unsafe UnsafeRawPointer(bitPattern: UInt(address))
        return unsafe withUnsafeMutablePointer(to: &value) {
            unsafe CallResult(Self.copy(to: $0, count: UInt32(truncatingIfNeeded: MemoryLayout<Pointee>.size), from: place))
        }
    }

    /// The address of a value further on.
    @inline(__always)
    public func advanced(by count: Int) -> Self {
        Self(address &+ UInt64(truncatingIfNeeded: count &* MemoryLayout<Pointee>.stride))
    }
}

extension RemotePointer where Pointee == CChar {
    /// Reads text up to its NUL into an array, whose other bytes stay what they are; says how many bytes it wrote, the NUL among them.
    ///
    /// The helper is `bpf_probe_read_user_str` or `bpf_probe_read_kernel_str`, by whose memory it is.
    @inline(__always)
    @discardableResult
    public func readText<let size: Int>(into text: inout FixedString<size>) -> CallResult {
        let place = unsafe UnsafeRawPointer(bitPattern: UInt(address))
        return unsafe withUnsafeMutablePointer(to: &text) {
            unsafe CallResult(Self.copyText(to: $0, count: UInt32(truncatingIfNeeded: size), from: place))
        }
    }
}

/// An address in the memory of the process that the program runs for.
///
/// The helpers are `bpf_probe_read_user` and `bpf_probe_read_user_str`.
public struct UserPointer<Pointee: BitwiseCopyable>: RemotePointer {
    /// The address as a number.
    public var address: UInt64

    /// A pointer to an address.
    @inline(__always)
    public init(_ address: UInt64) { self.address = address }

    @inline(__always)
    @unsafe public static func copy(to destination: UnsafeMutableRawPointer, count: UInt32, from source: UnsafeRawPointer?) -> Int {
        unsafe ebpf_probe_read_user(destination, count, source)
    }

    @inline(__always)
    @unsafe public static func copyText(to destination: UnsafeMutableRawPointer, count: UInt32, from source: UnsafeRawPointer?) -> Int {
        unsafe ebpf_probe_read_user_str(destination, count, source)
    }
}

/// An address in the kernel's memory.
///
/// The helpers are `bpf_probe_read_kernel` and `bpf_probe_read_kernel_str`.
public struct KernelPointer<Pointee: BitwiseCopyable>: RemotePointer {
    /// The address as a number.
    public var address: UInt64

    /// A pointer to an address.
    @inline(__always)
    public init(_ address: UInt64) { self.address = address }

    @inline(__always)
    @unsafe public static func copy(to destination: UnsafeMutableRawPointer, count: UInt32, from source: UnsafeRawPointer?) -> Int {
        unsafe ebpf_probe_read_kernel(destination, count, source)
    }

    @inline(__always)
    @unsafe public static func copyText(to destination: UnsafeMutableRawPointer, count: UInt32, from source: UnsafeRawPointer?) -> Int {
        unsafe ebpf_probe_read_kernel_str(destination, count, source)
    }

    /// A field of the kernel's structure at an offset in bytes.
    @inline(__always)
    public func read<Field: BitwiseCopyable>(_ type: Field.Type, offset: Int) -> Field? {
        KernelPointer<Field>(address &+ UInt64(truncatingIfNeeded: offset)).read()
    }
}
