import EBPF

/// What libFuzzer calls with each input (scripts/fuzz-parsers): the process ends where the shared source and the plain one do not agree.
///
/// - Parameters:
///   - bytes: The input, a ``FuzzedPacket``.
///   - count: How many bytes it has.
@c(LLVMFuzzerTestOneInput)
public func judge(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let packet = unsafe FuzzedPacket(UnsafeBufferPointer(start: bytes, count: count))
    let length = packet.frame.count
    // All of it, and what is left of it where it ends early.
    var cut = 0
    while cut < length {
        check(packet, cut)
        cut += 1 + cut / 16
    }
    check(packet, length)
    checkBounds(packet)
    return 0
}

private func check(_ packet: FuzzedPacket, _ count: Int) {
    let found = packet.summary(ofFirst: count)
    let expected = packet.plainSummary(ofFirst: count)
    if found != expected { fatalError("of \(count) bytes of \(packet): \(found), but plainly \(expected)") }
}

/// No offset whatever leads out of a packet.
private func checkBounds(_ packet: FuzzedPacket) {
    let buffer = PacketBuffer(packet.frame)
    let isInside = packet.offset >= 0 && packet.offset <= packet.frame.count - 4 && packet.offset <= 65_535 - 4
    let word = buffer.read(BigEndian<UInt32>.self, at: packet.offset)
    if (word != nil) != isInside || buffer.write(0x0102_0304 as BigEndian<UInt32>, at: packet.offset) != isInside {
        fatalError("4 bytes at \(packet.offset) of \(packet.frame.count)")
    }
    var changed = packet.frame
    if isInside {
        let place = packet.offset
        if word?.value != changed[place..<place + 4].reduce(0, { $0 << 8 | UInt32($1) }) { fatalError("\(place): read \(word as Any)") }
        changed.replaceSubrange(place..<place + 4, with: [1, 2, 3, 4])
    }
    if buffer.bytes != changed { fatalError("written at \(packet.offset): \(buffer.bytes), not \(changed)") }
}
