private import CDatapath
private import Glibc

/// What a datapath is made with.
public struct DatapathConfiguration: Sendable, Hashable {
    /// How programs are attached to interfaces.
    public enum Attachment: String, Sendable, Hashable, CaseIterable, Codable {
        /// By tcx links where the kernel has them (Linux 6.6), else by clsact.
        case auto
        case tcx
        case clsact
    }

    /// How long connections outlive their last packet.
    public struct Timeouts: Sendable, Hashable {
        /// TCP until the answer to the first packet is acknowledged.
        public var tcpOpening: Duration = .seconds(120)
        public var tcpEstablished: Duration = .seconds(432_000)
        /// TCP that one side has closed.
        public var tcpHalfClosed: Duration = .seconds(3_600)
        /// TCP that both sides have closed.
        public var tcpClosing: Duration = .seconds(60)
        public var tcpReset: Duration = .seconds(10)
        /// UDP until it goes on after an answer.
        public var udp: Duration = .seconds(30)
        public var udpStream: Duration = .seconds(180)
        /// Echo requests and their replies.
        public var icmp: Duration = .seconds(30)
        /// Every other protocol.
        public var other: Duration = .seconds(600)
        /// How long later fragments are let in after the first.
        public var fragment: Duration = .seconds(30)

        public init() {}
    }

    /// The folder on a bpf filesystem that holds what must outlive the daemon: `/sys/fs/bpf/policyd`.
    public var bpffs: String
    public var attachment: Attachment
    /// Connections of each family that are kept; beyond that the longest unused go.
    public var connectionLimit: Int
    /// Rules that have counters.
    public var ruleLimit: Int
    /// The ring between kernel and daemon; rounded up to a power of two of pages.
    public var eventBufferBytes: Int
    /// Within it, further packets of a refused flow are counted and not reported one by one.
    public var eventInterval: Duration
    public var timeouts: Timeouts

    public init(
        bpffs: String, attachment: Attachment = .auto, connectionLimit: Int = 65_536, ruleLimit: Int = 32_752,
        eventBufferBytes: Int = 4 << 20, eventInterval: Duration = .seconds(1), timeouts: Timeouts = Timeouts()
    ) {
        self.bpffs = bpffs
        self.attachment = attachment
        self.connectionLimit = connectionLimit
        self.ruleLimit = ruleLimit
        self.eventBufferBytes = eventBufferBytes
        self.eventInterval = eventInterval
        self.timeouts = timeouts
    }

    /// The ring's size as the kernel wants it: a power of two, and whole pages, which have 4 to 64 KiB.
    func ringBytes(pageSize: Int = systemPageSize) -> Int {
        var size = pageSize
        while size < eventBufferBytes { size *= 2 }
        return size
    }
}

/// The bytes of a page of memory.
let systemPageSize = Int(sysconf(Int32(_SC_PAGESIZE)))

extension Duration {
    /// Whole nanoseconds, 0 at least.
    var nanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        return seconds < 0 ? 0 : UInt64(seconds) &* 1_000_000_000 &+ UInt64(max(0, attoseconds) / 1_000_000_000)
    }
}
