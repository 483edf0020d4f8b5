import CLibBPF
import Glibc

/// What this kernel can do, found by trial once and remembered. Version numbers decide nothing.
public enum Features {
    /// The outcome of a trial.
    public enum Availability: Sendable, Hashable {
        case available
        /// Not there, and how the kernel said so.
        case unavailable(String)
        /// The trial itself was refused, for lack of privileges as a rule.
        case unknown(String)
    }

    /// tcx links, of Linux 6.6.
    public static let tcx: Availability = {
        // Asking for the programs of the loopback interface changes nothing.
        do throws(BPFError) {
            _ = try TCXChain(interface: 1, .ingress)
            return .available
        } catch {
            return error.errno == EPERM ? .unknown("\(error)") : .unavailable(BPFError.words(for: error.errno))
        }
    }()

    /// Ring buffers, of Linux 5.8.
    public static let ringBuffer = mapType(.ringBuffer)

    /// Kprobes: absent from kernels built without them, though programs for them load.
    public static let kprobe = perfProbe("kprobe", target: "do_exit", path: nil)

    /// Uprobes.
    public static let uprobe = perfProbe("uprobe", target: nil, path: "/proc/self/exe")

    /// Whether maps of a kind can be made.
    public static func mapType(_ type: MapType) -> Availability {
        verdict { libbpf_probe_bpf_map_type(bpf_map_type(type.rawValue), nil) }
    }

    /// Whether programs of a kind can be loaded.
    public static func programType(_ type: ProgramType) -> Availability {
        verdict { libbpf_probe_bpf_prog_type(bpf_prog_type(type.rawValue), nil) }
    }

    /// Whether programs of a kind may call the helper of a number (`enum bpf_func_id`).
    public static func helper(_ number: UInt32, in type: ProgramType) -> Availability {
        verdict { libbpf_probe_bpf_helper(bpf_prog_type(type.rawValue), bpf_func_id(number), nil) }
    }

    private static func verdict(_ probe: () -> CInt) -> Availability {
        let (result, printed) = LibbpfMessages.capturing(probe)
        switch result {
        case 1: return .available
        case 0: return .unavailable(printed)
        case -EPERM: return .unknown(BPFError.words(for: EPERM))
        default: return .unknown(BPFError.words(for: -result))
        }
    }

    /// Opens a perf event of the kind, as libbpf does to attach, and closes it.
    private static func perfProbe(_ kind: String, target: String?, path: String?) -> Availability {
        let file = "/sys/bus/event_source/devices/\(kind)/type"
        guard let stream = unsafe fopen(file, "re") else { return .unavailable("there is no \(file)") }
        defer { unsafe fclose(stream) }
        var line = [CChar](repeating: 0, count: 32)
        guard unsafe fgets(&line, CInt(line.count), stream) != nil else { return .unknown("\(file) is empty") }
        var attribute = perf_event_attr()
        attribute.size = UInt32(MemoryLayout<perf_event_attr>.size)
        unsafe attribute.type = UInt32(truncatingIfNeeded: atoi(line))
        let name = target ?? path ?? ""
        let descriptor = unsafe name.withCString { name in
            attribute.config1 = UInt64(UInt(bitPattern: name))
            return unsafe swiftbpf_perf_event_open(&attribute, -1, 0, -1, UInt(PERF_FLAG_FD_CLOEXEC))
        }
        guard descriptor >= 0 else {
            let number = errno
            let words = BPFError.words(for: number)
            return number == EACCES || number == EPERM ? .unknown(words) : .unavailable(words)
        }
        close(descriptor)
        return .available
    }
}
