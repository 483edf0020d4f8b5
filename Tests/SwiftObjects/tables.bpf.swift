// Maps of every kind, as programs use them. Each program takes its arguments from the frame and writes its answer behind them.
import EBPF
import SwiftConstructs

let license = License.gpl

/// The constant by which an answer is told from nothing.
@inline(__always)
private func answered(_ frame: XDPContext, _ body: (Numbers) -> UInt64?) -> XDPAction { answer(frame) { body($0) ?? .max } }

let numbers = ArrayMap<UInt64>(entries: 16)

/// Adds to an element; answers with what it is then.
@section("xdp") @used
func arrayMap(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in
        guard let element = numbers.lookup(UInt32(truncatingIfNeeded: n.a)) else { return nil }
        element.value &+= n.b
        return element.value
    }
}

let own = PerCPUArray<UInt64>(entries: 4)

@section("xdp") @used
func perCPUArray(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in
        guard let element = own.lookup(UInt32(truncatingIfNeeded: n.a)) else { return nil }
        element.value &+= n.b
        return element.value
    }
}

let flows = HashMap<FlowKey, Flow>(entries: 4)

/// Counts for a key, which is put there if it is missing; answers with its packets.
@section("xdp") @used
func hashMap(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in
        guard let flow = flows.lookup(FlowKey(n), orInsert: Flow(packets: 0, bytes: 0)) else { return nil }
        flow.value.packets &+= 1
        flow.value.bytes &+= n.d
        return flow.value.packets
    }
}

@section("xdp") @used
func hashMapValue(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in flows.value(for: FlowKey(n)).map { $0.packets &* 1000 &+ $0.bytes } }
}

@section("xdp") @used
func hashMapSet(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in
        let flow = Flow(packets: n.d, bytes: 1)
        let result =
            n.c & 3 == 0
            ? flows.set(flow, for: FlowKey(n))
            : n.c & 3 == 1
                ? flows.set(flow, for: FlowKey(n), mode: .insert)
                : flows.set(flow, for: FlowKey(n), mode: .replace)
        return UInt64(truncatingIfNeeded: result.errorNumber)
    }
}

@section("xdp") @used
func hashMapRemove(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in UInt64(truncatingIfNeeded: flows.remove(FlowKey(n)).errorNumber) }
}

let endpoints = HashMap<Endpoints<UInt32, BigEndian<UInt16>>, UInt64>(entries: 8)

/// Counts for a key of a generic type.
@section("xdp") @used
func genericKey(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in
        let ports = (BigEndian(UInt16(truncatingIfNeeded: n.b)), BigEndian(UInt16(truncatingIfNeeded: n.c)))
        guard let count = endpoints.lookup(Endpoints(UInt32(truncatingIfNeeded: n.a), ports.0, ports.1), orInsert: 0) else { return nil }
        count.value &+= 1
        return count.value
    }
}

let recent = LRUHashMap<UInt64, UInt64>(entries: 32)

@section("xdp") @used
func lruHashMap(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in
        recent.set(n.b, for: n.a)
        return recent.value(for: n.a)
    }
}

let ownFlows = PerCPUHashMap<UInt32, Flow>(entries: 8)

@section("xdp") @used
func perCPUHashMap(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in
        guard let flow = ownFlows.lookup(UInt32(truncatingIfNeeded: n.a), orInsert: Flow(packets: 5, bytes: 0)) else { return nil }
        flow.value.packets &+= 1
        return flow.value.packets
    }
}

let ownRecent = LRUPerCPUHashMap<UInt32, UInt64>(entries: 32)

@section("xdp") @used
func lruPerCPUHashMap(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in
        ownRecent.set(n.b, for: UInt32(truncatingIfNeeded: n.a))
        return ownRecent.value(for: UInt32(truncatingIfNeeded: n.a))
    }
}

let prefixes = LPMTrie<Prefix<IPv4Address>, UInt32>(entries: 16)

/// The number of the longest prefix that covers an address.
@section("xdp") @used
func lpmTrie(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in
        prefixes.lookup(Prefix(IPv4Address(UInt32(truncatingIfNeeded: n.a)))).map { UInt64($0.value) }
    }
}

let waiting = Queue<UInt64>(entries: 3)
let piled = Stack<UInt64>(entries: 3)

@section("xdp") @used
func queuePush(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in UInt64(truncatingIfNeeded: waiting.push(n.a, replacingOldest: n.b != 0).errorNumber) }
}

@section("xdp") @used
func queuePop(_ frame: XDPContext) -> XDPAction { answered(frame) { _ in waiting.pop() } }

@section("xdp") @used
func stackPushPop(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in
        piled.push(n.a)
        piled.push(n.b)
        guard let top = piled.peek(), let first = piled.pop(), let second = piled.pop() else { return nil }
        return top == first && piled.pop() == nil ? first &* 1000 &+ second : nil
    }
}

let tables = ArrayOfMaps(entries: 2, of: ArrayMap<UInt64>(entries: 4))

@section("xdp") @used
func arrayOfMaps(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in
        let value: UInt64?? = tables.withMap(UInt32(truncatingIfNeeded: n.a)) { table in table.value(for: UInt32(truncatingIfNeeded: n.b)) }
        return value ?? 77
    }
}

let namedTables = HashOfMaps<UInt16, _>(entries: 4, of: HashMap<UInt32, UInt64>(entries: 4))

@section("xdp") @used
func hashOfMaps(_ frame: XDPContext) -> XDPAction {
    answered(frame) { n in
        let value: UInt64?? = namedTables.withMap(UInt16(truncatingIfNeeded: n.a)) { table in
            table.value(for: UInt32(truncatingIfNeeded: n.b))
        }
        return value ?? 77
    }
}

let steps = ProgramArray(entries: 4)

/// Answers 1, unless it goes on with another program.
@section("xdp") @used
func tailCall(_ frame: XDPContext) -> XDPAction {
    guard let n = frame.read(Numbers.self, at: 0), frame.write(1 as UInt64, at: 32) else { return .aborted }
    steps.run(UInt32(truncatingIfNeeded: n.a), with: frame)
    return .drop
}

@section("xdp") @used
func tailCalled(_ frame: XDPContext) -> XDPAction { answer(frame) { $0.b &+ 2 } }
