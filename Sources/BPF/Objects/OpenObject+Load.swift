import CLibBPF
import Glibc

extension OpenObject {
    /// Makes the maps and loads the programs.
    ///
    /// Optional programs and alternatives are decided by trial: where the kernel refuses one, the file is opened again with the changes
    /// made so far and without that program. What is not loaded in the end is in `LoadedObject.leftOut`.
    ///
    /// - Parameter trial: Asked of each optional program and each of an alternative once it is loaded, and may refuse it by an error. Some
    ///   things the kernel only says when a program is attached: kernels without kprobes load programs for them.
    /// - Throws: `BPFError` of step `load` that names the program or map, with the verifier's log when the verifier refused, and also if no
    ///   program would be loaded. Nothing of the object stays in the kernel.
    ///
    /// The corresponding libbpf function is `bpf_object__load`.
    public consuming func load(trial: (borrowing Program) throws(BPFError) -> Void = { (_) throws(BPFError) in }) throws(BPFError)
        -> LoadedObject
    {
        var choices = choices
        var handle = handle
        var isFirst = true
        while true {
            if !isFirst {
                handle = try ObjectHandle(again: handle)
                for edit in edits { try edit(handle) }
            }
            isFirst = false
            for name in choices.wanted { try handle.setAutoload(true, program: name) }
            for name in choices.unwanted { try handle.setAutoload(false, program: name) }
            do throws(BPFError) {
                try handle.checkPrograms(choices)
                try handle.load()
            } catch {
                guard let name = handle.refusedProgram, choices.refuse(name, error) else { throw error }
                continue
            }
            let leftOut = unsafe handle.programs.filter { unsafe bpf_program__fd($0) < 0 }.map { program in
                let name = unsafe String(cString: bpf_program__name(program))
                return LeftOutProgram(name: name, reason: choices.reason(for: name))
            }
            let loaded = LoadedObject(handle, leftOut: leftOut)
            guard let (name, error) = Self.refusal(of: choices.undecided, in: loaded, by: trial) else { return loaded }
            guard choices.refuse(name, error) else { throw error }
        }
    }

    /// The first program that does not pass a trial, with the reason.
    private static func refusal(
        of names: Set<String>, in loaded: borrowing LoadedObject, by trial: (borrowing Program) throws(BPFError) -> Void
    ) -> (name: String, error: BPFError)? {
        let leftOut = Set(loaded.leftOut.map(\.name))
        for program in loaded.programs where names.contains(program.name) && !leftOut.contains(program.name) {
            do throws(BPFError) {
                try trial(loaded.program(program.name))
            } catch {
                return (program.name, error)
            }
        }
        return nil
    }
}

extension ObjectHandle {
    /// Refuses an object of which no program would be loaded: that it is in the kernel would say nothing.
    fileprivate func checkPrograms(_ choices: ProgramChoices) throws(BPFError) {
        let programs = unsafe programs
        if unsafe programs.isEmpty {
            throw BPFError(
                .load, "object \(name)", reason: "it has no program",
                remedy: "a program is a function in a section that says its kind, such as SEC(\"tc\")")
        }
        if unsafe programs.contains(where: { unsafe bpf_program__autoload($0) }) { return }
        let reasons = unsafe programs.map { program in
            let name = unsafe String(cString: bpf_program__name(program))
            return LeftOutProgram(name: name, reason: choices.reason(for: name)).description
        }
        throw BPFError(
            .load, "object \(name)", reason: "none of its programs would be loaded: " + reasons.joined(separator: "; "),
            remedy: "ask for one: setAutoload(true, program: …)")
    }

    /// Loads what is to be loaded; on failure `refusedProgram` says which program it was, if it was one.
    fileprivate func load() throws(BPFError) {
        try adoptDeclaredPins()
        linkOperations()
        let (result, printed) = LibbpfMessages.capturing { unsafe bpf_object__load(pointer) }
        defer { releaseLog() }
        guard result < 0 else { return }
        // ENOSPC speaks of the log then, and the verifier's own number is lost.
        let program = VerifierLog.refusedProgram(in: printed)
        let isCut = -result == ENOSPC && program != nil
        refusedProgram = program ?? Self.subject("prog", in: printed)
        let map = refusedProgram == nil ? Self.subject("map", in: printed) : nil
        let part = refusedProgram.map { "program \($0) of " } ?? map.map { "map \($0) of " } ?? ""
        throw BPFError(
            .load, "\(part)object \(name)", errno: isCut ? 0 : -result,
            reason: isCut
                ? "the verifier refused it, and its log of more than 16 MiB is cut"
                : program == nil ? Self.reason(for: refusedProgram, map, in: printed) : "",
            verifierLog: program == nil ? "" : verifierLog,
            libbpfMessages: printed)
    }

    /// What libbpf said of a program or map before it said that it failed; the last thing it said of none.
    private static func reason(for program: String?, _ map: String?, in printed: String) -> String {
        let lines = printed.split(separator: "\n").filter { !$0.hasPrefix("failed to load object") }
        guard let subject = program.map({ "prog '\($0)': " }) ?? map.map({ "map '\($0)': " }) else {
            return lines.last.map(String.init) ?? ""
        }
        return lines.first { $0.hasPrefix(subject) }.map { String($0.dropFirst(subject.count)) } ?? ""
    }

    /// What libbpf spoke of last: "prog 'NAME': …", "map 'NAME': …".
    private static func subject(_ kind: String, in printed: String) -> String? {
        guard let line = printed.split(separator: "\n").last(where: { $0.hasPrefix("\(kind) '") }) else { return nil }
        let parts = line.split(separator: "'", maxSplits: 2)
        return parts.count == 3 ? String(parts[1]) : nil
    }
}
