/// Where a record's text is written: memory of a fixed size. What does not fit is not written, and `isFull` says so.
@safe struct RecordWriter {
    /// The most bytes of a number, an address or a time, with quotes.
    static let widest = 50

    private let start: UnsafeMutablePointer<UInt8>
    private var next: UnsafeMutablePointer<UInt8>
    private let end: UnsafeMutablePointer<UInt8>
    private(set) var isFull = false

    init(_ memory: UnsafeMutableBufferPointer<UInt8>, base: UnsafeMutablePointer<UInt8>) {
        unsafe start = unsafe base
        unsafe next = unsafe base
        unsafe end = base + memory.count
    }

    var count: Int { unsafe next - start }

    /// Whether so many bytes fit.
    @inline(__always) mutating func has(room count: Int) -> Bool {
        if unsafe end - next >= count { return true }
        isFull = true
        return false
    }

    @inline(__always) mutating func put(_ byte: UInt8) {
        guard has(room: 1) else { return }
        putUnchecked(byte)
    }

    /// For bytes whose room was asked for.
    @inline(__always) private mutating func putUnchecked(_ byte: UInt8) {
        unsafe next.pointee = byte
        unsafe next += 1
    }

    @inline(__always) mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard has(room: bytes.count), let base = bytes.baseAddress else { return }
        unsafe next.update(from: base, count: bytes.count)
        unsafe next += bytes.count
    }

    mutating func put(_ text: StaticString) {
        text.withUTF8Buffer { unsafe put($0) }
    }

    mutating func put(_ text: String) {
        for byte in text.utf8 { put(byte) }
    }

    // MARK: Numbers

    mutating func put(unsigned value: UInt64) {
        guard has(room: Self.widest) else { return }
        if value < 10 { return putUnchecked(0x30 + UInt8(truncatingIfNeeded: value)) }
        var digits = 1
        var bound: UInt64 = 10
        while value >= bound {
            digits += 1
            let (wider, overflow) = bound.multipliedReportingOverflow(by: 10)
            if overflow { break }
            bound = wider
        }
        putDigits(value, count: digits)
    }

    mutating func put(signed value: Int64) {
        if value < 0 { put(0x2d) }
        put(unsigned: value.magnitude)
    }

    /// The last `count` decimal digits, with zeros before them.
    @inline(__always) private mutating func putDigits(_ value: UInt64, count: Int) {
        var rest = value
        var place = count - 1
        while rest > UInt64(UInt32.max), place >= 0 {
            unsafe next[place] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            place -= 1
        }
        var small = UInt32(truncatingIfNeeded: rest)
        while place >= 0 {
            unsafe next[place] = 0x30 + UInt8(truncatingIfNeeded: small % 10)
            small /= 10
            place -= 1
        }
        unsafe next += count
    }

    mutating func put(hexadecimal value: UInt64) {
        guard has(room: Self.widest) else { return }
        putUnchecked(0x30)
        putUnchecked(0x78)
        var shift = max(0, (63 - value.leadingZeroBitCount) / 4 * 4)
        while shift >= 0 {
            putUnchecked(Self.digit(UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 15))
            shift -= 4
        }
    }

    mutating func put(hexadecimalByte byte: UInt8) {
        guard has(room: 2) else { return }
        putUnchecked(Self.digit(byte >> 4))
        putUnchecked(Self.digit(byte & 15))
    }

    mutating func put(hexadecimalBytes bytes: UnsafeRawBufferPointer) {
        for index in bytes.indices { put(hexadecimalByte: unsafe bytes[index]) }
    }

    @inline(__always) static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }

    // MARK: Addresses

    mutating func put(ipv4 address: UnsafeRawBufferPointer) {
        for index in 0..<4 {
            if index > 0 { put(0x2e) }
            put(unsigned: UInt64(unsafe address[index]))
        }
    }

    /// As RFC 5952 writes it: the longest run of two or more zero groups is left out, the first of equals.
    mutating func put(ipv6 address: UnsafeRawBufferPointer) {
        func group(_ index: Int) -> UInt16 { unsafe UInt16(address[index * 2]) << 8 | UInt16(address[index * 2 + 1]) }
        var longest = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, group(end) == 0 { end += 1 }
            if end - start > max(longest.count, 1) { longest = start..<end }
            start = end + 1
        }
        var index = 0
        while index < 8 {
            if !longest.isEmpty, index == longest.lowerBound {
                put("::")
                index = longest.upperBound
                continue
            }
            if index > 0, longest.isEmpty || index != longest.upperBound { put(0x3a) }
            let value = group(index)
            var shift = max(0, (15 - value.leadingZeroBitCount) / 4 * 4)
            while shift >= 0 {
                put(Self.digit(UInt8(truncatingIfNeeded: value >> UInt16(shift)) & 15))
                shift -= 4
            }
            index += 1
        }
    }

    mutating func put(hardwareAddress address: UnsafeRawBufferPointer) {
        for index in 0..<6 {
            if index > 0 { put(0x3a) }
            put(hexadecimalByte: unsafe address[index])
        }
    }

    // MARK: Times

    /// Nanoseconds since 1970 as RFC 3339 in UTC.
    mutating func put(time nanoseconds: Int64) {
        guard has(room: Self.widest) else { return }
        var seconds = nanoseconds / 1_000_000_000
        var fraction = nanoseconds % 1_000_000_000
        if fraction < 0 {
            fraction += 1_000_000_000
            seconds -= 1
        }
        var days = seconds / 86_400
        var rest = seconds % 86_400
        if rest < 0 {
            rest += 86_400
            days -= 1
        }
        // The civil calendar, counted from 1 March of a year divisible by 400. Int64 nanoseconds reach from 1677 to 2262.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * month + 2) / 5 + 1
        let year = yearOfEra + era * 400 + (month >= 10 ? 1 : 0)
        putDigits(UInt64(year), count: 4)
        putUnchecked(0x2d)
        putDigits(UInt64(month < 10 ? month + 3 : month - 9), count: 2)
        putUnchecked(0x2d)
        putDigits(UInt64(day), count: 2)
        putUnchecked(0x54)
        putDigits(UInt64(rest / 3600), count: 2)
        putUnchecked(0x3a)
        putDigits(UInt64(rest / 60 % 60), count: 2)
        putUnchecked(0x3a)
        putDigits(UInt64(rest % 60), count: 2)
        putUnchecked(0x2e)
        putDigits(UInt64(fraction), count: 9)
        putUnchecked(0x5a)
    }

    /// Nanoseconds in the unit that leaves one to three digits before the point: `1.204ms`.
    mutating func put(duration nanoseconds: UInt64) {
        if nanoseconds < 1000 {
            put(unsigned: nanoseconds)
            return put("ns")
        }
        let (unit, scale): (StaticString, UInt64) =
            nanoseconds < 1_000_000 ? ("µs", 1000) : nanoseconds < 1_000_000_000 ? ("ms", 1_000_000) : ("s", 1_000_000_000)
        put(unsigned: nanoseconds / scale)
        guard has(room: Self.widest) else { return }
        putUnchecked(0x2e)
        putDigits(nanoseconds % scale / (scale / 1000), count: 3)
        put(unit)
    }
}
