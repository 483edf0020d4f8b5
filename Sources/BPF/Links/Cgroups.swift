import CLibBPF
import Glibc

extension TypedProgram where Kind: CgroupProgramKind {
    /// Attaches to a control group of the unified hierarchy, and so to those below it.
    ///
    /// A group takes several programs, which run in the order they were attached; each of them can refuse.
    ///
    /// - Parameters:
    ///   - path: The group's folder.
    ///   - hook: What the program is to see, as far as its kind leaves a choice; by default what it was loaded for.
    /// - Throws: `BPFError` with EINVAL if the program was loaded for another hook, EBADF if the folder is none of the unified hierarchy.
    ///
    /// Requires Linux 5.7. The corresponding libbpf function is `bpf_program__attach_cgroup`.
    public func attach(cgroup path: String, _ hook: CgroupHook? = nil) throws(BPFError) -> Link {
        guard let hook else { return try program.attach(cgroup: path, program.cgroupHook()) }
        return try program.attach(cgroup: path, hook)
    }
}

extension TypedProgram<LSMCgroup> {
    /// Attaches to the hook the program was loaded for, for the processes of a control group.
    ///
    /// Requires Linux 6.0. The corresponding libbpf function is `bpf_program__attach_cgroup`.
    public func attach(cgroup path: String) throws(BPFError) -> Link { try program.attach(cgroup: path, .lsmCgroup) }
}

extension Program {
    func attach(cgroup path: String, _ hook: CgroupHook) throws(BPFError) -> Link {
        try attach(cgroup: path, hook.attachType)
    }

    func attach(cgroup path: String, _ type: AttachType) throws(BPFError) -> Link {
        let target = "\(type) of \(path)"
        let folder = try openTarget(path, target, flags: O_DIRECTORY)
        return try unsafe linked(to: folder.rawValue, type, target)
    }

    /// The hook the program was loaded for.
    func cgroupHook() throws(BPFError) -> CgroupHook {
        let type = try info.type
        let hooks = CgroupHook.allCases.filter { $0.programType == type }
        if hooks.count == 1 { return hooks[0] }
        // 0 is the number of incoming packets, and what programs for both directions are loaded for.
        if let attachType, attachType != .unspecified, let hook = hooks.first(where: { $0.attachType == attachType }) { return hook }
        throw BPFError(
            .attach, "program \(name) to a control group", reason: "what it is to see is not known",
            remedy: "name the hook: \(hooks.map(\.rawValue).joined(separator: ", "))")
    }
}
