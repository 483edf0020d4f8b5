/// The types of `EBPF` that a global variable may have, and what becomes of it.
enum LibraryType {
    /// A map: the variable's address stands for it.
    case map
    /// A constant that is set before the program is loaded.
    case setting
    /// The license of the object.
    case license
    /// Where a field of a structure of the kernel's lies.
    case kernelField

    init?(of variable: IRVariable) {
        guard variable.type.count == 1, let type = variable.type.first, type.kind == .local else { return nil }
        self.init(named: type.name)
    }

    /// - Parameter type: The name of a type in the IR.
    init?(named type: String) {
        // "$s4EBPF7HashMapV": a structure of the module's. Layouts do not depend on what a map holds, so the name has no more to it;
        // a setting's has.
        guard let name = Self.structure(type) else { return nil }
        switch name {
        case "Setting": self = .setting
        case "License": self = .license
        case "KernelField": self = .kernelField
        case let name where Self.maps.contains(name): self = .map
        // Addresses, headers and other values are data like a program's own.
        default: return nil
        }
    }

    private static let maps: Set<String> = [
        "ArrayMap", "PerCPUArray", "HashMap", "LRUHashMap", "PerCPUHashMap", "LRUPerCPUHashMap", "LPMTrie", "RingBuffer", "PerfBuffer",
        "ProgramArray", "DeviceMap", "ArrayOfMaps", "HashOfMaps", "Queue", "Stack", "StackTraces",
    ]

    /// The name of a structure of `EBPF` in "T4EBPF7HashMapV…".
    private static func structure(_ mangled: String) -> String? {
        let start = "T4EBPF"
        guard mangled.hasPrefix(start) else { return nil }
        let rest = mangled.dropFirst(start.count)
        let digits = rest.prefix { $0.isNumber }
        guard let count = Int(digits) else { return nil }
        let name = rest.dropFirst(digits.count).prefix(count)
        guard rest.dropFirst(digits.count + count).first == "V" else { return nil }
        return String(name)
    }
}
