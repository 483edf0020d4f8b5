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
    put(second(context.userPointer(0, to: UInt64.self)) ?? 1, at: 4)
    put(UserPointer<UInt64>(8).read() ?? 2, at: 5)
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
