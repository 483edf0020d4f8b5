/// Writes records as JSON or as readable lines, by what BTF says of their type.
///
/// The way through a type is worked out once; a record of 64 bytes then takes some hundred nanoseconds. How names and types of fields are
/// understood (addresses, times, text) is told in `docs/events.md`.
///
///     let decoder = try RecordDecoder(object.types.type(named: "struct file_open"))
///     var text: [UInt8] = []
///     for try await batch in ring.batches() {
///         text.removeAll(keepingCapacity: true)
///         decoder.json(of: batch, into: &text)
///         print(String(decoding: text, as: UTF8.self), terminator: "")
///     }
///
/// Records may be shorter than the type: fields behind their end are `null`, elements of arrays there are left out. What is behind the
/// type's end is not looked at, unless the type ends with an array without a size, which has all of it.
public struct RecordDecoder: Sendable {
    /// The records' type.
    public let type: TypeDescription
    /// The size of a value of the type in bytes.
    public let byteCount: Int

    private let jsonPlan: RecordPlan
    private let linePlan: RecordPlan

    /// A decoder for a type.
    ///
    /// - Parameter constants: Members each JSON object begins with, which are the same for all records.
    /// - Throws: `BPFError` if the type has no size, or is so large or contradicts itself in such a way that no compiler made it.
    public init(_ type: TypeDescription, constants: [(name: String, value: String)] = []) throws(BPFError) {
        self.type = type
        byteCount = type.byteCount ?? 0
        jsonPlan = try RecordPlan(type, .json, constants: constants)
        linePlan = try RecordPlan(type, .line)
    }

    /// A decoder for records of which nothing is known: their bytes in hexadecimal, as `{"bytes":"…"}`.
    public static func bytes(constants: [(name: String, value: String)] = []) -> RecordDecoder {
        let byte = TypeDescription.integer(IntegerDescription(name: "unsigned char", byteCount: 1, isSigned: false))
        let field = FieldDescription(name: "bytes", type: .array(of: byte, count: 0), bitOffset: 0)
        let record = TypeDescription.structure(CompositeDescription(name: "", byteCount: 0, fields: [field]))
        do throws(BPFError) {
            return try RecordDecoder(record, constants: constants)
        } catch {
            preconditionFailure("an array of bytes has a plan")
        }
    }

    // MARK: JSON

    /// Appends a record as JSON, without a line's end.
    public func json(of record: RawSpan, clock: RecordClock = .now, into text: inout [UInt8]) {
        unsafe record.withUnsafeBytes { unsafe write(jsonPlan, .json, $0, clock, &text) }
    }

    /// Appends a record as JSON, without a line's end.
    public func json(of record: [UInt8], clock: RecordClock = .now, into text: inout [UInt8]) {
        unsafe record.withUnsafeBytes { unsafe write(jsonPlan, .json, $0, clock, &text) }
    }

    /// Appends the records of a batch as JSON, one a line.
    public func json(of batch: RecordBatch, into text: inout [UInt8]) {
        let clock = RecordClock.now
        batch.forEach {
            json(of: $0, clock: clock, into: &text)
            text.append(0x0a)
        }
    }

    // MARK: Lines

    /// Appends a record as `name=value name=value`, without a line's end. A field `time` comes first, without its name.
    public func line(of record: RawSpan, clock: RecordClock = .now, into text: inout [UInt8]) {
        unsafe record.withUnsafeBytes { unsafe write(linePlan, .line, $0, clock, &text) }
    }

    /// Appends a record as `name=value name=value`, without a line's end. A field `time` comes first, without its name.
    public func line(of record: [UInt8], clock: RecordClock = .now, into text: inout [UInt8]) {
        unsafe record.withUnsafeBytes { unsafe write(linePlan, .line, $0, clock, &text) }
    }

    /// Appends the records of a batch as lines.
    public func line(of batch: RecordBatch, into text: inout [UInt8]) {
        let clock = RecordClock.now
        batch.forEach {
            line(of: $0, clock: clock, into: &text)
            text.append(0x0a)
        }
    }

    /// Writes into memory of the size that is to be expected, and where that is not enough into more.
    private func write(
        _ plan: RecordPlan, _ style: RecordPlan.Style, _ record: UnsafeRawBufferPointer, _ clock: RecordClock, _ text: inout [UInt8]
    ) {
        var room = plan.expectedCount + RecordWriter.widest
        var isWritten = false
        while !isWritten {
            unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: room) { memory in
                guard let base = memory.baseAddress else { return }
                var writer = unsafe RecordWriter(memory, base: base)
                isWritten = unsafe plan.write(record, style: style, clock: clock, to: &writer)
                if isWritten { unsafe text.append(contentsOf: UnsafeBufferPointer(start: base, count: writer.count)) }
            }
            room *= 2
        }
    }
}
