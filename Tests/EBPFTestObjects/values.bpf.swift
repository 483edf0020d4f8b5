import EBPF

let license = License.gpl
let small = Setting<UInt8>(1)
let medium = Setting<Int16>(-2)
let large = Setting<UInt64>(1 << 40)
let sums = ArrayMap<UInt64>(entries: 8)
let words = ArrayMap<UInt32>(entries: 8)

@section("xdp") @used
func settings(_ frame: XDPContext) -> XDPAction {
    let sum = Int(small.value) + Int(medium.value) + Int(truncatingIfNeeded: large.value >> 38)
    return XDPAction(rawValue: UInt32(truncatingIfNeeded: sum))
}

@section("tc") @used
func atomics(_ packet: TCContext) -> TCAction {
    guard let sum = sums.lookup(0), let before = sums.lookup(1) else { return .drop }
    guard let bits = sums.lookup(2), let exchanged = sums.lookup(3) else { return .drop }
    sum.value.addAtomically(3)
    before.value = sum.value.fetchAndAdd(4)
    _ = bits.value.fetchAndOr(0xff0)
    _ = bits.value.fetchAndAnd(0x0ff)
    _ = bits.value.fetchAndXor(0x001)
    let first = exchanged.value.compareExchange(expected: 1, desired: 100)
    _ = exchanged.value.compareExchange(expected: first, desired: 7)
    before.value = before.value &+ exchanged.value.exchange(9) &* 1000
    guard let word = words.lookup(0), let old = words.lookup(1), let flags = words.lookup(2) else { return .drop }
    word.value.addAtomically(5)
    old.value = word.value.fetchAndAdd(1)
    _ = flags.value.fetchAndOr(0xff0)
    _ = flags.value.fetchAndAnd(0x0ff)
    _ = flags.value.fetchAndXor(0x001)
    _ = flags.value.compareExchange(expected: 0xf1, desired: 0xabc)
    old.value = old.value &+ flags.value.exchange(1)
    return .ok
}
