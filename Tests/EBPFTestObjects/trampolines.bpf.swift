import EBPF
import EBPFTestTypes

let license = License.gpl
let calls = RingBuffer<Call>(bytes: 1 << 16)
/// The process to tell of.
let process = Setting<UInt32>(0)

func tell(_ kind: UInt32, _ argument: UInt64) {
    guard CurrentTask.process == process.value, let call = calls.reserve() else { return }
    call.value.fill(kind: kind, argument: argument)
    call.submit()
}

@section("fentry/do_unlinkat") @used
func entering(_ context: FunctionContext) -> ProbeResult {
    tell(9, context.argument(0))
    return .done
}

@section("fexit/do_unlinkat") @used
func leaving(_ context: FunctionContext) -> ProbeResult {
    tell(10, context.argument(2))
    return .done
}
