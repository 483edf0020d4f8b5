// Files opened: who, which, how, and what came of it.
//
// The tracepoints of the system calls are on every kernel. Where there are kprobes, do_sys_openat2 also catches what has no traced system
// call, 32-bit programs' above all; what a tracepoint has seen already, the kprobe leaves alone.
// swift-format-ignore-file: AlwaysUseLowerCamelCase
import EBPF
import ProbeRecords

let license = License.gpl

let events = RingBuffer<file_open_event>(bytes: 1 << 20)
let events_lost = PerCPUArray<UInt64>(entries: 1)

/// The process to report; 0 for all.
let only_pid = Setting<UInt32>(0)
/// Whether to report only what could not be opened.
let only_failed = Setting<Bool>(false)

struct Opening {
    var began: UInt64
    var path: UserPointer<CChar>
    var directory: Int32
    var flags: UInt32
    var mode: UInt32
    var isByKprobe: Bool
}

/// By thread. One that is killed before its call returns leaves its entry, so the oldest give way.
let openings = LRUHashMap<UInt64, Opening>(entries: 8192)

/// The layout of a system call's tracepoints.
struct Enter {
    var number: Int
    var arguments: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
}
struct Leave {
    var number: Int
    var result: Int64
}
/// What openat2() is given, without the last field.
struct OpenHow {
    var flags: UInt64 = 0
    var mode: UInt64 = 0
}

/// The descriptor that stands for the working directory.
let workingDirectory: UInt64 = 0xffff_ff9c

@inline(__always)
func begin(_ directory: UInt64, _ path: UInt64, flags: UInt64, mode: UInt64, byKprobe: Bool = false) -> ProbeResult {
    let thread = CurrentTask.identity
    let process = only_pid.value
    guard process == 0 || UInt32(truncatingIfNeeded: thread &>> 32) == process else { return .done }
    // What a tracepoint has seen begin, it will see end.
    if byKprobe, let known = openings.lookup(thread), !known.value.isByKprobe, known.value.path.address == path { return .done }
    let opening = Opening(
        began: Clock.sinceBoot, path: UserPointer(path), directory: Int32(truncatingIfNeeded: directory),
        flags: UInt32(truncatingIfNeeded: flags), mode: UInt32(truncatingIfNeeded: mode), isByKprobe: byKprobe)
    openings.set(opening, for: thread)
    return .done
}

@inline(__always)
func end(_ result: Int64, byKprobe: Bool = false) -> ProbeResult {
    let thread = CurrentTask.identity
    guard let opening = openings.lookup(thread), opening.value.isByKprobe == byKprobe else { return .done }
    if !only_failed.value || result < 0 { report(opening, thread, result) }
    openings.remove(thread)
    return .done
}

@inline(__always)
func report(_ opening: MapValue<Opening>, _ thread: UInt64, _ result: Int64) {
    guard let event = events.reserve(countingLossIn: events_lost) else { return }
    let now = Clock.sinceBoot
    event.value.time = now
    event.value.duration_ns = now &- opening.value.began
    event.value.pid = UInt32(truncatingIfNeeded: thread &>> 32)
    event.value.tid = UInt32(truncatingIfNeeded: thread)
    event.value.uid = CurrentTask.user
    event.value.result = Int32(truncatingIfNeeded: result)
    event.value.directory = opening.value.directory
    event.value.flags.value = opening.value.flags
    event.value.mode.value = opening.value.mode
    event.value.by_kprobe = opening.value.isByKprobe
    CurrentTask.readName(into: &event.value.comm)
    // Read only now: before the call the page that holds the path may not have been in memory.
    let length = opening.value.path.readText(into: &event.value.path)
    event.value.truncated = length.rawValue == 256
    event.submit()
}

@section("tracepoint/syscalls/sys_enter_openat") @used
func openat_enter(_ call: TracepointContext<Enter>) -> ProbeResult {
    let arguments = call.fields.arguments
    return begin(arguments.0, arguments.1, flags: arguments.2, mode: arguments.3)
}

@section("tracepoint/syscalls/sys_exit_openat") @used
func openat_exit(_ call: TracepointContext<Leave>) -> ProbeResult { end(call.fields.result) }

@section("tracepoint/syscalls/sys_enter_openat2") @used
func openat2_enter(_ call: TracepointContext<Enter>) -> ProbeResult {
    let arguments = call.fields.arguments
    var how = OpenHow()
    UserPointer(arguments.2).read(into: &how)
    return begin(arguments.0, arguments.1, flags: how.flags, mode: how.mode)
}

@section("tracepoint/syscalls/sys_exit_openat2") @used
func openat2_exit(_ call: TracepointContext<Leave>) -> ProbeResult { end(call.fields.result) }

// Not on arm64, which has openat alone.
@section("tracepoint/syscalls/sys_enter_open") @used
func open_enter(_ call: TracepointContext<Enter>) -> ProbeResult {
    let arguments = call.fields.arguments
    return begin(workingDirectory, arguments.0, flags: arguments.1, mode: arguments.2)
}

@section("tracepoint/syscalls/sys_exit_open") @used
func open_exit(_ call: TracepointContext<Leave>) -> ProbeResult { end(call.fields.result) }

@section("kprobe/do_sys_openat2") @used
func openat2_begin(_ call: ProbeContext) -> ProbeResult {
    var how = OpenHow()
    call.kernelPointer(2, to: OpenHow.self).read(into: &how)
    return begin(call.argument(0), call.argument(1), flags: how.flags, mode: how.mode, byKprobe: true)
}

@section("kretprobe/do_sys_openat2") @used
func openat2_end(_ call: ProbeContext) -> ProbeResult { end(Int64(Int32(truncatingIfNeeded: call.result)), byKprobe: true) }
