/// What an optimised module holds that the kernel's machine cannot run, each by the place in the source and with what to do instead.
struct Checks {
    private let program: CheckedProgram

    init(_ module: IRModule, users: UsersFiles) { program = CheckedProgram(module, users: users) }

    private static let ofInstructions: [any InstructionCheck] = [RuntimeCalls(), Traps(), IndirectCalls(), Numbers(), MemoryAccess()]
    private static let ofPrograms: [any ProgramCheck] = [Entries(), Globals(), Signatures(), Recursion(), CallDepth(), StackFrames()]

    func diagnostics() -> [Diagnostic] {
        var found = Findings()
        for function in program.functions {
            let refusals = function.body.body.compactMap { instruction in
                Self.ofInstructions.lazy.compactMap { $0.refusal(of: instruction, in: program) }.first.map {
                    (place: program.places.usersPlace(of: instruction), refusal: $0)
                }
            }
            // What no line of the user's brought comes with what one did.
            let isPlaced = refusals.contains { $0.place != nil }
            for (place, refusal) in refusals where place != nil || !isPlaced { found.add(refusal, at: place ?? function.place) }
        }
        for check in Self.ofPrograms {
            for diagnostic in check.diagnostics(of: program) { found.add(diagnostic) }
        }
        return found.diagnostics
    }
}

/// What is wrong with one instruction.
struct Refusal {
    var message: String
    var remedy: String
    /// Whether it explains what else is wrong with the same line: memory from a heap that does not exist comes with checks of its own.
    var isCause = false

    init(_ message: String, _ remedy: String, isCause: Bool = false) {
        self.message = message
        self.remedy = remedy
        self.isCause = isCause
    }
}

/// Looks at instructions one by one.
protocol InstructionCheck: Sendable {
    func refusal(of instruction: IRInstruction, in program: CheckedProgram) -> Refusal?
}

/// Looks at a program as a whole.
protocol ProgramCheck: Sendable {
    func diagnostics(of program: CheckedProgram) -> [Diagnostic]
}

/// What was found, each thing once and in the order of the source.
private struct Findings {
    private var found: [Diagnostic] = []
    /// Lines that have one cause for all.
    private var causes: [SourcePlace: Refusal] = [:]

    mutating func add(_ refusal: Refusal, at place: SourcePlace?) {
        if refusal.isCause, let line = place.map(Self.line) {
            if causes[line] != nil { return }
            causes[line] = refusal
        }
        add(Diagnostic(place, refusal.message, refusal.remedy))
    }

    mutating func add(_ diagnostic: Diagnostic) {
        if !found.contains(diagnostic) { found.append(diagnostic) }
    }

    private static func line(_ place: SourcePlace) -> SourcePlace { SourcePlace(file: place.file, line: place.line, column: 0) }

    var diagnostics: [Diagnostic] {
        found.filter { diagnostic in
            guard let cause = diagnostic.place.flatMap({ causes[Self.line($0)] }) else { return true }
            return cause.message == diagnostic.message
        }.sorted { ($0.place ?? .none) < ($1.place ?? .none) }
    }
}
