// Events, settings, variables, atomics, and what the kernel is asked.
import EBPF
import SwiftConstructs

let license = License.dualMIT

let events = RingBuffer<Event>(bytes: 4096)

/// Sends the numbers, with which processor and process; answers whether there was room.
@section("xdp") @used
func ringSend(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        events.send(Event(number: n.a, kind: UInt8(truncatingIfNeeded: n.b), size: UInt16(truncatingIfNeeded: n.c))) ? 1 : 0
    }
}

/// Fills an event in where it lies, and sends it or not.
@section("xdp") @used
func ringReserve(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        guard let event = events.reserve() else { return 9 }
        event.value.number = n.a
        event.value.size = UInt16(truncatingIfNeeded: n.c)
        switch n.b & 3 {
        case 0:
            event.submit()
            return 0
        case 1:
            event.cancel()
            return 1
        case 2: return 2  // Let go of: as good as cancelled.
        default:
            event.value.kind = 3
            event.submit(wakeUp: .never)
            return 3
        }
    }
}

@section("xdp") @used
func ringUnread(_ frame: XDPContext) -> XDPAction { answer(frame) { _ in events.unreadBytes } }

let perCPUEvents = PerfBuffer<Event>()

@section("xdp") @used
func perfSend(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        perCPUEvents.send(Event(number: n.a, kind: 1, size: 2), from: frame).succeeded ? 1 : 0
    }
}

let factor = Setting<UInt32>(10)
let offset = Setting<Int64>(-5)
let isLoud = Setting<UInt8>(0)

@section("xdp") @used
func settings(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let value = n.a &* UInt64(factor.value) &+ UInt64(bitPattern: offset.value)
        return isLoud.value != 0 ? value &+ 1_000_000 : value
    }
}

nonisolated(unsafe) var calls: UInt64 = 0
nonisolated(unsafe) var biggest: UInt32 = 7

@section("xdp") @used
func globalVariables(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        calls &+= 1
        biggest = max(biggest, UInt32(truncatingIfNeeded: n.a))
        return calls &* 1000 &+ UInt64(biggest)
    }
}

let words = ArrayMap<UInt64>(entries: 1)
let halves = ArrayMap<UInt32>(entries: 1)

/// Every atomic operation on a word; answers with all that they say of before.
@section("xdp") @used
func atomics(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        guard let word = words.lookup(0) else { return .max }
        word.value = n.a
        word.value.addAtomically(n.b)
        var seen = word.value.fetchAndAdd(3)
        seen = seen &* 31 &+ word.value.fetchAndAnd(n.c)
        seen = seen &* 31 &+ word.value.fetchAndOr(n.d)
        seen = seen &* 31 &+ word.value.fetchAndXor(n.a)
        seen = seen &* 31 &+ word.value.exchange(n.b)
        seen = seen &* 31 &+ word.value.compareExchange(expected: n.b, desired: 77)
        seen = seen &* 31 &+ word.value.compareExchange(expected: 78, desired: 79)
        return seen &* 31 &+ word.value
    }
}

@section("xdp") @used
func smallAtomics(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        guard let word = halves.lookup(0) else { return .max }
        word.value = UInt32(truncatingIfNeeded: n.a)
        word.value.addAtomically(5)
        let before = word.value.fetchAndXor(UInt32(truncatingIfNeeded: n.b))
        let swapped = word.value.exchange(9)
        return UInt64(before) &+ UInt64(swapped) &* 3 &+ UInt64(word.value)
    }
}

/// Answers 1 if the clocks go on and agree with each other.
@section("xdp") @used
func clocks(_ frame: XDPContext) -> XDPAction {
    answer(frame) { _ in
        let (first, second) = (Clock.monotonic, Clock.monotonic)
        return first > 0 && first <= second && Clock.sinceBoot >= first && Clock.coarse <= second ? 1 : 0
    }
}

@section("xdp") @used
func processor(_ frame: XDPContext) -> XDPAction { answer(frame) { _ in UInt64(Processor.current) } }

@section("xdp") @used
func randomNumbers(_ frame: XDPContext) -> XDPAction {
    answer(frame) { _ in UInt64(randomNumber()) &<< 32 | UInt64(randomNumber()) }
}

/// Answers with bits for the parts of the frame's own description that are right.
@section("xdp") @used
func frameContext(_ frame: XDPContext) -> XDPAction {
    answer(frame) { n in
        let isEnded = frame.read(UInt8.self, at: frame.count) == nil && frame.read(UInt8.self, at: -1) == nil
        let last = frame.read(UInt8.self, at: frame.count &- 1) ?? 0
        return UInt64(truncatingIfNeeded: frame.count) &+ (isEnded ? 1000 : 0) &+ UInt64(last) &* 10_000
    }
}

/// Moves the frame's start, and reads what lies there then.
@section("xdp") @used
func movedStart(_ frame: XDPContext) -> XDPAction {
    guard frame.moveStart(by: 8).succeeded, let second = frame.read(UInt64.self, at: 0), frame.moveStart(by: -8).succeeded else {
        return .aborted
    }
    return frame.write(second, at: 32) ? .pass : .aborted
}

// Socket buffers.

@section("tc") @used
func packetFields(_ packet: TCContext) -> TCAction {
    guard let n = packet.read(UInt32.self, at: 20) else { return .drop }
    packet.mark = packet.mark &+ n
    packet.priority = UInt32(truncatingIfNeeded: packet.count)
    return packet.networkProtocol == .ipv4 ? .ok : .next
}

/// Writes a word by a call, and reads it back by both ways.
@section("tc") @used
func packetBytes(_ packet: TCContext) -> TCAction {
    guard packet.store(0x1122_3344 as UInt32, at: 24).succeeded, let direct = packet.read(UInt32.self, at: 24),
        let loaded = packet.load(UInt32.self, at: 24), packet.everything.read(UInt16.self, at: packet.count &- 1) == nil
    else { return .drop }
    packet.mark = direct == loaded ? direct : 0
    return .ok
}
