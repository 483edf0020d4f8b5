// Calls of named functions in named binaries: how long each took, and how many took how long.
// swift-format-ignore-file: AlwaysUseLowerCamelCase
import EBPF
import ProbeRecords

let license = License.gpl

let events = RingBuffer<function_call_event>(bytes: 1 << 20)
let events_lost = PerCPUArray<UInt64>(entries: 1)
let counts = PerCPUArray<function_call_counts>(entries: 1)

/// The process to watch; 0 for all.
let only_pid = Setting<UInt32>(0)
/// Calls that took less are counted, and not reported.
let slower_than_ns = Setting<UInt64>(0)

/// A call under way: its thread, and where the stack is once it has returned. A function that calls itself has one for each level, and one
/// left by longjmp() disturbs no other.
struct Call {
    var thread: UInt64
    var stack: UInt64
}

struct Entry {
    var began: UInt64
    var argument: UInt64
}

let calls = LRUHashMap<Call, Entry>(entries: 16_384)

/// Element n counts the calls that took at least 2^n nanoseconds and less than twice that.
let latency_ns = PerCPUArray<UInt64>(entries: 64)

/// In steps, as the machine has no instruction that counts bits.
@inline(__always)
func log2(_ number: UInt64) -> UInt32 {
    var value = number
    var place: UInt32 = 0
    var bits: UInt64 = 32
    while bits != 0 {
        let step = value &>> bits != 0 ? bits : 0
        value &>>= step
        place &+= UInt32(truncatingIfNeeded: step)
        bits &>>= 1
    }
    return place
}

@section("uprobe") @used
func entered(_ context: ProbeContext) -> ProbeResult {
    let call = Call(thread: CurrentTask.identity, stack: context.stackPointerAfterReturn)
    let process = only_pid.value
    if process != 0, UInt32(truncatingIfNeeded: call.thread &>> 32) != process { return .done }
    let entry = Entry(began: Clock.sinceBoot, argument: context.argument(0))
    if !calls.set(entry, for: call).succeeded, let count = counts.lookup(0) { count.value.untracked.addAtomically(1) }
    return .done
}

@section("uretprobe") @used
func returned(_ context: ProbeContext) -> ProbeResult {
    let call = Call(thread: CurrentTask.identity, stack: context.stackPointer)
    let found = calls.lookup(call)
    let now = Clock.sinceBoot
    guard let entry = found?.value else { return .done }
    calls.remove(call)
    let duration = now &- entry.began
    if let slot = latency_ns.lookup(log2(duration)) { slot.value.addAtomically(1) }
    if let count = counts.lookup(0) {
        count.value.calls.addAtomically(1)
        count.value.total_ns.addAtomically(duration)
    }
    guard duration >= slower_than_ns.value, let event = events.reserve(countingLossIn: events_lost) else { return .done }
    event.value.time = now
    event.value.duration_ns = duration
    event.value.argument.value = entry.argument
    event.value.result.value = context.result
    event.value.cookie.value = context.cookie
    event.value.pid = UInt32(truncatingIfNeeded: call.thread &>> 32)
    event.value.tid = UInt32(truncatingIfNeeded: call.thread)
    CurrentTask.readName(into: &event.value.comm)
    event.submit()
    return .done
}
