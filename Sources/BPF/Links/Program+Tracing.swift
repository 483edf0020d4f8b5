import CLibBPF
import Glibc

/// Attaching to functions and tracepoints.
///
/// The program stays attached while the link lives or is pinned. Requires Linux 5.15.
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
        let subject = "program \(name) to \(isReturn ? "kretprobe" : "kprobe") \(function)"
        let event = try PerfEvent(kernelFunction: function, offset: offset, isReturn: isReturn, subject: subject)
        return try event.link(to: self, subject: subject)
    }

    /// Attaches a kprobe program to a function of a program or library file.
    ///
    /// - Parameters:
    ///   - binary: The path of an ELF file.
    ///   - symbol: A function in its symbol tables.
    ///   - offset: Bytes after the symbol, or in the file if there is no symbol.
    ///   - pid: The process to watch; without one all, those started later too.
    ///   - isReturn: Whether it runs when the function returns (a uretprobe).
    /// - Throws: `BPFError` with ENOENT if there is no such file or function, EACCES without CAP_SYS_ADMIN on kernels that want it.
    ///
    /// The corresponding libbpf function is `bpf_program__attach_uprobe_opts`.
    public func attachUprobe(
        binary: String, symbol: String? = nil, offset: Int = 0, pid: Int32? = nil, isReturn: Bool = false
    ) throws(BPFError) -> Link {
        let subject = "program \(name) to \(isReturn ? "uretprobe" : "uprobe") \(binary):\(symbol ?? "\(offset)")"
        var place = offset
        if let symbol { place += try SymbolTable(of: binary, subject: subject).offset(of: symbol) }
        let event = try PerfEvent(file: binary, offset: place, pid: pid, isReturn: isReturn, subject: subject)
        return try event.link(to: self, subject: subject)
    }

    /// Attaches a tracepoint program to a tracepoint, `syscalls` and `sys_enter_openat` for example.
    ///
    /// - Throws: `BPFError` with ENOENT if there is no such tracepoint, or the trace filesystem is not at `/sys/kernel/tracing`.
    ///
    /// The corresponding libbpf function is `bpf_program__attach_tracepoint`.
    public func attachTracepoint(category: String, name event: String) throws(BPFError) -> Link {
        let subject = "program \(name) to tracepoint \(category)/\(event)"
        return try PerfEvent(tracepoint: category, event, subject: subject).link(to: self, subject: subject)
    }

    /// Attaches a raw tracepoint program to a tracepoint by its bare name, `sched_switch` for example.
    ///
    /// The corresponding libbpf function is `bpf_raw_tracepoint_open`.
    public func attachRawTracepoint(_ event: String) throws(BPFError) -> Link {
        Link(
            adopting: try check(.attach, "program \(name) to raw tracepoint \(event)") {
                unsafe bpf_raw_tracepoint_open(event, fileDescriptor)
            })
    }
}
