import CLibBPF
import Glibc

extension TypedProgram<Uprobe> {
    /// Attaches to an instruction of a program or library file.
    ///
    /// - Parameters:
    ///   - place: The file and the place in it.
    ///   - pid: The process to watch; without one all, those started later too.
    ///   - isReturn: Whether it runs when the function that begins there returns (a uretprobe).
    ///   - cookie: What `bpf_get_attach_cookie` returns in the program.
    /// - Throws: `BPFError` with ENOENT if there is no such file or function, EACCES without CAP_SYS_ADMIN on kernels that want it.
    ///
    /// Requires Linux 5.15. The corresponding libbpf function is `bpf_program__attach_uprobe_opts`.
    public func attach(to place: CodePlace, pid: Int32? = nil, isReturn: Bool = false, cookie: UInt64 = 0) throws(BPFError) -> Link {
        try program.attach(uprobe: place, pid: pid, isReturn: isReturn, cookie: cookie)
    }
}

extension Program {
    func attach(uprobe place: CodePlace, pid: Int32?, isReturn: Bool, cookie: UInt64) throws(BPFError) -> Link {
        let subject = "program \(name) to \(isReturn ? "uretprobe" : "uprobe") \(place)"
        let path = try BinaryFile.path(of: place.binary, subject: subject)
        var offset = place.offset
        if let symbol = place.symbol {
            let (sum, isTooFar) = offset.addingReportingOverflow(try SymbolTable(of: path, subject: subject).offset(of: symbol))
            if isTooFar { throw BPFError(.attach, subject, errno: EINVAL, reason: "the offset lies behind the file") }
            offset = sum
        }
        let event = try PerfEvent(file: path, offset: offset, pid: pid, isReturn: isReturn, subject: subject)
        return try event.link(to: self, cookie: cookie, subject: subject)
    }
}

/// Where a program or library lies.
enum BinaryFile {
    /// The path as given if it has a `/`, else that of the library or program of this name.
    static func path(of name: String, subject: String) throws(BPFError) -> String {
        if name.contains("/") { return name }
        let isLibrary = name.contains(".so")
        var folders = environment(isLibrary ? "LD_LIBRARY_PATH" : "PATH")
        if isLibrary {
            #if arch(arm64)
                let triple = "aarch64-linux-gnu"
            #else
                let triple = "x86_64-linux-gnu"
            #endif
            folders += ["/lib/\(triple)", "/usr/lib/\(triple)", "/usr/lib64", "/usr/lib", "/usr/local/lib"]
        } else {
            folders += ["/usr/bin", "/usr/sbin", "/bin", "/sbin"]
        }
        for folder in folders {
            let path = "\(folder)/\(name)"
            if unsafe access(path, isLibrary ? R_OK : X_OK) == 0 { return path }
        }
        let kind = isLibrary ? "library" : "program"
        throw BPFError(
            .attach, subject, errno: ENOENT, reason: "no \(kind) \(name) is in \(folders.joined(separator: ":"))",
            remedy: "give the whole path")
    }

    private static func environment(_ name: String) -> [String] {
        guard let value = unsafe getenv(name) else { return [] }
        return unsafe String(cString: value).split(separator: ":").map(String.init)
    }
}
