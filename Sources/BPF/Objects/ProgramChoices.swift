/// Which programs of an object may be left out, and which stand in for each other.
struct ProgramChoices {
    /// Alternatives for the same work, best first; each is one program or several that need each other.
    struct Group {
        var alternatives: [[String]]
        /// Those that are tried now: the ones before were refused.
        var current = 0

        var programs: [String] { alternatives.flatMap { $0 } }
    }

    private(set) var optional: Set<String> = []
    private(set) var groups: [Group] = []
    /// What was refused so far.
    private(set) var refused: [String: BPFError] = [:]

    mutating func setOptional(_ isOptional: Bool, _ name: String) {
        if isOptional { optional.insert(name) } else { optional.remove(name) }
    }

    mutating func add(_ group: Group) { groups.append(group) }

    /// Whether nothing is to be decided.
    var isEmpty: Bool { optional.isEmpty && groups.isEmpty }

    /// The programs of which the kernel is asked whether it takes them.
    var undecided: Set<String> { optional.union(groups.flatMap(\.programs)) }

    /// Those of the alternatives that are tried now.
    var wanted: [String] {
        groups.flatMap { $0.current < $0.alternatives.count ? $0.alternatives[$0.current] : [] }
    }

    /// Those that are not loaded now.
    var unwanted: Set<String> {
        var names = Set(refused.keys)
        for group in groups {
            for (index, alternative) in group.alternatives.enumerated() where index != group.current { names.formUnion(alternative) }
        }
        return names
    }

    /// Goes on without a program.
    ///
    /// - Returns: Whether that is possible.
    mutating func refuse(_ name: String, _ error: BPFError) -> Bool {
        // The kernel refused what had been left out: no way on.
        guard refused[name] == nil else { return false }
        if let index = groups.firstIndex(where: { $0.current < $0.alternatives.count && $0.alternatives[$0.current].contains(name) }) {
            // The others of the alternative are of no use without it.
            for name in groups[index].alternatives[groups[index].current] { refused[name] = error }
            groups[index].current += 1
            let isOptional = groups[index].programs.allSatisfy { optional.contains($0) }
            return groups[index].current < groups[index].alternatives.count || isOptional
        }
        guard optional.contains(name) else { return false }
        refused[name] = error
        return true
    }

    /// Why a program is not loaded.
    func reason(for name: String) -> LeftOutProgram.Reason {
        if let error = refused[name] { return .refused(error) }
        for group in groups where group.programs.contains(name) && group.current < group.alternatives.count {
            let current = group.alternatives[group.current]
            if !current.contains(name) { return .notNeeded(instead: current) }
        }
        return .notAskedFor
    }
}

extension OpenObject {
    /// Says whether the object may go without a program that the kernel refuses: what was left out, and why, is in
    /// `LoadedObject.leftOut`.
    ///
    /// Whether the kernel takes a program is found by trial, when the object is loaded. Programs of sections that begin with `?` are
    /// optional and not asked for; this asks for them.
    public mutating func setOptional(_ isOptional: Bool = true, program name: String) throws(BPFError) {
        if isOptional { try setAutoload(true, program: name) }
        choices.setOptional(isOptional, name)
    }

    /// Has programs stand in for each other: the first alternative the kernel takes is loaded, and the others are not.
    ///
    ///     try object.addAlternatives([["on_open_fentry", "on_open_fexit"], ["on_open_kprobe", "on_open_kretprobe"]])
    ///
    /// If it takes none, loading fails with what it said of the last, unless all of them are optional.
    ///
    /// - Parameter alternatives: Best first; each is one program or several that need each other.
    /// - Throws: `BPFError` if the object has no such program, or one stands in two alternatives.
    public mutating func addAlternatives(_ alternatives: [[String]]) throws(BPFError) {
        var names = Set(choices.groups.flatMap(\.programs))
        for name in alternatives.flatMap({ $0 }) {
            _ = unsafe try handle.program(named: name, for: .edit)
            guard names.insert(name).inserted else {
                throw BPFError(.edit, "program \(name)", reason: "it stands in two alternatives")
            }
        }
        guard !alternatives.isEmpty, alternatives.allSatisfy({ !$0.isEmpty }) else {
            throw BPFError(.edit, "object \(self.name)", reason: "an alternative has no program")
        }
        choices.add(ProgramChoices.Group(alternatives: alternatives))
    }
}
