import BPF
import SwiftConstructs
import SwiftObjects
import Testing

@Suite("Events, settings and calls of programs in Swift")
struct EventTests {
    @Test func `events come as they were sent, gaps empty`() throws {
        let loaded = try OpenObject(.events).load()
        let ring = try loaded.ringBuffer("events")
        #expect(try loaded.call("ringSend", 11, 2, 3) == 1)
        #expect(try loaded.call("ringReserve", 12, 0, 5) == 0)
        #expect(try loaded.call("ringReserve", 13, 1, 5) == 1, "cancelled")
        #expect(try loaded.call("ringReserve", 14, 2, 5) == 2, "let go of")
        #expect(try loaded.call("ringReserve", 15, 3, 6) == 3)
        let unread = try loaded.call("ringUnread") ?? 0
        #expect(unread > 0)
        let batch = try ring.drain()
        var events: [Event] = []
        batch.forEach(as: Event.self) { events.append($0) }
        #expect(
            events == [
                Event(number: 11, kind: 2, size: 3), Event(number: 12, kind: 0, size: 5), Event(number: 15, kind: 3, size: 6),
            ])
        batch.forEach { #expect($0.byteCount == MemoryLayout<Event>.size) }
        #expect(batch.bytes(at: 0) == [11, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0])
        #expect(try loaded.call("ringUnread") == 0)
    }

    @Test func `a full ring refuses`() throws {
        let loaded = try OpenObject(.events).load()
        var sent = 0
        while try loaded.call("ringSend", UInt64(sent)) == 1, sent < 1000 { sent += 1 }
        #expect(sent > 50 && sent < 1000)
        #expect(try loaded.ringBuffer("events").drain().count == sent)
        #expect(try loaded.call("ringSend", 1) == 1)
    }

    @Test func `a perf buffer carries events`() throws {
        let loaded = try OpenObject(.events).load()
        #expect(try loaded.call("perfSend", 4) == 0, "nobody reads")
        let buffer = try loaded.perfBuffer("perCPUEvents")
        #expect(try loaded.call("perfSend", 5) == 1)
        var events: [UInt64] = []
        try buffer.drain().forEach(as: Event.self) { events.append($0.number) }
        #expect(events == [5])
    }

    @Test func `settings are what they were set to, or what the source says`() throws {
        var object = try OpenObject(.events)
        #expect(object.license == "Dual MIT/GPL")
        #expect(try object.load().call("settings", 7) == 65)
        object = try OpenObject(.events)
        try object.setGlobal("factor", to: 3 as UInt32)
        try object.setGlobal("offset", to: -1 as Int64)
        try object.setGlobal("isLoud", to: 1 as UInt8)
        #expect(try object.load().call("settings", 7) == 1_000_020)
    }

    @Test func `global variables keep their values from call to call`() throws {
        let loaded = try OpenObject(.events).load()
        #expect(try loaded.call("globalVariables", 5) == 1007)
        #expect(try loaded.call("globalVariables", 9) == 2009)
        #expect(try loaded.global("calls", as: UInt64.self) == 2)
        try loaded.setGlobal("biggest", to: 500 as UInt32)
        #expect(try loaded.call("globalVariables", 6) == 3500)
    }

    @Test func `atomic operations do what they say`() throws {
        let loaded = try OpenObject(.events).load()
        var chance = Chance(seed: 7)
        for _ in 0..<50 {
            let n = chance.numbers()
            var (word, seen) = (n.a &+ n.b, 0 as UInt64)
            func step(_ next: UInt64) {
                seen = seen &* 31 &+ word
                word = next
            }
            step(word &+ 3)
            step(word & n.c)
            step(word | n.d)
            step(word ^ n.a)
            step(n.b)
            step(77)
            step(word)
            #expect(try answer(loaded.program("atomics"), n) == seen &* 31 &+ word)
            let small = UInt32(truncatingIfNeeded: n.a) &+ 5
            #expect(
                try answer(loaded.program("smallAtomics"), n)
                    == UInt64(small) + UInt64(small ^ UInt32(truncatingIfNeeded: n.b)) * 3 + 9)
        }
    }

    @Test func `clocks go on, chance differs, the processor is one of the machine's`() throws {
        let loaded = try OpenObject(.events).load()
        #expect(try loaded.call("clocks") == 1)
        #expect(try loaded.call("randomNumbers") != loaded.call("randomNumbers"))
        let processor = try loaded.call("processor") ?? .max
        #expect(processor < 4096)
    }

    @Test func `a frame knows its end and its bytes`() throws {
        let loaded = try OpenObject(.events).load()
        var bytes = frame(Numbers(1, 2, 3, 4))
        bytes[63] = 9
        let context = try loaded.program("frameContext").testRun(data: bytes)
        #expect(context.returnValue == 2 && number(in: context.data, at: 32) == 64 + 1000 + 90_000)
        #expect(try loaded.call("movedStart", 5, 6) == 6)
    }

    @Test func `a socket buffer's fields and bytes are read and written`() throws {
        let loaded = try OpenObject(.events).load()
        var bytes = [UInt8](repeating: 0, count: 12) + [8, 0, 0x45] + [UInt8](repeating: 0, count: 49)
        bytes[20] = 5
        let fields = try loaded.program("packetFields").testRun(data: bytes, context: TestRunContext(mark: 37))
        #expect(fields.returnValue == 0 && fields.context?.mark == 42 && fields.context?.priority == 64)
        let written = try loaded.program("packetBytes").testRun(data: bytes, context: TestRunContext())
        #expect(written.returnValue == 0 && written.context?.mark == 0x1122_3344)
        #expect(Array(written.data[24..<28]) == [0x44, 0x33, 0x22, 0x11])
    }
}
