internal import Builtin
internal import CEBPF

/// A number, or yes or no, that whoever loads the program may set before it does.
///
///     let limit = Setting<UInt32>(10)
///
///     if count > limit.value { return .drop }
///
/// `OpenObject` sets it by its name. The kernel's verifier knows its value: what the setting switches off costs nothing.
public struct Setting<Value: BitwiseCopyable & Sendable>: ~Copyable, Sendable {
    /// Where the value lies.
    let place = SettingPlace()
    private let initial: Value

    /// - Parameter value: What it is if nobody sets it.
    @inline(__always)
    public init(_ value: Value) { initial = value }
}

extension Setting where Value: FixedWidthInteger {
    /// The value that was set.
    ///
    /// It is read each time: the compiler must not think that it knows it.
    @inline(__always)
    public var value: Value { unsafe Value(memoryAt: place.address) }
}

extension Setting where Value == Bool {
    /// The value that was set.
    @inline(__always)
    public var value: Bool { unsafe ebpf_volatile_8(place.address) != 0 }
}

/// No bytes, but an address: a struct that begins with it is not copied, and lies where it does.
@_rawLayout(size: 0, alignment: 1)
struct SettingPlace: ~Copyable, @unchecked Sendable {
    @inline(__always)
    init() {}

    @inline(__always)
    var address: UnsafeRawPointer { UnsafeRawPointer(Builtin.addressOfRawLayout(self)) }
}

/// The license a program is under, as a global constant of its source.
///
///     let license = License.dualMIT
///
/// Most of what tracing programs call is for programs under the GPL or a dual license only: without one, the kernel refuses the calls.
public struct License: BitwiseCopyable, Sendable {
    /// The number by which the compiler for eBPF programs knows the license.
    let number: UInt32

    @inline(__always)
    init(number: UInt32) { self.number = number }

    /// "GPL".
    @inline(__always)
    public static var gpl: License { License(number: 0) }
    /// "Dual MIT/GPL".
    @inline(__always)
    public static var dualMIT: License { License(number: 1) }
    /// "Dual BSD/GPL".
    @inline(__always)
    public static var dualBSD: License { License(number: 2) }
    /// "Proprietary".
    @inline(__always)
    public static var proprietary: License { License(number: 3) }
}
