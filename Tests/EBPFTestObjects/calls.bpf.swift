import EBPF
import EBPFTestTypes

let license = License.gpl
let calls = RingBuffer<Call>(bytes: 1 << 16)
let stacks = StackTraces(entries: 64)
/// The process to tell of.
let process = Setting<UInt32>(0)

func fill(_ call: borrowing Reservation<Call>, kind: UInt32, argument: UInt64) {
    call.value.fill(kind: kind, argument: argument)
    CurrentTask.readName(into: &call.value.name)
}

struct UnlinkFields: BitwiseCopyable {
    var number: Int64
    var folder: Int64
    var path: UInt64
    var flags: Int64
}

@section("tracepoint/syscalls/sys_enter_unlinkat") @used
func traced(_ event: TracepointContext<UnlinkFields>) -> ProbeResult {
    guard CurrentTask.process == process.value, let call = calls.reserve() else { return .done }
    fill(call, kind: 1, argument: UInt64(truncatingIfNeeded: event.fields.flags))
    UserPointer<CChar>(event.fields.path).readText(into: &call.value.path)
    call.submit()
    return .done
}

@section("raw_tracepoint/sys_enter") @used
func raw(_ event: RawTracepointContext) -> ProbeResult {
    // setpgid, by its number on the machine the tests run on.
    guard CurrentTask.process == process.value, event.argument(1) == 109 || event.argument(1) == 154 else { return .done }
    guard let call = calls.reserve() else { return .done }
    fill(call, kind: 2, argument: event.argument(1))
    call.submit()
    return .done
}

/// `int getpgid(pid_t)`, entered.
@section("uprobe") @used
func entered(_ context: ProbeContext) -> ProbeResult {
    guard let call = calls.reserve() else { return .done }
    fill(call, kind: 3, argument: UInt64(context.argument(0, as: UInt32.self)))
    call.value.user = UInt32(truncatingIfNeeded: stacks.record(context, user: true))
    call.submit()
    return .done
}

@section("uretprobe") @used
func left(_ context: ProbeContext) -> ProbeResult {
    guard let call = calls.reserve() else { return .done }
    fill(call, kind: 4, argument: context.result)
    call.submit()
    return .done
}

/// `int access(const char *, int)`, entered: reads the path's first bytes as a number as well.
@section("uprobe") @used
func asked(_ context: ProbeContext) -> ProbeResult {
    let path = context.userPointer(0, to: CChar.self)
    guard let call = calls.reserve() else { return .done }
    fill(call, kind: 5, argument: UInt64(UserPointer<UInt32>(path.address).read() ?? 0))
    path.readText(into: &call.value.path)
    if UserPointer<UInt32>(8).read() != nil { call.value.kind = 0 }
    call.submit()
    return .done
}

struct ExecFields: BitwiseCopyable {
    /// Where the path lies in the record.
    var path: UInt32
    var process: Int32
    var former: Int32
}

/// A program is run, by a process that is told of or by a child of it.
@section("tracepoint/sched/sched_process_exec") @used
func executed(_ event: TracepointContext<ExecFields>) -> ProbeResult {
    guard let call = calls.reserve() else { return .done }
    fill(call, kind: 11, argument: UInt64(truncatingIfNeeded: event.fields.process))
    event.data(event.fields.path, of: CChar.self).readText(into: &call.value.path)
    call.submit()
    return .done
}
