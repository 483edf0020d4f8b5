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
    public static let kprobe = trial { () throws(BPFError) in
        _ = try PerfEvent(kernelFunction: "do_exit", offset: 0, isReturn: false, subject: "a kprobe")
    }

    /// Uprobes.
    public static let uprobe = trial { () throws(BPFError) in
        _ = try PerfEvent(file: "/proc/self/exe", offset: 0, pid: nil, isReturn: false, subject: "a uprobe")
    }

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

    /// Opens a perf event of the kind, as attaching does, and closes it.
    private static func trial(_ open: () throws(BPFError) -> Void) -> Availability {
        do throws(BPFError) {
            try open()
            return .available
        } catch {
            let isRefused = error.errno == EACCES || error.errno == EPERM
            return isRefused ? .unknown("\(error)") : .unavailable("\(error)")
        }
    }
}
