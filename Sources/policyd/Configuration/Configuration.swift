import Logging
import PolicyAPI

/// What the daemon is told by `policyd.yaml` and its flags.
struct Configuration: Sendable, Equatable {
    /// The Unix socket to serve on.
    var socket = API.defaultSocket
    /// The group that may open the socket beside root; nil for root alone.
    var socketGroup: String?
    /// Where revisions are kept.
    var stateDirectory = "/var/lib/policyd"
    /// The folder of the pins, in a mounted bpffs.
    var bpffs = "/sys/fs/bpf/policyd"
    /// The folder `policyctl apply` puts in force.
    var policies = "/etc/policyd/policies"
    /// Globs of the interfaces to protect; `!` takes away.
    var interfaces = Configuration.usualInterfaces
    var attach = Attachment.auto
    var xdp = XDP()
    var limits = Limits()
    var timeouts = Timeouts()
    var events = Events()
    var log = Log()

    /// How programs are attached to interfaces.
    enum Attachment: String, Sendable, CaseIterable {
        /// tcx where the kernel has it, clsact elsewhere.
        case auto
        case tcx
        case clsact
    }

    /// Globs of the protected interfaces that drop early, by XDP, what the first rules deny; others do not.
    struct XDP: Sendable, Equatable {
        /// In the driver.
        var native: [String] = []
        /// In the kernel; an interface that both choose is native.
        var generic: [String] = []
    }

    struct Limits: Sendable, Equatable {
        /// Connections of each address family that are established, and as many that are opening.
        var connections = 65_536
        /// Rules of one revision.
        var rules = 32_752
    }

    struct Events: Sendable, Equatable {
        /// The size of the buffer between kernel and daemon, in bytes; a power of two of at least a page.
        var bufferBytes = 4 * 1024 * 1024
        /// Events kept for `policyctl events --last`.
        var keep = 10_000
        /// Events that may wait for a follower that does not read fast enough, before some are lost to it.
        var queue = 262_144
    }

    struct Log: Sendable, Equatable {
        var level = Logger.Level.info
        var format = LogFormat.text
    }

    /// All but loopback and the usual bridges of containers and virtual machines and their ports.
    static let usualInterfaces = [
        "*", "!lo", "!docker*", "!br-*", "!veth*", "!cni*", "!flannel*", "!cali*", "!cilium*", "!lxc*", "!lxdbr*", "!podman*", "!virbr*",
        "!vnet*", "!tap*",
    ]
}
