import CLibBPF
import Glibc

/// What programs can be attached to, found by loading or attaching one.
extension Features {
    /// The kernel's own types, of which relocations, tracing of kernel functions and BTF tracepoints make use.
    public static let kernelTypes: Availability = {
        do throws(BPFError) {
            return try Inventory.types().contains { $0.isKernel && $0.name == "vmlinux" }
                ? .available : .unavailable("the kernel was built without CONFIG_DEBUG_INFO_BTF")
        } catch {
            return .unknown("\(error)")
        }
    }()

    /// Programs at tracepoints that take their arguments by type (`tp_btf`). Requires Linux 5.5.
    public static let btfTracepoint = ProgramTrial(.tracing)?.availability ?? unavailableWithoutTypes

    /// Programs at the entry of kernel functions (`fentry`). Requires Linux 5.5, and function tracing in the kernel.
    public static let fentry = ProgramTrial(entryOf: "bpf_fentry_test1", BPF_TRACE_FENTRY)?.availability ?? unavailableWithoutTypes

    /// Programs at the return of kernel functions (`fexit`).
    public static let fexit = ProgramTrial(entryOf: "bpf_fentry_test1", BPF_TRACE_FEXIT)?.availability ?? unavailableWithoutTypes

    /// Programs that change what kernel functions return (`fmod_ret`). Requires Linux 5.7.
    public static let fmodReturn =
        // The hooks of the security modules are open to it wherever it is; other functions where errors can be injected into them.
        ProgramTrial(entryOf: "security_inode_mkdir", BPF_MODIFY_RETURN)?.availability ?? unavailableWithoutTypes

    /// Programs at hooks of the security modules. Requires Linux 5.7; whether they are called is a matter of the kernel's `lsm=` too.
    public static let lsm = ProgramTrial(.lsm)?.availability ?? unavailableWithoutTypes

    /// Links of netfilter programs. Requires Linux 6.4.
    public static let netfilter = ProgramTrial(ProgramType(rawValue: 32))?.availability ?? .unavailable("no such kind")

    /// Counting of runs and run time. Requires Linux 5.8.
    public static let runStatistics: Availability = {
        do throws(BPFError) {
            _ = try RunStatistics()
            return .available
        } catch {
            return error.errno == EPERM ? .unknown("\(error)") : .unavailable("\(error)")
        }
    }()

    private static let unavailableWithoutTypes = Availability.unavailable("the kernel's types do not have what is attached to")
}
