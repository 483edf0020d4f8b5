internal import CEBPF

/// What a kprobe, uprobe or one of their returns is handed: the registers of the code it stopped.
///
///     @section("uprobe") @used
///     func opened(_ call: ProbeContext) -> ProbeResult {
///         let path = call.userPointer(0, to: CChar.self)
///         …
///         return .done
///     }
@safe
public struct ProbeContext: ArgumentContext {
    let raw: UnsafePointer<ebpf_registers>

    @inline(__always)
    @unsafe public var address: UnsafeRawPointer { unsafe UnsafeRawPointer(raw) }

    /// An argument of the function, as it lies in its register; at its entry.
    ///
    /// - Parameter index: 0 to 5. Any other gives 0.
    @inline(__always)
    public func argument(_ index: Int) -> UInt64 {
        switch index {
        case 0: return unsafe ebpf_argument_0(raw)
        case 1: return unsafe ebpf_argument_1(raw)
        case 2: return unsafe ebpf_argument_2(raw)
        case 3: return unsafe ebpf_argument_3(raw)
        case 4: return unsafe ebpf_argument_4(raw)
        case 5: return unsafe ebpf_argument_5(raw)
        default: return 0
        }
    }

    /// What the function returned; at its return.
    @inline(__always)
    public var result: UInt64 { unsafe ebpf_result(raw) }

    /// The address of the next instruction.
    @inline(__always)
    public var instructionPointer: UInt64 { unsafe ebpf_instruction_pointer(raw) }

    /// The address of the stack's end.
    @inline(__always)
    public var stackPointer: UInt64 { unsafe ebpf_stack_pointer(raw) }

    /// Where the stack's end will be once the function has returned, which is ``stackPointer`` there; at its entry.
    ///
    /// It tells calls of a function that calls itself apart.
    @inline(__always)
    public var stackPointerAfterReturn: UInt64 { unsafe ebpf_stack_pointer_after_return(raw) }

    /// The address of the probed function. Requires Linux 5.15.
    ///
    /// The helper is `bpf_get_func_ip`.
    @inline(__always)
    public var function: UInt64 { unsafe ebpf_get_func_ip(raw) }

    /// The number whoever attached the program gave to this place. Requires Linux 5.15.
    ///
    /// The helper is `bpf_get_attach_cookie`.
    @inline(__always)
    public var cookie: UInt64 { unsafe ebpf_get_attach_cookie(raw) }
}

/// What a tracepoint hands over: the fields that the kernel's `format` file names, without the eight bytes that all begin with.
///
///     struct OpenFields { var number: Int32; var folder: Int64; var path: UInt64; var flags: UInt64; var mode: UInt64 }
///
///     @section("tracepoint/syscalls/sys_enter_openat") @used
///     func opened(_ event: TracepointContext<OpenFields>) -> ProbeResult {
///         let path = UserPointer<CChar>(event.fields.path)
///         …
///     }
@safe
public struct TracepointContext<Fields: BitwiseCopyable>: KernelContext {
    @unsafe public let address: UnsafeRawPointer

    /// The tracepoint's fields.
    @inline(__always)
    public var fields: Fields {
        @inline(__always)
        unsafeAddress { unsafe (address + 8).assumingMemoryBound(to: Fields.self) }
    }

    /// Where the bytes of a `__data_loc` field lie.
    ///
    /// - Parameter field: The field itself: the offset in its lower half, the number of bytes in the upper.
    @inline(__always)
    public func data<Element: BitwiseCopyable>(_ field: UInt32, of type: Element.Type) -> KernelPointer<Element> {
        unsafe KernelPointer(UInt64(UInt(bitPattern: address)) &+ UInt64(field & 0xffff))
    }
}

/// What a raw tracepoint hands over: the arguments of its `TP_PROTO`.
@safe
public struct RawTracepointContext: ArgumentArrayContext {
    @unsafe public let address: UnsafeRawPointer
}

/// What tracing programs return; the kernel makes nothing of it.
public struct ProbeResult: BitwiseCopyable, Equatable, Sendable {
    /// The number the kernel is told.
    public let rawValue: Int32

    /// By the number the kernel is told.
    @inline(__always)
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// Zero.
    @inline(__always)
    public static var done: ProbeResult { ProbeResult(rawValue: 0) }
}
