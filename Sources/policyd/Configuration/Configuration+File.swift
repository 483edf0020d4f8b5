import FoundationEssentials
import Glibc
import Logging
import PolicyModel

extension Configuration {
    /// The largest configuration file that is read.
    private static let fileLimit = 1 << 20

    /// Reads `policyd.yaml`.
    ///
    /// - Throws: ``ConfigurationError`` with all that is wrong in the file, as `file:line:column: error: …`.
    init(file: String) throws {
        var status = stat()
        guard stat(file, &status) == 0 else { throw ConfigurationError("\(file): \(words(forErrno: errno))") }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw ConfigurationError("\(file): is a directory, not a file") }
        guard status.st_size <= Self.fileLimit else { throw ConfigurationError("\(file): is larger than 1 MiB, which no configuration is") }
        guard let data = FileManager.default.contents(atPath: file) else { throw ConfigurationError("\(file): cannot be read") }
        try self.init(text: [UInt8](data), file: file)
    }

    /// Reads the text of a configuration file.
    init(text: [UInt8], file: String) throws {
        self.init()
        guard !text.contains(0), String(validating: text, as: UTF8.self) != nil else {
            throw ConfigurationError("\(file): is not text in UTF-8")
        }
        let sink = DiagnosticSink(file: file, text: text)
        let composer = YAMLComposer(text)
        for error in composer.errors { sink.report(.error, line: error.line, column: error.column, error.message) }
        if composer.documents.count > 1 {
            sink.error(at: composer.documents[1].root, "one document is expected, and here a second begins")
        }
        // A file of comments alone leaves everything as it is.
        if let root = composer.documents.first?.root, !root.isNull { read(root, sink) }
        guard !sink.hasErrors else { throw ConfigurationError(Diagnostics(sink.diagnostics).description) }
    }

    private mutating func read(_ root: YAMLNode, _ sink: DiagnosticSink) {
        let keys = [
            "socket", "socketGroup", "stateDirectory", "bpffs", "policies", "interfaces", "attach", "xdp", "limits", "timeouts", "events",
            "log",
        ]
        guard let fields = FieldReader(root, "policyd.yaml", keys: keys, sink: sink) else { return }
        if let path = fields.path("socket", sink) { socket = path }
        if let (group, _) = fields.text("socketGroup") { socketGroup = group }
        if let path = fields.path("stateDirectory", sink) { stateDirectory = path }
        if let path = fields.path("bpffs", sink) { bpffs = path }
        if let path = fields.path("policies", sink) { policies = path }
        if let globs = fields.globs("interfaces", sink) { interfaces = globs }
        if let how = fields.choice("attach", Attachment.self) { attach = how }
        readXDP(fields, sink)
        readLimits(fields, sink)
        readTimeouts(fields, sink)
        readEvents(fields, sink)
        readLog(fields, sink)
    }

    private mutating func readXDP(_ fields: FieldReader, _ sink: DiagnosticSink) {
        guard let node = fields.value("xdp"), let xdp = FieldReader(node, "xdp", keys: ["native", "generic"], sink: sink) else { return }
        if let globs = xdp.globs("native", mayBeEmpty: true, sink) { self.xdp.native = globs }
        if let globs = xdp.globs("generic", mayBeEmpty: true, sink) { self.xdp.generic = globs }
    }

    private mutating func readLimits(_ fields: FieldReader, _ sink: DiagnosticSink) {
        guard let node = fields.value("limits"),
            let limits = FieldReader(node, "limits", keys: ["connections", "rules"], sink: sink)
        else { return }
        if let number = limits.integer("connections", in: Bounds.connections) { self.limits.connections = number }
        if let number = limits.integer("rules", in: Bounds.rules) { self.limits.rules = number }
    }

    private mutating func readTimeouts(_ fields: FieldReader, _ sink: DiagnosticSink) {
        guard let node = fields.value("timeouts"),
            let timeouts = FieldReader(node, "timeouts", keys: Timeouts.Name.allCases.map(\.rawValue), sink: sink)
        else { return }
        for name in Timeouts.Name.allCases {
            guard let (text, node) = timeouts.text(name.rawValue) else { continue }
            if let seconds = Timeouts.seconds(text) {
                self.timeouts[name] = seconds
            } else {
                sink.error(at: node, "\(name.rawValue): \(FieldReader.quoted(text)) is not \(Timeouts.expected)")
            }
        }
    }

    private mutating func readEvents(_ fields: FieldReader, _ sink: DiagnosticSink) {
        guard let node = fields.value("events"),
            let events = FieldReader(node, "events", keys: ["bufferBytes", "keep", "queue"], sink: sink)
        else { return }
        if let number = events.integer("bufferBytes", in: Bounds.bufferBytes) {
            if number.nonzeroBitCount == 1 {
                self.events.bufferBytes = number
            } else if let value = events.value("bufferBytes") {
                sink.error(at: value, "bufferBytes: \(number) is not a power of two")
            }
        }
        if let number = events.integer("keep", in: Bounds.keep) { self.events.keep = number }
        if let number = events.integer("queue", in: Bounds.queue) { self.events.queue = number }
    }

    private mutating func readLog(_ fields: FieldReader, _ sink: DiagnosticSink) {
        guard let node = fields.value("log"), let log = FieldReader(node, "log", keys: ["level", "format"], sink: sink) else { return }
        if let level = log.choice("level", Logger.Level.self) { self.log.level = level }
        if let format = log.choice("format", LogFormat.self) { self.log.format = format }
    }
}

extension FieldReader {
    /// Globs of interfaces' names; nil where nothing is said.
    fileprivate func globs(_ name: String, mayBeEmpty: Bool = false, _ sink: DiagnosticSink) -> [String]? {
        guard key(name) != nil else { return nil }
        return list(name, mayBeEmpty: mayBeEmpty) { text, node in
            if text.isEmpty || text == "!" || text.contains("/") || text.contains(" ") {
                sink.error(at: node, "\(name): '\(text)' is not a glob of an interface's name")
                return nil
            }
            return text
        }
    }

    /// A path, which has to be absolute: the daemon's own folder is nobody's business.
    fileprivate func path(_ name: String, _ sink: DiagnosticSink) -> String? {
        guard let (text, node) = text(name) else { return nil }
        guard text.hasPrefix("/") else {
            sink.error(at: node, "\(name): '\(text)' is not an absolute path")
            return nil
        }
        return text
    }
}
