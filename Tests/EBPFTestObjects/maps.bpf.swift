import EBPF
import EBPFTestTypes

let license = License.dualMIT
let padded = HashMap<NumberKey, PaddedValue>(entries: 4)
let recent = LRUHashMap<UInt32, UInt64>(entries: 64)
let own = PerCPUArray<UInt64>(entries: 2)
let ownByKey = PerCPUHashMap<UInt32, UInt32>(entries: 8)
let ownRecent = LRUPerCPUHashMap<UInt32, UInt32>(entries: 64)
let answers = ArrayMap<Int32>(entries: 16)
let queue = Queue<UInt64>(entries: 2)
let stack = Stack<UInt16>(entries: 2)
let tables = ArrayOfMaps(entries: 2, of: HashMap<UInt32, UInt64>(entries: 8))
let named = HashOfMaps<UInt16, _>(entries: 2, of: ArrayMap<UInt64>(entries: 4))
let programs = ProgramArray(entries: 2)
let devices = DeviceMap(entries: 2)
/// Used by no program.
let unused = ArrayMap<PaddedValue>(entries: 3)

func answer(_ index: UInt32, _ value: Int32) { answers.set(value, for: index) }

/// Leaves in `answers` what the calls said.
@section("xdp") @used
func useKeys(_ frame: XDPContext) -> XDPAction {
    let key = NumberKey(kind: 7, number: UInt32(frame.count))
    answer(0, padded.lookup(key) == nil ? 1 : 0)
    padded.lookup(key, orInsert: PaddedValue(packets: 40, bytes: 0, kind: 3))?.value.packets &+= 2
    answer(1, padded.set(PaddedValue(packets: 0, bytes: 0, kind: 0), for: key, mode: .insert).errorNumber)
    answer(2, padded.set(PaddedValue(packets: 0, bytes: 0, kind: 0), for: NumberKey(kind: 8, number: 0), mode: .replace).errorNumber)
    answer(3, padded.remove(NumberKey(kind: 9, number: 0)).errorNumber)
    for number in BoundedIndices(4) {
        padded.set(PaddedValue(packets: 0, bytes: 0, kind: 0), for: NumberKey(kind: 1, number: UInt32(truncatingIfNeeded: number)))
    }
    answer(4, padded.set(PaddedValue(packets: 0, bytes: 0, kind: 0), for: NumberKey(kind: 2, number: 0)).errorNumber)
    answer(5, padded.remove(NumberKey(kind: 1, number: 2)).errorNumber)
    recent.set(5, for: 6)
    ownByKey.set(7, for: 8)
    ownRecent.set(9, for: 10)
    own.lookup(1)?.value &+= 3
    answer(6, own.lookup(2) == nil ? 1 : 0)
    return .pass
}

@section("xdp") @used
func useQueues(_ frame: XDPContext) -> XDPAction {
    queue.push(1)
    queue.push(2)
    answer(7, queue.push(3).errorNumber)
    answer(8, queue.push(4, replacingOldest: true).errorNumber)
    answer(9, Int32(truncatingIfNeeded: queue.pop() ?? 0))
    stack.push(5)
    stack.push(6)
    answer(10, Int32(stack.peek() ?? 0))
    return .pass
}

@section("xdp") @used
func useTables(_ frame: XDPContext) -> XDPAction {
    let first = tables.withMap(1) { table in table.lookup(7)?.value ?? 100 } ?? 200
    let second = named.withMap(3) { table in table.value(for: 2) ?? 100 } ?? 200
    return XDPAction(rawValue: UInt32(truncatingIfNeeded: first &* 1000 &+ second))
}

@section("xdp") @used
func goOn(_ frame: XDPContext) -> XDPAction {
    programs.run(1, with: frame)
    return devices.redirect(to: 0, otherwise: .drop)
}
