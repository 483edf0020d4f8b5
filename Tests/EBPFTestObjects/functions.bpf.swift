import EBPF
import EBPFTestTypes

let license = License.gpl
let calls = RingBuffer<Call>(bytes: 1 << 16)
/// The process to tell of.
let process = Setting<UInt32>(0)

func tell(_ kind: UInt32, _ argument: UInt64) -> ProbeResult {
    guard CurrentTask.process == process.value, let call = calls.reserve() else { return .done }
    call.value.fill(kind: kind, argument: argument)
    call.submit()
    return .done
}

@section("kprobe/do_unlinkat") @used
func unlinking(_ context: ProbeContext) -> ProbeResult { tell(6, context.argument(0)) }

@section("kretprobe/do_unlinkat") @used
func unlinked(_ context: ProbeContext) -> ProbeResult { tell(7, context.result) }

/// The registers a system call was made with, and its number.
@section("tp_btf/sys_enter") @used
func typed(_ context: FunctionContext) -> ProbeResult {
    let number = context.argument(1)
    guard number == 109 || number == 154 else { return .done }
    let registers = context.kernelPointer(0, to: UInt64.self)
    return tell(8, registers.read() == nil ? 0 : number)
}
