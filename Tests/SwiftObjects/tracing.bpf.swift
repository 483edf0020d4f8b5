// Programs of the kernel's and of processes' functions, run by hand: raw tracepoints by test-run.
import EBPF
import SwiftConstructs

let license = License.gpl

let answers = ArrayMap<UInt64>(entries: 8)

@inline(__always)
private func put(_ value: UInt64, at index: UInt32) { answers.set(value, for: index) }

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
    let pointer = UserPointer<UInt64>(context.argument(0))
    put(pointer.read(at: 1) ?? 1, at: 4)
    var (copied, unreadable): (UInt64, UInt64) = (3, 4)
    let isCopied = pointer.read(into: &copied).succeeded && !UserPointer(8).read(into: &unreadable).succeeded
    put((UserPointer<UInt64>(8).read() ?? 2) | copied &<< 8 | unreadable &<< 16 | (isCopied ? 1 &<< 24 : 0), at: 5)
    var text = FixedString<16>.empty
    let length = UserPointer<CChar>(context.argument(1)).readText(into: &text)
    let (first, second) = (UInt64(UInt8(truncatingIfNeeded: text[0])), UInt64(UInt8(truncatingIfNeeded: text[1])))
    put(UInt64(truncatingIfNeeded: length.rawValue) | first &<< 8 | second &<< 16, at: 6)
    return .done
}

/// Reads the kernel's memory: what cannot be read there is no more than nothing.
@section("raw_tracepoint/sys_enter") @used
func kernelMemory(_ context: RawTracepointContext) -> ProbeResult {
    put(KernelPointer<UInt64>(0).read() ?? 3, at: 7)
    put(CurrentTask.structure.read(at: 0) == nil ? 0 : 1, at: 0)
    return .done
}
