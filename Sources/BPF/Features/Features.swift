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
