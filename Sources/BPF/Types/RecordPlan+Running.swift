extension RecordPlan {
    /// Writes a record's text.
    ///
    /// - Returns: Whether there was room for it.
    func write(_ record: UnsafeRawBufferPointer, style: Style, clock: RecordClock, to writer: inout RecordWriter) -> Bool {
        unsafe steps.withUnsafeBufferPointer { steps in
            unsafe literals.withUnsafeBufferPointer { literals in
                let run = unsafe Run(plan: self, style: style, steps: steps, literals: literals, record: record, clock: clock)
                run.steps(0..<steps.count, base: 0, &writer)
                run.put(suffix, &writer)
            }
        }
        return !writer.isFull
    }
}

/// One record on its way into text.
@safe private struct Run {
    let plan: RecordPlan
    let style: RecordPlan.Style
    let steps: UnsafeBufferPointer<RecordPlan.Step>
    let literals: UnsafeBufferPointer<UInt8>
    let record: UnsafeRawBufferPointer
    let clock: RecordClock

    @inline(__always) func put(_ range: RecordPlan.LiteralRange, _ writer: inout RecordWriter) {
        unsafe writer.put(UnsafeBufferPointer(rebasing: literals[range.start..<(range.start + range.count)]))
    }

    func steps(_ range: Range<Int>, base: Int, _ writer: inout RecordWriter) {
        var index = range.lowerBound
        while index < range.upperBound, !writer.isFull {
            let step = unsafe steps[index]
            index += 1
            put(step.prefix, &writer)
            let start = base + step.offset
            switch step.operation {
            case .none: continue
            case .loop:
                // Elements behind the record's end are not there; without a size there are as many as it has room for.
                let count = unsafe step.count >= 0 ? step.count : max(0, record.count - start) / step.size
                var place = start
                var element = 0
                while element < count, unsafe place < record.count, !writer.isFull {
                    if element > 0 { writer.put(style == .json ? 0x2c : 0x20) }
                    steps(index..<(index + step.span), base: place, &writer)
                    place += step.size
                    element += 1
                }
                index += step.span
            case .text, .bytes:
                let room = unsafe max(0, record.count - start)
                let size = step.count < 0 ? room : min(room, step.size)
                let bytes = unsafe UnsafeRawBufferPointer(rebasing: record[min(start, record.count)..<(min(start, record.count) + size)])
                if step.operation == .bytes {
                    quoted(&writer) { unsafe $0.put(hexadecimalBytes: bytes) }
                } else if style == .json {
                    unsafe writer.put(quoted: bytes)
                } else {
                    unsafe writer.put(word: bytes)
                }
            default:
                guard unsafe start + step.size <= record.count else {
                    writer.put(style == .json ? "null" : "?")
                    continue
                }
                value(step, at: start, &writer)
            }
        }
    }

    /// Writes a value that lies within the record.
    private func value(_ step: RecordPlan.Step, at start: Int, _ writer: inout RecordWriter) {
        switch step.operation {
        case .unsigned: writer.put(unsigned: load(start, step.size))
        case .signed: writer.put(signed: Self.extended(load(start, step.size), bits: step.size * 8))
        case .networkOrder: writer.put(unsigned: load(start, step.size).byteSwapped >> UInt64(64 - step.size * 8))
        case .hexadecimal: quoted(&writer) { $0.put(hexadecimal: load(start, step.size)) }
        case .boolean: writer.put(load(start, min(step.size, 8)) == 0 ? "false" : "true")
        case .wideUnsigned: writer.put("\(unsafe record.loadUnaligned(fromByteOffset: start, as: UInt128.self))")
        case .wideSigned: writer.put("\(unsafe record.loadUnaligned(fromByteOffset: start, as: Int128.self))")
        case .unsignedBits: writer.put(unsigned: bits(step, at: start))
        case .signedBits: writer.put(signed: Self.extended(bits(step, at: start), bits: step.span))
        case .booleanBits: writer.put(bits(step, at: start) == 0 ? "false" : "true")
        case .float: number(unsafe record.loadUnaligned(fromByteOffset: start, as: Float.self), &writer)
        case .double: number(unsafe record.loadUnaligned(fromByteOffset: start, as: Double.self), &writer)
        case .enumeration:
            let value = load(start, step.size)
            if name(of: value, step, &writer) { return }
            if step.count == 1 {
                writer.put(signed: Self.extended(value, bits: step.size * 8))
            } else {
                writer.put(unsigned: value)
            }
        case .enumerationBits:
            let value = bits(step, at: start)
            if !name(of: value, step, &writer) { writer.put(unsigned: value) }
        case .ipv4: quoted(&writer) { unsafe $0.put(ipv4: slice(start, 4)) }
        case .ipv6: quoted(&writer) { unsafe address(slice(start, 16), step, start: start, &$0) }
        case .mac: quoted(&writer) { unsafe $0.put(hardwareAddress: slice(start, 6)) }
        case .bootTime: quoted(&writer) { $0.put(time: Int64(bitPattern: load(start, 8)) &+ clock.bootOffset) }
        case .monotonicTime: quoted(&writer) { $0.put(time: Int64(bitPattern: load(start, 8)) &+ clock.monotonicOffset) }
        case .realTime: quoted(&writer) { $0.put(time: Int64(bitPattern: load(start, 8))) }
        case .duration: writer.put(duration: load(start, step.size))
        case .none, .loop, .text, .bytes: break
        }
    }

    // MARK: Reading

    @inline(__always) private func load(_ start: Int, _ size: Int) -> UInt64 {
        switch size {
        case 1: unsafe UInt64(record[start])
        case 2: unsafe UInt64(record.loadUnaligned(fromByteOffset: start, as: UInt16.self))
        case 4: unsafe UInt64(record.loadUnaligned(fromByteOffset: start, as: UInt32.self))
        case 8: unsafe record.loadUnaligned(fromByteOffset: start, as: UInt64.self)
        default: odd(start, size)
        }
    }

    /// Sizes C does not have: the first eight bytes at most.
    private func odd(_ start: Int, _ size: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<min(size, 8) { value |= UInt64(unsafe record[start + index]) << UInt64(index * 8) }
        return value
    }

    private func bits(_ step: RecordPlan.Step, at start: Int) -> UInt64 {
        var value = load(start, step.size) >> UInt64(step.count)
        if step.size == 9 { value |= UInt64(unsafe record[start + 8]) << UInt64(64 - step.count) }
        return step.span >= 64 ? value : value & ((1 << UInt64(step.span)) - 1)
    }

    @inline(__always) private static func extended(_ value: UInt64, bits: Int) -> Int64 {
        let shift = UInt64(max(0, 64 - bits))
        return Int64(bitPattern: value << shift) >> Int64(shift)
    }

    private func slice(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: record[start..<(start + count)])
    }

    // MARK: Writing

    @inline(__always) private func quoted(_ writer: inout RecordWriter, _ body: (inout RecordWriter) -> Void) {
        if style == .json { writer.put(0x22) }
        body(&writer)
        if style == .json { writer.put(0x22) }
    }

    private func name(of value: UInt64, _ step: RecordPlan.Step, _ writer: inout RecordWriter) -> Bool {
        let names = plan.enumerations[step.table]
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if names[middle].value < value { low = middle + 1 } else { high = middle }
        }
        guard low < names.count, names[low].value == value else { return false }
        put(names[low].literal, &writer)
        return true
    }

    /// An address of either family: by the field that tells it, else by being mapped into IPv6.
    private func address(_ bytes: UnsafeRawBufferPointer, _ step: RecordPlan.Step, start: Int, _ writer: inout RecordWriter) {
        let isMapped = unsafe bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        if isMapped { return unsafe writer.put(ipv4: UnsafeRawBufferPointer(rebasing: bytes[12...])) }
        if step.familySize > 0 {
            let place = start - step.offset + step.table
            // AF_INET, or the version of IP.
            if unsafe place + step.familySize <= record.count, [2, 4].contains(load(place, step.familySize)) {
                return unsafe writer.put(ipv4: bytes)
            }
        }
        unsafe writer.put(ipv6: bytes)
    }

    /// The shortest text that reads as the same number. JSON has no words for what is none.
    private func number<Value: BinaryFloatingPoint & CustomStringConvertible>(_ value: Value, _ writer: inout RecordWriter) {
        if value.isFinite { return writer.put(value.description) }
        quoted(&writer) { $0.put(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity") }
    }
}
