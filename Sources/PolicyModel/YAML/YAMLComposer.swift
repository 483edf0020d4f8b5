internal import CYAML

/// Reads YAML text into nodes, by libyaml's events.
///
/// Not by its document loader, nor by a library above it: the nodes here know where every key and value
/// stands, keep duplicate keys so that the reader can name both, and a document that would be enormous
/// is refused before it is.
package struct YAMLComposer {
    /// How deep lists and mappings may be in one another. libyaml's own cost grows with the depth.
    static let depthLimit = 64
    /// How many nodes a text may stand for, aliases written out: some 200,000 rules.
    static let nodeLimit = 4_000_000
    /// How many of them may come of aliases.
    static let aliasLimit = 1_000_000

    /// The documents read.
    package private(set) var documents: [YAMLDocument] = []
    /// What is wrong with the text; a document with an error is not among `documents`.
    package private(set) var errors: [YAMLError] = []

    private var anchors: [String: YAMLNode] = [:]
    private var nodeCount = 0
    private var aliasedCount = 0
    private var lineOffset = 0

    /// Reads all documents of a text, which has to be valid UTF-8.
    ///
    /// After an error it goes on at the next line that begins a document.
    package init(_ text: [UInt8]) {
        var start = 0
        while start < text.count || start == 0 {
            guard let line = readStream(text[start...]) else { return }
            guard let next = Self.documentStart(text, from: start, after: line - lineOffset) else { return }
            start = next.position
            lineOffset += next.lines
        }
    }

    /// The position of the first `---` that stands behind the line of a text that begins at `start`.
    private static func documentStart(_ text: [UInt8], from start: Int, after line: Int) -> (position: Int, lines: Int)? {
        var lines = 0
        var position = start
        // Not all lines at once: a text may hold a great many documents with an error.
        while let end = text[position...].firstIndex(where: { $0 == LineBreaks.lineFeed || $0 == LineBreaks.carriageReturn }) {
            let isPair = text[end] == LineBreaks.carriageReturn && end + 1 < text.count && text[end + 1] == LineBreaks.lineFeed
            position = end + (isPair ? 2 : 1)
            lines += 1
            // The error may have been noticed only at the `---`, which then is sound.
            if lines + 1 >= line, isDocumentStart(text[position...]) { return (position, lines) }
        }
        return nil
    }

    private static func isDocumentStart(_ text: ArraySlice<UInt8>) -> Bool {
        text.starts(with: Array("---".utf8)) && (text.dropFirst(3).first ?? UInt8(ascii: "\n")) <= UInt8(ascii: " ")
    }

    /// Reads documents to the end; if one has an error, the line it was found at.
    private mutating func readStream(_ text: ArraySlice<UInt8>) -> Int? {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { unsafe parser.deallocate() }
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            errors.append(YAMLError(line: 1, column: 1, message: "not enough memory to read it"))
            return nil
        }
        defer { unsafe yaml_parser_delete(parser) }
        return unsafe text.withUnsafeBufferPointer { bytes -> Int? in
            unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            unsafe yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
            var events = unsafe EventReader(parser: parser, input: bytes, lineOffset: lineOffset)
            do throws(YAMLError) {
                try unsafe readDocuments(&events)
                return nil
            } catch {
                if errors.last != error { errors.append(error) }
                return error.line
            }
        }
    }

    private mutating func readDocuments(_ events: inout EventReader) throws(YAMLError) {
        while true {
            let event = try unsafe events.next()
            switch event.content {
            case .streamEnd:
                return
            case .documentStart:
                anchors = [:]
                let root = try unsafe node(events.next(), &events, depth: 0)
                // What stands in front of the first document, comments for the most part, is its own.
                let isFirst = documents.isEmpty && errors.isEmpty
                documents.append(YAMLDocument(root: root, firstLine: isFirst ? 1 : event.line))
            default:
                continue
            }
        }
    }

    private mutating func node(_ event: YAMLEvent, _ events: inout EventReader, depth: Int) throws(YAMLError) -> YAMLNode {
        if let tag = event.tag { throw event.error(Self.aboutTag(tag)) }
        guard depth <= Self.depthLimit else { throw event.error(Self.tooDeep) }
        nodeCount += 1
        var content: YAMLNode.Content
        var weight = 1
        var height = 0
        switch event.content {
        case .alias(let name):
            return try alias(name, event, depth: depth)
        case .scalar(let text, let isPlain):
            content = .scalar(text, isPlain: isPlain)
        case .sequenceStart:
            var elements: [YAMLNode] = []
            while let element = try unsafe element(&events, depth: depth + 1) {
                weight += element.weight
                height = max(height, element.height + 1)
                elements.append(element)
            }
            content = .sequence(elements)
        case .mappingStart:
            var pairs: [YAMLPair] = []
            while let key = try unsafe element(&events, depth: depth + 1) {
                let value = try unsafe node(events.next(), &events, depth: depth + 1)
                weight += key.weight + value.weight
                height = max(height, key.height + 1, value.height + 1)
                pairs.append(YAMLPair(key: key, value: value))
            }
            content = .mapping(pairs)
        case .documentStart, .end, .streamEnd, .other:
            throw event.error("unexpected end")
        }
        if nodeCount + aliasedCount > Self.nodeLimit {
            throw event.error("the file has more than \(Self.nodeLimit) values")
        }
        let node = YAMLNode(content, line: event.line, column: event.column, weight: weight, height: height)
        if let anchor = event.anchor { anchors[anchor] = node }
        return node
    }

    /// The next element of a list or key of a mapping; nil at its end.
    private mutating func element(_ events: inout EventReader, depth: Int) throws(YAMLError) -> YAMLNode? {
        let event = try unsafe events.next()
        if case .end = event.content { return nil }
        return try unsafe node(event, &events, depth: depth)
    }

    /// An alias costs nothing here, its node is shared; but whoever reads the document reads it again each time.
    private mutating func alias(_ name: String, _ event: YAMLEvent, depth: Int) throws(YAMLError) -> YAMLNode {
        guard let node = anchors[name] else {
            throw event.error(
                "\(FieldReader.shown("*\(name)")) refers to an anchor that is not there; text that begins with * needs quotes")
        }
        guard depth + node.height <= Self.depthLimit else { throw event.error(Self.tooDeep) }
        aliasedCount += node.weight
        guard aliasedCount <= Self.aliasLimit else {
            throw event.error("aliases make the document grow beyond \(Self.aliasLimit) values")
        }
        return node
    }

    private static let tooDeep = "lists and mappings are nested more than \(depthLimit) deep"

    private static func aboutTag(_ tag: String) -> String {
        tag.hasPrefix("!")
            ? "text that begins with ! needs quotes: \"\(tag.prefix(60))\"" : "YAML tags (\(tag.prefix(60))) are not supported"
    }
}
