/// A list file: an address or prefix a line, of either family; what follows `#` or `;` is a comment.
///
/// FireHOL's `.netset` and `.ipset` files, and Spamhaus' DROP lists, are such.
public struct AddressList: Sendable {
    /// The entries in the order of the file.
    public private(set) var entries: [CIDR] = []
    /// What is wrong with the file.
    public private(set) var diagnostics: [Diagnostic] = []

    /// Reads the contents of the file at `path`, which messages name.
    public init(_ bytes: [UInt8], path: String) {
        guard !bytes.contains(0) else {
            diagnostics = [Diagnostic(at: SourceLocation(file: path), FileProblem.binary(path, "a list of addresses").reason)]
            return
        }
        // Most lines are 12 to 20 bytes, and what is reserved and not used is never touched.
        entries.reserveCapacity(bytes.count / 12 + 1)
        var errors: [(line: Int, column: Int, range: Range<Int>, error: CIDR.ParseError)] = []
        Self.read(bytes.span, into: &entries) { errors.append($0) }
        guard !errors.isEmpty else { return }
        let sink = DiagnosticSink(file: path, text: bytes)
        for (line, column, range, error) in errors {
            let (message, suggestion) = error.words(String(decoding: bytes[range], as: UTF8.self), or: "")
            sink.report(.error, line: line, column: column, message, suggestion: suggestion)
        }
        diagnostics = sink.diagnostics
    }

    private typealias BadEntry = (line: Int, column: Int, range: Range<Int>, error: CIDR.ParseError)

    private static func read(_ bytes: Span<UInt8>, into entries: inout [CIDR], bad: (BadEntry) -> Void) {
        var line = 0
        var position = 0
        while position < bytes.count {
            line += 1
            if let (prefix, next) = CIDR.line(bytes, at: position) {
                entries.append(prefix)
                position = next
                continue
            }
            let start = position
            var begin = start
            while begin < bytes.count, isBlank(bytes[begin]) { begin += 1 }
            var end = begin
            while end < bytes.count, !endsEntry(bytes[end]) { end += 1 }
            position = end
            while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
            position += 1
            while end > begin, isBlank(bytes[end - 1]) { end -= 1 }
            guard end > begin else { continue }
            do throws(CIDR.ParseError) {
                entries.append(try CIDR.parse(bytes, begin..<end))
            } catch {
                bad((line, begin - start + 1, begin..<end, error))
            }
        }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
    }

    private static func endsEntry(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";")
    }
}
