internal import CYAML

/// One event of libyaml, as values.
struct YAMLEvent {
    enum Content {
        case documentStart
        case alias(String)
        case scalar(String, isPlain: Bool)
        case sequenceStart
        case mappingStart
        /// The end of a list or mapping.
        case end
        case streamEnd
        case other
    }

    var content: Content
    var line: Int
    var column: Int
    var anchor: String?
    /// The tag, if there is one that says more than "text".
    var tag: String?

    func error(_ message: String) -> YAMLError {
        YAMLError(line: line, column: column, message: message)
    }
}

/// Pulls events out of a libyaml parser.
@unsafe
struct EventReader {
    let parser: UnsafeMutablePointer<yaml_parser_t>
    /// The text that is parsed, to find the line of an error that libyaml tells by offset.
    let input: UnsafeBufferPointer<UInt8>
    /// What to add to libyaml's lines.
    let lineOffset: Int

    mutating func next() throws(YAMLError) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw unsafe error() }
        defer { unsafe yaml_event_delete(&event) }
        var result = unsafe YAMLEvent(
            content: .other, line: Int(event.start_mark.line) + 1 + lineOffset, column: Int(event.start_mark.column) + 1)
        switch unsafe event.type {
        case YAML_DOCUMENT_START_EVENT:
            result.content = .documentStart
        case YAML_ALIAS_EVENT:
            result.content = unsafe .alias(Self.text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: Int(scalar.length))
            result.content = unsafe .scalar(
                String(decoding: bytes, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE)
            result.anchor = unsafe Self.text(scalar.anchor)
            result.tag = unsafe Self.text(scalar.tag)
        case YAML_SEQUENCE_START_EVENT:
            result.content = .sequenceStart
            result.anchor = unsafe Self.text(event.data.sequence_start.anchor)
            result.tag = unsafe Self.text(event.data.sequence_start.tag)
        case YAML_MAPPING_START_EVENT:
            result.content = .mappingStart
            result.anchor = unsafe Self.text(event.data.mapping_start.anchor)
            result.tag = unsafe Self.text(event.data.mapping_start.tag)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            result.content = .end
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
            result.content = .streamEnd
        default:
            break
        }
        return result
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        unsafe pointer.map { unsafe String(cString: $0) }
    }

    private func error() -> YAMLError {
        let problem = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "cannot be read"
        let context = unsafe parser.pointee.context.map { unsafe String(cString: $0) } ?? ""
        let message = YAMLError.inWords(problem: problem, context: context)
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            // The reader tells an offset in bytes and no mark.
            let before = unsafe input.prefix(Int(parser.pointee.problem_offset))
            let starts = unsafe LineBreaks.starts(before)
            let start = starts.last ?? 0
            // Of a scalar in UTF-8 only the first byte is not of the form 10xxxxxx.
            let column = unsafe before[start...].count { $0 & 0xC0 != 0x80 }
            return unsafe YAMLError(line: starts.count + lineOffset, column: column + 1, message: message)
        }
        // An unclosed quote is found at the end of the document; where it was opened is what helps.
        let atOpening = context.contains("quoted scalar") && problem.hasPrefix("found unexpected") || context.hasSuffix("a tag")
        let mark = unsafe atOpening ? parser.pointee.context_mark : parser.pointee.problem_mark
        return unsafe YAMLError(line: Int(mark.line) + 1 + lineOffset, column: Int(mark.column) + 1, message: message)
    }
}
