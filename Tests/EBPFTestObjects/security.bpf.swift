import EBPF

let license = License.gpl
/// The process that may not ask.
let process = Setting<UInt32>(0)

@section("lsm/task_getpgid") @used
func judge(_ context: FunctionContext) -> SecurityVerdict {
    // 77 is EBADFD, which nobody else answers.
    CurrentTask.process == process.value ? .deny(errorNumber: 77) : .allow
}
