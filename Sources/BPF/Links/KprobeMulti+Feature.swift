import CLibBPF
import Glibc

extension Features {
    /// Links to many kernel functions at once (`kprobe.multi`). Requires Linux 5.18, and a kernel with CONFIG_FPROBE.
    public static let kprobeMulti: Availability = {
        var options = unsafe bpf_prog_load_opts()
        unsafe options.sz = swiftbpf_size_of_bpf_prog_load_opts()
        unsafe options.expected_attach_type = AttachType.kprobeMulti.cValue
        // Returns 0.
        let instructions = [0xb7, 0x95].map { bpf_insn(code: $0, dst_reg: 0, src_reg: 0, off: 0, imm: 0) }
        let (loaded, printed) = LibbpfMessages.capturing {
            unsafe instructions.withUnsafeBufferPointer {
                unsafe bpf_prog_load(BPF_PROG_TYPE_KPROBE, "trial", "GPL", $0.baseAddress, $0.count, &options)
            }
        }
        guard loaded >= 0 else {
            let words = printed.isEmpty ? BPFError.words(for: -loaded) : printed
            return loaded == -EPERM ? .unknown(words) : .unavailable(words)
        }
        let program = Program(Descriptor(adopting: loaded), name: "trial")
        do throws(BPFError) {
            // A function the kernel only calls when it tests itself.
            _ = try program.attach(kprobes: .named(["bpf_fentry_test1"]), isReturn: false, cookies: [])
            return .available
        } catch {
            return error.errno == EPERM || error.errno == ESRCH ? .unknown("\(error)") : .unavailable(BPFError.words(for: error.errno))
        }
    }()
}
