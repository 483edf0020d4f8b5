/// Cuts a stream of pieces into whole lines.
struct LineBuffer {
    /// The beginning of a line whose end has not come yet.
    private var rest: [UInt8] = []

    /// Gives all lines that are whole now, with their line feeds, as one run of bytes; nothing if there is none.
    mutating func add(_ piece: RawSpan, _ whole: (ArraySlice<UInt8>) throws -> Void) rethrows {
        let bytes = piece.withUnsafeBytes { [UInt8]($0) }
        guard let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else {
            rest += bytes
            return
        }
        if rest.isEmpty {
            try whole(bytes[...end])
        } else {
            rest += bytes[...end]
            try whole(rest[...])
        }
        rest = Array(bytes[(end + 1)...])
    }
}
