// swift-format-ignore-file
// Programs and maps that are declared in a way the kernel's loader cannot take.
// What is wrong is so on purpose, and each line says how it is refused.
import EBPF
import SwiftConstructs

let license = License.gpl

let sized = HashMap<UInt32, UInt64>(entries: UInt32(truncatingIfNeeded: Clock.monotonic))  // refused: the size of the map 'sized' is not known at build time

@section("xdp") @used
func one(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in sized.value(for: 1) ?? n.a }
}

@section("xpd") @used
func misspelt(_ frame: XDPContext) -> XDPAction { .pass }  // refused: the section 'xpd' of program 'misspelt' is of no kind of program; the nearest is 'xdp'

@section("xdp") @used
func twoContexts(_ frame: XDPContext, _ other: XDPContext) -> XDPAction { .pass }  // refused: the program 'twoContexts' takes 2 arguments, but the kernel hands it one

enum Broken: Error { case frame, header(UInt8) }

@section("xdp") @used
func throwing(_ frame: XDPContext) throws(Broken) -> XDPAction {  // refused: the program 'throwing' throws, but the kernel catches nothing
    guard let byte = frame.read(UInt8.self, at: 0) else { throw .frame }
    if byte == 7 { throw .header(byte) }
    return .pass
}

@section("xdp") @used
func narrowResult(_ frame: XDPContext) -> UInt8 { UInt8(truncatingIfNeeded: frame.interface) }  // refused: the result of program 'narrowResult' is not a number of 32 or 64 bits

@section("xdp") @used
func optionalResult(_ frame: XDPContext) -> XDPAction? { frame.interface == 1 ? nil : .drop }  // refused: the result of program 'optionalResult' is not one number

@section("xdp") @used
func twoResults(_ frame: XDPContext) -> (UInt16, UInt16) { (UInt16(truncatingIfNeeded: frame.interface), 2) }  // refused: the result of program 'twoResults' is not one number

@section("tc") @used
func probeAtTC(_ context: ProbeContext) -> TCAction { .ok }  // refused: the program 'probeAtTC' takes 'ProbeContext', but one of section 'tc' is handed 'TCContext'

@section("kprobe/do_unlinkat") @used
func frameAtProbe(_ context: XDPContext) -> ProbeResult { .done }  // refused: the program 'frameAtProbe' takes 'XDPContext', but one of section 'kprobe/do_unlinkat' is handed 'ProbeContext'

@section("cgroup/connect4") @used
func packetAtConnect(_ context: CgroupPacketContext) -> CgroupVerdict { .allow }  // refused: the program 'packetAtConnect' takes 'CgroupPacketContext', but one of section 'cgroup/connect4' is handed 'SocketAddressContext'

@section("tp_btf/sys_enter") @used
func rawAtTyped(_ context: RawTracepointContext) -> ProbeResult { .done }  // refused: the program 'rawAtTyped' takes 'RawTracepointContext', but one of section 'tp_btf/sys_enter' is handed 'FunctionContext'

@section("raw_tp/sys_enter") @used
func typedAtRaw(_ context: TracepointContext<UInt64>) -> ProbeResult { .done }  // refused: the program 'typedAtRaw' takes 'TracepointContext', but one of section 'raw_tp/sys_enter' is handed 'RawTracepointContext'

@section("xdp/mine") @used
func suffixed(_ frame: XDPContext) -> XDPAction { .pass }  // refused: the section 'xdp/mine' of program 'suffixed' is of no kind of program

@section("xdp") @used
func generic<Number: BitwiseCopyable>(_ frame: XDPContext, _ number: Number) -> XDPAction { .pass }  // refused: the program 'generic' is generic

@section("xdp") @used
func opaque(_ packet: some PacketBytes) -> XDPAction { .pass }  // refused: the program 'opaque' is generic

struct Programs {
    @section("xdp") @used
    func method<Number: BitwiseCopyable>(_ frame: XDPContext, _ number: Number) -> XDPAction { .pass }  // refused: the program 'method' is generic
}

@section("xdp")
private func unused(_ frame: XDPContext) -> XDPAction { .pass }  // refused: the program 'unused' is left out, as nobody calls it; write '@used' beside its section

struct GappedKey: BitwiseCopyable {
    var kind: UInt8
    var number: UInt32
}

let gapped = HashMap<GappedKey, UInt64>(entries: 4)  // refused: the key of the map 'gapped' has a gap, 3 bytes behind 'kind'

struct Outer: BitwiseCopyable {
    var list: InlineArray<2, GappedKey>
    var last: UInt16
}

let nestedGaps = LRUHashMap<Outer, UInt64>(entries: 4)  // refused: the key of the map 'nestedGaps' has a gap, 3 bytes behind 'kind'

struct Short: BitwiseCopyable {
    var number: UInt32
    var kind: UInt8
}

let stridden = HashMap<InlineArray<2, Short>, UInt64>(entries: 4)  // refused: the key of the map 'stridden' has a gap, behind each element of an array

struct MaybeKey: BitwiseCopyable {
    var kind: UInt8
    var number: UInt16
    var last: UInt8?
}

let maybe = HashMap<MaybeKey, UInt64>(entries: 4)  // refused: the key of the map 'maybe' holds an optional or an enumeration with payloads

struct LastMaybe: BitwiseCopyable {
    var number: UInt16
    var last: UInt8?
}

let lastMaybe = HashMap<LastMaybe, UInt64>(entries: 4)  // refused: the key of the map 'lastMaybe' holds an optional or an enumeration with payloads

let größe = Setting<UInt32>(4)  // refused: 'größe' has a name that the kernel's type information cannot hold

struct Measures: BitwiseCopyable { var länge: UInt32 }

let measures = HashMap<UInt32, Measures>(entries: 4)  // refused: the type or field 'länge' has a name that the kernel's type information cannot hold

enum State: UInt8, BitwiseCopyable { case established = 1, opening }

let enumerated = KernelField<State>("sock_common", "skc_state")  // refused: the field 'enumerated' of the kernel is read as an enumeration

let nestedField = KernelField<Int32>("task_struct", "se.on_rq")  // refused: 'se.on_rq' is not the name of a structure of the kernel's or of one of its fields

let foreignField = KernelField<Int32>("task_ström", "tgid")  // refused: 'task_ström' is not the name of a structure
