/// What a program is attached to, as a value: chosen at run time, written by people, kept in documents.
///
///     let target = try AttachTarget(text: "tracepoint:syscalls/sys_enter_openat")
///     try object.setTarget(target, ofProgram: "trace_open")       // some kinds want to know before the load
///     let attachment = try object.load().program("trace_open").attach(to: target)
///
/// Each case is one kind of attachment with its parameters. See `init(text:)` for how targets are written.
public enum AttachTarget: Sendable, Hashable {
    /// The entry of a kernel function, or an instruction so many bytes behind it.
    case kprobe(function: String, offset: Int = 0)
    /// The return of a kernel function.
    case kretprobe(function: String)
    /// The entries of many kernel functions by one link. Requires Linux 5.18.
    case kprobeMulti(KernelFunctions)
    /// The returns of many kernel functions by one link.
    case kretprobeMulti(KernelFunctions)
    /// The entry of a system call: `openat`.
    case ksyscall(name: String)
    /// The return of a system call.
    case kretsyscall(name: String)
    /// An instruction of a program or library; of one process, or of all that run it.
    case uprobe(CodePlace, pid: Int32? = nil)
    /// The return of a function of a program or library.
    case uretprobe(CodePlace, pid: Int32? = nil)
    /// A probe that a program's authors put into it.
    case usdt(binary: String, provider: String, name: String, pid: Int32? = nil)
    /// A tracepoint of the kernel: `syscalls` and `sys_enter_openat`.
    case tracepoint(category: String, name: String)
    /// A tracepoint of the kernel with its raw arguments, by its bare name: `sched_switch`.
    case rawTracepoint(name: String)
    /// A tracepoint of the kernel with its typed arguments.
    case btfTracepoint(name: String)
    /// The entry of a kernel function, with its typed arguments.
    case fentry(function: String)
    /// The return of a kernel function, with its typed arguments and result.
    case fexit(function: String)
    /// The place before a kernel function where its result can be decided.
    case fmodRet(function: String)
    /// A hook of the security modules: `file_open`.
    case lsm(hook: String)
    /// A hook of the security modules, for a control group. Requires Linux 6.0.
    case lsmCgroup(hook: String, path: String)
    /// A clock or counter.
    case perfEvent(PerfSample)
    /// The objects of a kind in the kernel: `task`, `bpf_map_elem`.
    case iterator(of: String, over: IteratorScope = .everything)
    /// The frames an interface receives and sends, by a packet socket that the attachment holds: for programs that look and do not judge.
    case packets(interface: InterfaceReference)
    /// Frames an interface receives, as they come from the driver. Without a mode native where the driver can, else generic.
    case xdp(interface: InterfaceReference, mode: XDPMode? = nil)
    /// Packets of an interface at its clsact qdisc. Priority and handle 0 have the kernel choose.
    ///
    /// The qdisc is made if there is none, and goes with the last attachment of this process that used it, unless somebody else's filter
    /// is in it by then.
    case tc(interface: InterfaceReference, TrafficDirection, priority: UInt16 = 0, handle: UInt32 = 0)
    /// Packets of an interface by a tcx link. Requires Linux 6.6.
    case tcx(interface: InterfaceReference, TrafficDirection, order: TCXOrder = .last)
    /// Packets at a hook of netfilter in this thread's network namespace. Requires Linux 6.4.
    case netfilter(NetfilterHook)
    /// What the processes of a control group do.
    case cgroup(CgroupHook, path: String)
    /// The search for the socket of a new connection, in the network namespace of a path; without one, in this thread's.
    case socketLookup(namespace: String? = nil)
    /// The finding of packets' headers, in the network namespace of a path; without one, in this thread's.
    case flowDissector(namespace: String? = nil)
    /// What the sockets of a pinned map send.
    case socketMessage(map: String)
    /// What the sockets of a pinned map receive.
    case socketStream(SocketStreamHook, map: String)
}

/// Kernel functions: named, or all whose names match a pattern.
public enum KernelFunctions: Sendable, Hashable {
    /// Names in which `*` stands for any characters and `?` for one.
    case matching(String)
    /// The functions of these names.
    case named([String])
}

/// A place in the code of a program or library file.
public struct CodePlace: Sendable, Hashable {
    /// The path of an ELF file. A name without `/` is searched for among the system's libraries if it has `.so` in it, else in `PATH`.
    public var binary: String
    /// A function in its symbol tables.
    public var symbol: String?
    /// Bytes after the symbol, or in the file if there is no symbol.
    public var offset: Int

    /// A function of a file, or a place so many bytes behind its beginning.
    public init(_ binary: String, symbol: String, offset: Int = 0) {
        self.binary = binary
        self.symbol = symbol
        self.offset = offset
    }

    /// A place so many bytes into a file.
    public init(_ binary: String, offset: Int) {
        self.binary = binary
        self.offset = offset
    }
}

/// A network interface by its name or its index, in the network namespace of the thread that attaches.
public enum InterfaceReference: Sendable, Hashable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case name(String)
    case index(Int32)

    public init(stringLiteral name: String) { self = .name(name) }
    public init(integerLiteral index: Int32) { self = .index(index) }
}

extension InterfaceReference: CustomStringConvertible {
    /// The name, or the index as a number.
    public var description: String {
        switch self {
        case .name(let name): name
        case .index(let index): "\(index)"
        }
    }
}

/// Which of the kernel's objects an iterator goes over.
public enum IteratorScope: Sendable, Hashable {
    /// All of its kind.
    case everything
    /// Those of one process, for iterators over tasks, their files and their memory. Requires Linux 6.1.
    case process(Int32)
    /// Those of the map pinned at a path, for iterators over map elements and socket storage.
    case map(path: String)
}

/// What of the data that a map's sockets receive a program decides.
public enum SocketStreamHook: String, Sendable, Hashable, CaseIterable {
    /// Where a message ends.
    case parser = "stream_parser"
    /// What becomes of a message that the parser found.
    case streamVerdict = "stream_verdict"
    /// What becomes of data of any socket, without a parser. Requires Linux 5.13.
    case verdict

    var attachType: AttachType {
        switch self {
        case .parser: .streamParser
        case .streamVerdict: .streamVerdict
        case .verdict: .socketVerdict
        }
    }
}
