/// Something an object needs that this host's kernel has not.
public struct MissingNeed: Sendable, Hashable {
    /// What would be refused: `program on_open`, `map events`.
    public let subject: String
    /// Why, as a sentence about it.
    public let reason: String
}

extension OpenObject {
    /// What of the kernel programs are to be attached to and this host has not, as far as everyone may know: functions, tracepoints, hooks,
    /// or a kind of probe at all. The kernel may take such a program; attaching it fails.
    public func missingTargets() -> [MissingNeed] {
        guard let kernel = KernelTypes() else { return [] }
        return programs.compactMap { program in
            program.target.flatMap { $0.missing(in: kernel) }.map { MissingNeed(subject: "program \(program.name)", reason: $0) }
        }
    }

    /// What this host's kernel would refuse to load, as far as it tells everyone: kinds of programs and maps, helpers, kernel functions and
    /// places in its types that it has not. What is missing here is missing; what is not, the verifier may refuse for reasons of its own, and some
    /// kernels know things that they were built without.
    ///
    /// Places that a program asks for before it uses them (`bpf_core_field_exists`) may be missing.
    ///
    /// - Throws: `BPFError` if the object's code or BTF cannot be read.
    public func missingNeeds() throws(BPFError) -> [MissingNeed] {
        let needs = try needs()
        guard let kernel = KernelTypes() else {
            return programs.compactMap { program in
                guard let need = needs[program.name], need.typeAccesses.contains(where: { $0.question != .ownTypeNumber }) else {
                    return nil
                }
                return MissingNeed(
                    subject: "program \(program.name)",
                    reason: "it is adapted to the kernel's types, which this kernel does not tell (/sys/kernel/btf/vmlinux)")
            }
        }
        var missing: [MissingNeed] = []
        let kinds = KernelTypes.known.maps
        for map in maps where !kinds.isEmpty && !kinds.contains(Int64(map.type.rawValue)) {
            missing.append(MissingNeed(subject: "map \(map.name)", reason: "this kernel has no maps of kind \(map.type)"))
        }
        for program in programs {
            missing += (needs[program.name] ?? ProgramNeeds()).missing(in: kernel, type: program.type).map {
                MissingNeed(subject: "program \(program.name)", reason: $0)
            }
        }
        return missing
    }
}

extension ProgramNeeds {
    /// Why a kernel would not take the program.
    fileprivate func missing(in kernel: KernelTypes, type: ProgramType) -> [String] {
        var reasons: [String] = []
        let (kinds, _, known) = KernelTypes.known
        if !kinds.isEmpty, !kinds.contains(Int64(type.rawValue)) { reasons.append("this kernel has no programs of kind \(type)") }
        for helper in helpers where !known.isEmpty && !known.contains(Int64(helper)) {
            let name = Self.helperName(helper).map { " (\($0))" } ?? ""
            reasons.append("it calls helper \(helper)\(name), which this kernel has not")
        }
        for function in kernelFunctions where !kernel.hasFunction(function) {
            reasons.append("it calls the kernel function \(function), which this kernel has not")
        }
        // What it asks for may be missing, with all that lies in it.
        let asked = typeAccesses.filter(\.question.mayBeAbsent)
        for access in typeAccesses where !access.question.mayBeAbsent && !kernel.has(access) {
            let isGuarded = asked.contains { $0.type == access.type && ($0.path.isEmpty || access.path.hasPrefix($0.path)) }
            let reason = "it needs \(access), which this kernel has not"
            if !isGuarded, !reasons.contains(reason) { reasons.append(reason) }
        }
        return reasons
    }
}
