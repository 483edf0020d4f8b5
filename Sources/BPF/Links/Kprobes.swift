import CLibBPF
import Glibc

extension TypedProgram<Kprobe> {
    /// Attaches to a kernel function.
    ///
    /// - Parameters:
    ///   - function: A function of `/proc/kallsyms`.
    ///   - offset: Bytes after the function's entry.
    ///   - isReturn: Whether it runs when the function returns (a kretprobe).
    ///   - cookie: What `bpf_get_attach_cookie` returns in the program.
    /// - Throws: `BPFError` with ENOENT if the kernel has no such function or no kprobes, EACCES without the right to open perf events.
    ///
    /// Requires Linux 5.15. The corresponding libbpf function is `bpf_program__attach_kprobe_opts`.
    public func attach(function: String, offset: Int = 0, isReturn: Bool = false, cookie: UInt64 = 0) throws(BPFError) -> Link {
        try program.attach(kprobe: function, offset: offset, isReturn: isReturn, cookie: cookie)
    }

    /// Attaches to a system call by the name people know it by, `openat`.
    ///
    /// The program gets the arguments by libbpf's `BPF_KSYSCALL`. Calls of 32-bit programs are not seen.
    ///
    /// Requires Linux 5.15. The corresponding libbpf function is `bpf_program__attach_ksyscall`.
    public func attach(syscall: String, isReturn: Bool = false, cookie: UInt64 = 0) throws(BPFError) -> Link {
        try program.attach(ksyscall: syscall, isReturn: isReturn, cookie: cookie)
    }
}

extension TypedProgram<KprobeMulti> {
    /// Attaches to many kernel functions by one link.
    ///
    /// - Parameters:
    ///   - functions: The functions. A pattern takes all that can be traced and match.
    ///   - isReturn: Whether it runs when the functions return.
    ///   - cookies: What `bpf_get_attach_cookie` returns in the program, for each of the named functions; one alone is for all.
    /// - Throws: `BPFError` with ENOENT if no function matches, ESRCH if one of the named is not there, EOPNOTSUPP or EINVAL on kernels
    ///   without such links.
    ///
    /// Requires Linux 5.18. The corresponding libbpf function is `bpf_program__attach_kprobe_multi_opts`.
    public func attach(functions: KernelFunctions, isReturn: Bool = false, cookies: [UInt64] = []) throws(BPFError) -> Link {
        try program.attach(kprobes: functions, isReturn: isReturn, cookies: cookies)
    }
}

extension Program {
    func attach(kprobe function: String, offset: Int, isReturn: Bool, cookie: UInt64) throws(BPFError) -> Link {
        let subject = "program \(name) to \(isReturn ? "kretprobe" : "kprobe") \(function)"
        let event = try PerfEvent(kernelFunction: function, offset: offset, isReturn: isReturn, subject: subject)
        return try event.link(to: self, cookie: cookie, subject: subject)
    }

    func attach(ksyscall call: String, isReturn: Bool, cookie: UInt64) throws(BPFError) -> Link {
        #if arch(arm64)
            let wrapped = "__arm64_sys_\(call)"
        #else
            let wrapped = "__x64_sys_\(call)"
        #endif
        do throws(BPFError) {
            return try attach(kprobe: wrapped, offset: 0, isReturn: isReturn, cookie: cookie)
        } catch {
            // Kernels whose system calls have no wrappers.
            guard error.errno == ENOENT, let link = try? attach(kprobe: "__se_sys_\(call)", offset: 0, isReturn: isReturn, cookie: cookie)
            else { throw error }
            return link
        }
    }

    func attach(kprobes functions: KernelFunctions, isReturn: Bool, cookies: [UInt64]) throws(BPFError) -> Link {
        let target = "\(isReturn ? "kretprobe.multi" : "kprobe.multi") \(functions)"
        let names: [String]
        switch functions {
        case .named(let given): names = given
        case .matching(let pattern): names = KernelSymbols.traceable(matching: pattern)
        }
        guard !names.isEmpty else {
            throw BPFError(.attach, "program \(name) to \(target)", errno: ENOENT, reason: "no function of the kernel's matches")
        }
        let all = cookies.count == 1 ? Array(repeating: cookies[0], count: names.count) : cookies
        guard all.isEmpty || all.count == names.count else {
            throw BPFError(
                .attach, "program \(name) to \(target)", reason: "there are \(cookies.count) cookies for \(names.count) functions")
        }
        // One block for all the names, to which the kernel gets an array of pointers.
        var text: [CChar] = []
        var starts: [Int] = []
        for name in names {
            starts.append(text.count)
            unsafe name.withCString { unsafe text.append(contentsOf: UnsafeBufferPointer(start: $0, count: strlen($0) + 1)) }
        }
        return try linked(text, starts, all, isReturn, target)
    }

    private func linked(
        _ text: [CChar], _ starts: [Int], _ cookies: [UInt64], _ isReturn: Bool, _ target: String
    ) throws(BPFError) -> Link {
        var options = unsafe bpf_link_create_opts()
        unsafe options.sz = swiftbpf_size_of_bpf_link_create_opts()
        unsafe options.kprobe_multi.flags = isReturn ? 1 : 0  // BPF_F_KPROBE_MULTI_RETURN
        unsafe options.kprobe_multi.cnt = UInt32(starts.count)
        let link = try captured(.attach, "program \(name) to \(target)") {
            unsafe text.withUnsafeBufferPointer { text in
                var symbols: [UnsafePointer<CChar>?] = unsafe starts.map { start in
                    unsafe text.baseAddress.map { unsafe $0 + start }
                }
                return unsafe symbols.withUnsafeMutableBufferPointer { symbols in
                    unsafe cookies.withUnsafeBufferPointer { cookies in
                        unsafe options.kprobe_multi.syms = symbols.baseAddress
                        if !cookies.isEmpty { unsafe options.kprobe_multi.cookies = cookies.baseAddress }
                        return unsafe bpf_link_create(fileDescriptor, 0, AttachType.kprobeMulti.cValue, &options)
                    }
                }
            }
        }
        return Link(adopting: link)
    }
}
