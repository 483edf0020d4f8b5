import CLibBPF
import Glibc

extension OpenObject {
    /// Has a program loaded to take the place of a function of another program that is in the kernel. Programs of section `freplace/…` need
    /// this call: their section does not say of which program the function is.
    ///
    ///     var patch = try OpenObject(.file("patch.o"))
    ///     try patch.setTarget(function: "classify", of: filter, ofProgram: "classify_better")
    ///     let link = try patch.load().program("classify_better", as: Freplace.self).attach(to: "classify", of: filter)
    ///
    /// - Parameters:
    ///   - function: A function of the other program that is not `static`, or the program itself.
    ///   - other: The other program, which must have been loaded with its types. The verifier holds both signatures against each other.
    /// - Throws: `BPFError` of step `edit` if the object has no such program, or the other no such function.
    ///
    /// The corresponding libbpf function is `bpf_program__set_attach_target`.
    public mutating func setTarget(function: String, of other: borrowing Program, ofProgram name: String) throws(BPFError) {
        // libbpf neither duplicates nor closes it, and wants it at the load, which may come more than once.
        let target = SharedDescriptor(try Descriptor(duplicating: other.fileDescriptor, for: "program \(other.name)"))
        try edit { (handle) throws(BPFError) in
            let program = unsafe try handle.program(named: name, for: .edit)
            handle.lent.append(target)
            if unsafe bpf_program__type(program) != BPF_PROG_TYPE_EXT {
                try captured(.edit, "program \(name)") { unsafe bpf_program__set_type(program, BPF_PROG_TYPE_EXT) }
            }
            try captured(.edit, "program \(name)") { unsafe bpf_program__set_attach_target(program, target.rawValue, function) }
        }
    }
}

extension TypedProgram<Freplace> {
    /// Puts the program in the place of a function of another program, as long as the link lives: the one it was loaded for, or another of
    /// the same signature. Whoever calls the function calls this program.
    ///
    /// - Throws: `BPFError` of step `attach`: ENOENT if the other program has no such function, EBUSY if another program is in its place
    ///   already, EINVAL if signatures differ.
    ///
    /// The kernel gives the types of the other program, where the function is looked up, to CAP_SYS_ADMIN only.
    ///
    /// Requires Linux 5.10. The corresponding libbpf function is `bpf_program__attach_freplace`.
    public func attach(to function: String, of other: borrowing Program) throws(BPFError) -> Link {
        let target = "function \(function) of program \(other.name)"
        let types = try other.info.typesID
        let number = types == 0 ? nil : try BTF(id: types).id(ofFunction: function)
        guard let number else {
            throw BPFError(
                .attach, "program \(name) to \(target)", errno: ENOENT,
                reason: types == 0 ? "the program was loaded without types" : "the program has no such function")
        }
        return try unsafe program.linked(to: other.fileDescriptor, .unspecified, target) { unsafe $0.target_btf_id = number }
    }
}
