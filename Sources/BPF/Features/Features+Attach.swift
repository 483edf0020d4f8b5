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
    ///
    /// The trial is attached for a moment, to a function that the kernel only calls when it tests itself.
    public static let fentry = bound(ProgramTrial(entryOf: "bpf_fentry_test1", BPF_TRACE_FENTRY))

    /// Programs at the return of kernel functions (`fexit`).
    public static let fexit = bound(ProgramTrial(entryOf: "bpf_fentry_test1", BPF_TRACE_FEXIT))

    /// Programs that change what kernel functions return (`fmod_ret`). Requires Linux 5.7.
    ///
    /// The trial is attached for a moment, where quotas are switched on, and changes nothing.
    // The hooks of the security modules are open to it wherever it is; other functions where errors can be injected into them.
    public static let fmodReturn = bound(ProgramTrial(entryOf: "security_quota_on", BPF_MODIFY_RETURN))

    /// Programs at hooks of the security modules. Requires Linux 5.7; whether they are called is a matter of the kernel's `lsm=` too.
    ///
    /// The trial is attached for a moment, where quotas are switched on, and allows it.
    public static let lsm = bound(ProgramTrial(.lsm))

    /// Links of netfilter programs. Requires Linux 6.4.
    public static let netfilter =
        ProgramTrial(.netfilter)?.availability { program in
            // Asked for a family that has no hooks: kernels with such links say so, and nothing is attached.
            var request = swiftbpf_netfilter_create()
            request.prog_fd = UInt32(bitPattern: program)
            request.attach_type = AttachType.netfilter.rawValue
            let command = CInt(BPF_LINK_CREATE.rawValue)
            let link = unsafe swiftbpf_bpf(command, &request, UInt32(MemoryLayout<swiftbpf_netfilter_create>.size))
            if link >= 0 { close(link) }
            return link >= 0 || errno == EAFNOSUPPORT ? 0 : errno
        } ?? .unavailable("no such kind")

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

    /// Whether a program can be loaded for a place in the kernel, and attached to it.
    private static func bound(_ trial: ProgramTrial?) -> Availability {
        trial?.availability(attaching: ProgramTrial.attachBound) ?? unavailableWithoutTypes
    }
}
