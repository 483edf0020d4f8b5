/// Swift's runtime and what else a host has: memory from a heap, references that are counted, output.
struct RuntimeCalls: InstructionCheck {
    func refusal(of instruction: IRInstruction, in program: CheckedProgram) -> Refusal? {
        guard let callee = instruction.callee, callee.kind == .global, program.isRuntime(callee.name) else { return nil }
        switch Runtime.part(callee.name) {
        case .heap?, .references?:
            return Self.heap
        case .exclusivity?:
            return Refusal("Swift would test while it runs that nobody else uses this variable", "use a local variable", isCause: true)
        case nil:
            break
        }
        guard let function = program.function(callee.name), !function.isDeclaration else {
            return Refusal(
                "this calls '\(callee.name)', which the kernel does not have",
                "use what EBPF offers, or write what it does in the program", isCause: true)
        }
        return Self.heap
    }

    private static let heap = Refusal(
        "this allocates memory, which a program in the kernel cannot: for a class, a closure that outlives its call, or an Array, "
            + "Dictionary or String",
        "use structs, InlineArray, or a map", isCause: true)
}

/// The functions of Swift's runtime, by name.
enum Runtime {
    case heap
    case references
    case exclusivity

    static func part(_ name: String) -> Runtime? {
        if allocators.contains(name) { return .heap }
        guard name.hasPrefix("swift_") || name.hasPrefix("_swift_") else { return nil }
        if name.contains("retain") || name.contains("elease") || name.contains("RefCount") || name.contains("Unique") { return .references }
        if name.contains("Access") { return .exclusivity }
        return .heap
    }

    private static let allocators: Set<String> = [
        "malloc", "calloc", "realloc", "free", "posix_memalign", "aligned_alloc", "_Znwm", "_ZdlPv",
    ]
}
