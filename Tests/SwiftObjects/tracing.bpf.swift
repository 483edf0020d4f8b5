// Programs of the kernel's and of processes' functions, run by hand: raw tracepoints by test-run.
import EBPF
import SwiftConstructs

let license = License.gpl

let answers = ArrayMap<UInt64>(entries: 8)

@inline(__always)
private func put(_ value: UInt64, at index: UInt32) { answers.set(value, for: index) }

/// The second of some numbers, wherever they lie.
@inline(__always)
private func second<Number>(_ numbers: some RemotePointer<Number>) -> Number? { numbers.read(at: 1) }

/// What the kernel says of the thread that runs the program.
@section("raw_tracepoint/sys_enter") @used
func currentTask(_ context: RawTracepointContext) -> ProbeResult {
    put(CurrentTask.identity, at: 0)
    put(UInt64(CurrentTask.user) | UInt64(CurrentTask.group) &<< 32, at: 1)
    let name = CurrentTask.name
    var first: UInt64 = 0
    for i in 0..<8 { first |= UInt64(UInt8(truncatingIfNeeded: name[i])) &<< UInt64(i * 8) }
    put(first, at: 2)
    put(CurrentTask.cgroup, at: 3)
    return .done
}

/// Reads the process's memory: a number, one that cannot be read, and text.
@section("raw_tracepoint/sys_enter") @used
func userMemory(_ context: RawTracepointContext) -> ProbeResult {
    let pointer = context.userPointer(0, to: UInt64.self)
    put(second(pointer) ?? 1, at: 4)
    var (copied, unreadable): (UInt64, UInt64) = (3, 4)
    let isCopied = pointer.read(into: &copied).succeeded && !UserPointer(8).read(into: &unreadable).succeeded
    put((UserPointer<UInt64>(8).read() ?? 2) | copied &<< 8 | unreadable &<< 16 | (isCopied ? 1 &<< 24 : 0), at: 5)
    var text = FixedString<16>.empty
    let length = context.userPointer(1, to: CChar.self).readText(into: &text)
    let (first, second) = (UInt64(UInt8(truncatingIfNeeded: text[0])), UInt64(UInt8(truncatingIfNeeded: text[1])))
    put(UInt64(truncatingIfNeeded: length.rawValue) | first &<< 8 | second &<< 16, at: 6)
    return .done
}

/// Reads the kernel's memory: what cannot be read there is no more than nothing.
@section("raw_tracepoint/sys_enter") @used
func kernelMemory(_ context: RawTracepointContext) -> ProbeResult {
    put(second(KernelPointer<UInt64>(0)) ?? 3, at: 7)
    put(CurrentTask.structure.read(at: 0) == nil ? 0 : 1, at: 0)
    return .done
}

let processNumber = KernelField<Int32>("task_struct", "tgid")
let threadNumber = KernelField<UInt32>("task_struct", "pid")
let threadName = KernelField<FixedString<16>>("task_struct", "comm")
let parent = KernelField<KernelPointer<UInt8>>("task_struct", "real_parent")

/// A structure inside of another: what it has is found by its own name.
struct SchedulerEntity: BitwiseCopyable { var bytes: UInt64 }

let scheduler = KernelField<SchedulerEntity>("task_struct", "se")
let runtime = KernelField<UInt64>("sched_entity", "sum_exec_runtime")

/// Reads fields of the kernel's, wherever this kernel has them.
@section("raw_tracepoint/sys_enter") @used
func kernelFields(_ context: RawTracepointContext) -> ProbeResult {
    let task = CurrentTask.structure
    put(UInt64(truncatingIfNeeded: task.read(processNumber) ?? 0), at: 0)
    put(UInt64(task.read(threadNumber) ?? 0), at: 1)
    var name = FixedString<16>.empty
    task.readText(threadName, into: &name)
    var first: UInt64 = 0
    for i in 0..<8 { first |= UInt64(UInt8(truncatingIfNeeded: name[i])) &<< UInt64(i * 8) }
    put(first, at: 2)
    put(task.read(parent).flatMap { $0.read(processNumber) }.map { UInt64(truncatingIfNeeded: $0) } ?? 0, at: 3)
    put(task.at(scheduler).read(runtime) ?? 0, at: 4)
    return .done
}

let missing = KernelField<Int32>("task_struct", "no_such_field")

/// Reads a field that no kernel has: left out, unless asked for.
@section("?raw_tracepoint/sys_enter") @used
func missingField(_ context: RawTracepointContext) -> ProbeResult {
    put(UInt64(truncatingIfNeeded: CurrentTask.structure.read(missing) ?? 0), at: 0)
    return .done
}

// Each needs what stands below it.
let third = second &+ UInt64(powers[3])
let second = spread(first)
let first = UInt64(gateway.number.value)
let powers: InlineArray<4, UInt32> = [1, 3, 9, 27]
let gateway = IPv4Address(192, 0, 2, 1)
let nameService: BigEndian<UInt16> = 53
let wide = Setting<UInt128>(7 << 64 | 9)

@inline(never)
func spread(_ number: UInt64) -> UInt64 { number &* 0x9e37_79b9 }

@section("raw_tracepoint/sys_enter") @used
func globals(_ context: RawTracepointContext) -> ProbeResult {
    put(third, at: 0)
    put(second, at: 1)
    put(UInt64(powers[Int(context.argument(0) & 3)]), at: 2)
    put(UInt64(gateway.number.bits), at: 3)
    put(UInt64(nameService.bits), at: 4)
    let value = wide.value
    put(UInt64(truncatingIfNeeded: value >> 64), at: 5)
    put(UInt64(truncatingIfNeeded: value), at: 6)
    return .done
}
