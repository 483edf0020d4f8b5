import CLibBPF
import Glibc

/// Attaching to functions and tracepoints. These need the program's origin: a program from a pin or a number cannot be attached so.
///
/// The program stays attached while the link lives or is pinned.
extension Program {
    /// Attaches a kprobe program to a kernel function.
    ///
    /// - Parameters:
    ///   - function: A function of `/proc/kallsyms`.
    ///   - offset: Bytes after the function's entry.
    ///   - isReturn: Whether it runs when the function returns (a kretprobe).
    /// - Throws: `BPFError` with ENOENT if the kernel has no such function or no kprobes, EACCES without the right to open perf events.
    ///
    /// The corresponding libbpf function is `bpf_program__attach_kprobe_opts`.
    public func attachKprobe(function: String, offset: Int = 0, isReturn: Bool = false) throws(BPFError) -> Link {
        let program = unsafe try originProgram()
        let kind = isReturn ? "kretprobe" : "kprobe"
        let link = unsafe try captured(.attach, "program \(name) to \(kind) \(function)", pointer: {
            var options = bpf_kprobe_opts()
            options.sz = swiftbpf_size_of_bpf_kprobe_opts()
            options.offset = offset
            options.retprobe = isReturn
            return unsafe bpf_program__attach_kprobe_opts(program, function, &options)
        })
        return unsafe Link(libbpf: link)
    }

    /// Attaches a kprobe program to a function of a program or library file.
    ///
    /// - Parameters:
    ///   - binary: The path of an ELF file.
    ///   - symbol: A function in its symbol tables.
    ///   - offset: Bytes after the symbol, or in the file if there is no symbol.
    ///   - pid: The process to watch; without one all, those started later too.
    ///   - isReturn: Whether it runs when the function returns (a uretprobe).
    ///
    /// The corresponding libbpf function is `bpf_program__attach_uprobe_opts`.
    public func attachUprobe(
        binary: String, symbol: String? = nil, offset: Int = 0, pid: Int32? = nil, isReturn: Bool = false
    ) throws(BPFError) -> Link {
        let program = unsafe try originProgram()
        let kind = isReturn ? "uretprobe" : "uprobe"
        let link = unsafe try captured(.attach, "program \(name) to \(kind) \(binary):\(symbol ?? "\(offset)")", pointer: {
            var options = unsafe bpf_uprobe_opts()
            unsafe options.sz = swiftbpf_size_of_bpf_uprobe_opts()
            unsafe options.retprobe = isReturn
            guard let symbol else { return unsafe bpf_program__attach_uprobe_opts(program, pid ?? -1, binary, offset, &options) }
            return unsafe symbol.withCString { symbol in
                unsafe options.func_name = symbol
                return unsafe bpf_program__attach_uprobe_opts(program, pid ?? -1, binary, offset, &options)
            }
        })
        return unsafe Link(libbpf: link)
    }

    /// Attaches a tracepoint program to a tracepoint, `syscalls` and `sys_enter_openat` for example.
    ///
    /// Needs the trace filesystem at `/sys/kernel/tracing`.
    ///
    /// The corresponding libbpf function is `bpf_program__attach_tracepoint`.
    public func attachTracepoint(category: String, name event: String) throws(BPFError) -> Link {
        let program = unsafe try originProgram()
        let link = unsafe try captured(.attach, "program \(name) to tracepoint \(category)/\(event)", pointer: {
            unsafe bpf_program__attach_tracepoint(program, category, event)
        })
        return unsafe Link(libbpf: link)
    }

    /// Attaches a raw tracepoint program to a tracepoint by its bare name, `sched_switch` for example.
    ///
    /// The corresponding libbpf function is `bpf_program__attach_raw_tracepoint`.
    public func attachRawTracepoint(_ event: String) throws(BPFError) -> Link {
        let program = unsafe try originProgram()
        let link = unsafe try captured(.attach, "program \(name) to raw tracepoint \(event)", pointer: {
            unsafe bpf_program__attach_raw_tracepoint(program, event)
        })
        return unsafe Link(libbpf: link)
    }

    /// Attaches the program to what its section names.
    ///
    /// - Throws: `BPFError` with EOPNOTSUPP if the section names no target libbpf can attach to by itself.
    ///
    /// The corresponding libbpf function is `bpf_program__attach`.
    public func attachBySection() throws(BPFError) -> Link {
        let program = unsafe try originProgram()
        let link = unsafe try captured(.attach, "program \(name) by its section", pointer: { unsafe bpf_program__attach(program) })
        return unsafe Link(libbpf: link)
    }

    private func originProgram() throws(BPFError) -> OpaquePointer {
        guard let origin else {
            throw BPFError(
                .attach, "program \(name)", reason: "it was opened from a pin or a number", remedy: "attach it from its loaded object")
        }
        return unsafe origin.program
    }
}
