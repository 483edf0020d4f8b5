internal import CEBPF

/// An address in the memory of the process that the program runs for.
public struct UserPointer<Pointee: BitwiseCopyable>: BitwiseCopyable, Sendable {
    /// The address as a number.
    public var address: UInt64

    @inline(__always)
    public init(_ address: UInt64) { self.address = address }

    /// What lies there, or nothing if the memory cannot be read now.
    ///
    /// - Parameter index: How many values after the first.
    /// The helper is `bpf_probe_read_user`.
    @inline(__always)
    public func read(at index: Int = 0) -> Pointee? {
        let place = unsafe UnsafeRawPointer(bitPattern: UInt(advanced(by: index).address))
        return unsafe received { unsafe ebpf_probe_read_user($0, UInt32(truncatingIfNeeded: MemoryLayout<Pointee>.size), place) }
    }

    /// Copies what lies there to where it is wanted. If the memory cannot be read now, all bytes of the value are zero: where that will do, nothing need
    /// be tested, and the verifier walks what follows once.
    ///
    /// The helper is `bpf_probe_read_user`.
    @inline(__always)
    @discardableResult
    public func read(into value: inout Pointee) -> CallResult {
        let place = unsafe UnsafeRawPointer(bitPattern: UInt(address))
        return unsafe withUnsafeMutablePointer(to: &value) {
            unsafe CallResult(ebpf_probe_read_user($0, UInt32(truncatingIfNeeded: MemoryLayout<Pointee>.size), place))
        }
    }

    /// The address of a value further on.
    @inline(__always)
    public func advanced(by count: Int) -> UserPointer {
        UserPointer(address &+ UInt64(truncatingIfNeeded: count &* MemoryLayout<Pointee>.stride))
    }
}

extension UserPointer where Pointee == CChar {
    /// Reads text up to its NUL into an array, whose other bytes stay what they are; says how many bytes it wrote, the NUL among them.
    ///
    /// The helper is `bpf_probe_read_user_str`.
    @inline(__always)
    @discardableResult
    public func readText<let size: Int>(into text: inout FixedString<size>) -> CallResult {
        let place = unsafe UnsafeRawPointer(bitPattern: UInt(address))
        return unsafe withUnsafeMutablePointer(to: &text) {
            unsafe CallResult(ebpf_probe_read_user_str($0, UInt32(truncatingIfNeeded: size), place))
        }
    }
}

/// An address in the kernel's memory.
public struct KernelPointer<Pointee: BitwiseCopyable>: BitwiseCopyable, Sendable {
    /// The address as a number.
    public var address: UInt64

    @inline(__always)
    public init(_ address: UInt64) { self.address = address }

    /// What lies there, or nothing if the address is none.
    ///
    /// - Parameter index: How many values after the first.
    /// The helper is `bpf_probe_read_kernel`.
    @inline(__always)
    public func read(at index: Int = 0) -> Pointee? {
        let place = unsafe UnsafeRawPointer(bitPattern: UInt(advanced(by: index).address))
        return unsafe received { unsafe ebpf_probe_read_kernel($0, UInt32(truncatingIfNeeded: MemoryLayout<Pointee>.size), place) }
    }

    /// Copies what lies there to where it is wanted. If the memory cannot be read, all bytes of the value are zero: where that will do, nothing need
    /// be tested, and the verifier walks what follows once.
    ///
    /// The helper is `bpf_probe_read_kernel`.
    @inline(__always)
    @discardableResult
    public func read(into value: inout Pointee) -> CallResult {
        let place = unsafe UnsafeRawPointer(bitPattern: UInt(address))
        return unsafe withUnsafeMutablePointer(to: &value) {
            unsafe CallResult(ebpf_probe_read_kernel($0, UInt32(truncatingIfNeeded: MemoryLayout<Pointee>.size), place))
        }
    }

    /// A field of the kernel's structure at an offset in bytes.
    @inline(__always)
    public func read<Field: BitwiseCopyable>(_ type: Field.Type, offset: Int) -> Field? {
        KernelPointer<Field>(address &+ UInt64(truncatingIfNeeded: offset)).read()
    }

    /// The address of a value further on.
    @inline(__always)
    public func advanced(by count: Int) -> KernelPointer {
        KernelPointer(address &+ UInt64(truncatingIfNeeded: count &* MemoryLayout<Pointee>.stride))
    }
}

extension KernelPointer where Pointee == CChar {
    /// Reads text up to its NUL into an array, whose other bytes stay what they are; says how many bytes it wrote, the NUL among them.
    ///
    /// The helper is `bpf_probe_read_kernel_str`.
    @inline(__always)
    @discardableResult
    public func readText<let size: Int>(into text: inout FixedString<size>) -> CallResult {
        let place = unsafe UnsafeRawPointer(bitPattern: UInt(address))
        return unsafe withUnsafeMutablePointer(to: &text) {
            unsafe CallResult(ebpf_probe_read_kernel_str($0, UInt32(truncatingIfNeeded: size), place))
        }
    }
}
