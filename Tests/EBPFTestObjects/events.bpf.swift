import EBPF
import EBPFTestTypes

let license = License.gpl
let ring = RingBuffer<Sighting>(bytes: 4096)
let perf = PerfBuffer<Sighting>()
let lost = PerCPUArray<UInt64>(entries: 1)
/// How many records to send.
let count = Setting<UInt32>(0)

@section("tc") @used
func send(_ packet: TCContext) -> TCAction {
    for number in BoundedIndices(below: count.value, atMost: 200) {
        let record = Sighting(number: UInt16(truncatingIfNeeded: number), length: UInt32(packet.count), port: 443)
        if !ring.send(record) { lost.lookup(0)?.value &+= 1 }
    }
    return .ok
}

/// Sends one of three: one is given back, and one let go of.
@section("tc") @used
func reserve(_ packet: TCContext) -> TCAction {
    guard let first = ring.reserve() else { return .drop }
    first.value.number = 1
    first.cancel()
    guard let second = ring.reserve() else { return .drop }
    second.value.number = 2
    if packet.mark == 5 { return .ok }
    second.value.length = 22
    second.submit()
    perf.send(Sighting(number: 3, length: 33, port: 80), from: packet)
    return .ok
}
