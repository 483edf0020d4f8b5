/// A step with libbpf or the kernel that failed: what was tried, on what, why it failed and, where known, what helps.
///
/// `description` is short: the step, the subject, the error in words, the last useful lines of the verifier's log and the remedy.
/// The whole log and everything libbpf printed during the step are kept beside it.
public struct BPFError: Error, Sendable, Hashable {
    /// What was being done.
    public var step: Step
    /// What it was done to: `program policyd_ingress`, `map policyd_rules`.
    public var subject: String
    /// The system's error number, 0 if the failure was found without a system call.
    public var errno: CInt
    /// The reason in words, when the error number does not say enough.
    public var reason: String
    /// What the reader can do about it, if that is known.
    public var remedy: String?
    /// The verifier's whole log, empty if the verifier was not asked or said nothing.
    public var verifierLog: String
    /// What libbpf printed on this thread during the step, without the verifier's log.
    public var libbpfMessages: String

    /// A step of working with eBPF objects.
    public struct Step: Hashable, Sendable, CustomStringConvertible {
        /// The verb, as it stands in the description.
        public let description: String

        /// A step of the given verb.
        public init(_ verb: String) { description = verb }

        public static let open = Step("open")
        public static let edit = Step("edit")
        public static let load = Step("load")
        public static let find = Step("find")
        public static let create = Step("create")
        public static let attach = Step("attach")
        public static let detach = Step("detach")
        public static let update = Step("update")
        public static let pin = Step("pin")
        public static let openPin = Step("open pinned")
        public static let lookup = Step("look up in")
        public static let delete = Step("delete from")
        public static let iterate = Step("iterate over")
        public static let map = Step("map into memory")
        public static let read = Step("read")
        public static let info = Step("ask about")
        public static let testRun = Step("test-run")
        public static let probe = Step("probe")
        public static let wait = Step("wait for")
        public static let mount = Step("mount")
        public static let query = Step("query")
    }

    /// An error of the given step; the remedy is looked up from step and number when none is given.
    public init(
        _ step: Step, _ subject: String, errno: CInt = 0, reason: String = "", remedy: String? = nil, verifierLog: String = "",
        libbpfMessages: String = ""
    ) {
        self.step = step
        self.subject = subject
        self.errno = errno
        self.reason = reason
        self.verifierLog = verifierLog
        self.libbpfMessages = libbpfMessages
        self.remedy = remedy ?? Self.remedy(step: step, errno: errno, verifierLog: verifierLog)
    }
}

extension BPFError: CustomStringConvertible {
    /// One line, followed by the last useful lines of the verifier's log if there is one.
    public var description: String {
        var text = "cannot \(step) \(subject)"
        let because = [reason, errno == 0 ? "" : Self.words(for: errno)].filter { !$0.isEmpty }
        if !because.isEmpty { text += ": " + because.joined(separator: ": ") }
        if reason.isEmpty, verifierLog.isEmpty, let message = libbpfMessages.split(separator: "\n").last { text += ": \(message)" }
        if let remedy { text += "; \(remedy)" }
        let lines = VerifierLog(verifierLog).lastUsefulLines(4)
        if !lines.isEmpty { text += "\nverifier: " + lines.joined(separator: "\nverifier: ") }
        return text
    }
}
