import CLibBPF
import Glibc

/// What the kernel says about a link.
public struct LinkInfo: Sendable, Hashable {
    /// A kind of link, as the kernel numbers them.
    public struct Kind: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        public static let rawTracepoint = Kind(rawValue: 1)
        public static let tracing = Kind(rawValue: 2)
        public static let cgroup = Kind(rawValue: 3)
        public static let iterator = Kind(rawValue: 4)
        public static let networkNamespace = Kind(rawValue: 5)
        public static let xdp = Kind(rawValue: 6)
        /// Kprobes, uprobes, tracepoints, clocks and counters.
        public static let perfEvent = Kind(rawValue: 7)
        public static let kprobeMulti = Kind(rawValue: 8)
        /// Operations of a struct of the kernel's.
        public static let structOperations = Kind(rawValue: 9)
        public static let netfilter = Kind(rawValue: 10)
        public static let tcx = Kind(rawValue: 11)

        public var description: String {
            let names = [
                1: "raw_tracepoint", 2: "tracing", 3: "cgroup", 4: "iter", 5: "netns", 6: "xdp", 7: "perf_event", 8: "kprobe_multi",
                9: "struct_ops", 10: "netfilter", 11: "tcx", 12: "uprobe_multi", 13: "netkit", 14: "sockmap",
            ]
            return names[Int(rawValue)] ?? "link kind \(rawValue)"
        }
    }

    /// What a link is attached to, as far as the kernel tells it. Of clocks, counters, probes and tracepoints: requires Linux 6.6.
    public enum Target: Sendable, Hashable {
        case rawTracepoint(name: String)
        /// A function, hook or BTF tracepoint: the number of its type in the BTF object of a number.
        case tracing(AttachType, objectID: UInt32, typeID: UInt32)
        /// A control group by its number, which is that of its folder's inode.
        case cgroup(id: UInt64, AttachType)
        /// An iterator by its name; over the elements of a map, with the map's number.
        case iterator(name: String, mapID: UInt32?)
        /// A network namespace by its inode; 0 once it has gone.
        case networkNamespace(inode: UInt32, AttachType)
        /// An interface by its index; 0 once it has gone.
        case xdp(interface: Int32)
        case tcx(interface: Int32, TrafficDirection)
        case netfilter(NetfilterHook)
        /// Operations of a struct of the kernel's: the number of the map that holds them.
        case structOperations(mapID: UInt32)
        /// A kernel function.
        case kprobe(function: String, offset: Int, isReturn: Bool)
        /// Many kernel functions.
        case kprobeMulti(count: Int, isReturn: Bool)
        /// A place of a file.
        case uprobe(binary: String, offset: Int, isReturn: Bool)
        case tracepoint(name: String)
        /// A clock or counter, by the numbers of perf_event_open(2).
        case perfEvent(type: UInt32, config: UInt64)
        /// What this kernel does not tell, or this library not know.
        case unknown
    }

    /// The kernel's number for the link, unique while it lives.
    public let id: UInt32
    /// Its kind.
    public let kind: Kind
    /// The number of the program it runs.
    public let programID: UInt32
    /// What it is attached to.
    public let target: Target

    /// The interface of a link at tcx or XDP; 0 once the interface has gone. Nothing for other kinds.
    public var interface: Int32? {
        switch target {
        case .xdp(let interface), .tcx(let interface, _): interface
        default: nil
        }
    }

    /// The direction of a tcx link.
    public var direction: TrafficDirection? {
        if case .tcx(_, let direction) = target { direction } else { nil }
    }

    init(descriptor: CInt, subject: String) throws(BPFError) {
        var info = swiftbpf_link_info()
        try kernelInfo(of: descriptor, into: &info, subject: subject)
        id = info.id
        kind = Kind(rawValue: info.type)
        programID = info.prog_id
        target = Self.target(info, descriptor: descriptor)
    }

    private static func target(_ info: swiftbpf_link_info, descriptor: CInt) -> Target {
        switch Kind(rawValue: info.type) {
        case .rawTracepoint: return .rawTracepoint(name: name(of: descriptor) { $0.raw_tracepoint.name = $1 })
        case .tracing:
            let tracing = info.tracing
            return .tracing(AttachType(rawValue: tracing.attach_type), objectID: tracing.target_object, typeID: tracing.target_type)
        case .cgroup: return .cgroup(id: info.cgroup.id, AttachType(rawValue: info.cgroup.attach_type))
        case .iterator:
            let name = name(of: descriptor) { $0.iterator.name = $1 }
            let overMap = ["bpf_map_elem", "bpf_sk_storage_map"].contains(name)
            return .iterator(name: name, mapID: overMap ? info.iterator.map : nil)
        case .networkNamespace:
            return .networkNamespace(inode: info.namespace_.inode, AttachType(rawValue: info.namespace_.attach_type))
        case .xdp: return .xdp(interface: Int32(bitPattern: info.interface.index))
        case .tcx:
            let isIngress = info.interface.attach_type == AttachType.tcxIngress.rawValue
            return .tcx(interface: Int32(bitPattern: info.interface.index), isIngress ? .ingress : .egress)
        case .netfilter:
            let netfilter = info.netfilter
            let hook = NetfilterHook(
                family: netfilter.family, hook: netfilter.hook, priority: netfilter.priority, flags: netfilter.flags)
            return hook.map { .netfilter($0) } ?? .unknown
        case .structOperations: return .structOperations(mapID: info.socket_map.map)
        case .kprobeMulti:
            let multi = info.kprobe_multi
            return multi.count == 0 ? .unknown : .kprobeMulti(count: Int(multi.count), isReturn: multi.flags & 1 != 0)
        case .perfEvent: return perfEvent(info, descriptor: descriptor)
        default: return .unknown
        }
    }

    private static func perfEvent(_ info: swiftbpf_link_info, descriptor: CInt) -> Target {
        let kind = swiftbpf_perf_event_kind(rawValue: info.perf_event.kind)
        switch kind {
        case SWIFTBPF_PERF_UPROBE, SWIFTBPF_PERF_URETPROBE:
            let file = name(of: descriptor) { $0.perf_event.uprobe.file = $1 }
            return .uprobe(binary: file, offset: Int(info.perf_event.uprobe.offset), isReturn: kind == SWIFTBPF_PERF_URETPROBE)
        case SWIFTBPF_PERF_KPROBE, SWIFTBPF_PERF_KRETPROBE:
            let function = name(of: descriptor) { $0.perf_event.kprobe.function = $1 }
            return .kprobe(
                function: function, offset: Int(info.perf_event.kprobe.offset), isReturn: kind == SWIFTBPF_PERF_KRETPROBE)
        case SWIFTBPF_PERF_TRACEPOINT:
            return .tracepoint(name: name(of: descriptor) { $0.perf_event.tracepoint.name = $1 })
        case SWIFTBPF_PERF_EVENT:
            return .perfEvent(type: info.perf_event.event.type, config: info.perf_event.event.config)
        default: return .unknown
        }
    }

    /// Asks a second time, now that it is known which text the kernel has; of all kinds the length comes right behind the address.
    private static func name(
        of descriptor: CInt, set: (inout swiftbpf_link_info, UInt64) -> Void
    ) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var info = swiftbpf_link_info()
        var length = UInt32(MemoryLayout<swiftbpf_link_info>.size)
        let result = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
            set(&info, UInt64(UInt(bitPattern: buffer.baseAddress)))
            setLength(&info, UInt32(buffer.count))
            return unsafe bpf_obj_get_info_by_fd(descriptor, &info, &length)
        }
        // ENOSPC: the name is longer, and cut. Of others' links the kernel may refuse to tell it.
        return result == 0 || result == -ENOSPC ? String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self) : ""
    }

    private static func setLength(_ info: inout swiftbpf_link_info, _ length: UInt32) {
        // Of raw tracepoints and iterators the text comes first, of perf events behind their kind; the other place is then read as nothing.
        if info.raw_tracepoint.name != 0 {
            info.raw_tracepoint.name_length = length
        } else {
            info.perf_event.uprobe.length = length
        }
    }
}
