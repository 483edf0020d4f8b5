internal import CLibBPF

/// What a program of an object wants of the kernel, by its code and that of all functions it calls.
public struct ProgramNeeds: Sendable, Hashable {
    /// The numbers of the helpers it calls (`enum bpf_func_id`), in their order.
    public var helpers: [UInt32] = []
    /// The kernel functions it calls that are no helpers (kfuncs), by name, without those it can do without (`__weak`).
    public var kernelFunctions: [String] = []
    /// The maps it uses, by name, without those of global variables.
    public var maps: [String] = []
    /// The types of the kernel it is adapted to when it is loaded (CO-RE).
    public var typeAccesses: [TypeAccess] = []

    /// A program that wants nothing.
    public init() {}

    /// The name of a helper: `map_lookup_elem` for 1; nothing for helpers younger than this library's headers.
    public static func helperName(_ number: UInt32) -> String? {
        guard let name = unsafe swiftbpf_helper_name(number) else { return nil }
        return unsafe String(cString: name)
    }
}

/// A place in the kernel's types that a program names.
public struct TypeAccess: Sendable, Hashable {
    /// What it wants to know of the place.
    public enum Question: UInt32, Sendable {
        case fieldOffset = 0
        case fieldSize = 1
        case fieldExists = 2
        case fieldIsSigned = 3
        case fieldShiftLeft = 4
        case fieldShiftRight = 5
        /// The number of the type in the object itself.
        case ownTypeNumber = 6
        case typeNumber = 7
        case typeExists = 8
        case typeSize = 9
        case enumValueExists = 10
        case enumValue = 11
        case typeMatches = 12

        /// Whether the answer may be that it is not there.
        public var mayBeAbsent: Bool { [.fieldExists, .typeExists, .enumValueExists, .typeMatches, .ownTypeNumber].contains(self) }
    }

    public var question: Question
    /// The type as C writes it: `struct task_struct`.
    public var type: String
    /// The way from the type to the place: `mm.pgd`, a value of an enumeration; empty if it is the type itself.
    public var path: String
}

extension TypeAccess: CustomStringConvertible {
    /// `struct task_struct.mm.pgd`.
    public var description: String { path.isEmpty ? type : "\(type).\(path)" }
}

extension OpenObject {
    /// What each program wants of the kernel, by the program's name. It is the same on every machine.
    public func needs() throws(BPFError) -> [String: ProgramNeeds] {
        do throws(ObjectDefect) {
            let file = try ELFObject(handle.source.bytes)
            return try handle.needs(file)
        } catch {
            throw BPFError(.read, "object \(name)", reason: error.reason, remedy: error.remedy)
        }
    }
}

extension ObjectHandle {
    func needs(_ file: ELFObject) throws(ObjectDefect) -> [String: ProgramNeeds] {
        let code = CodeReferences(file)
        var accesses: [Int: [TypeAccess]] = [:]
        if let types = try? types, let section = file.section(".BTF.ext") {
            for relocation in try TypeRelocation.all(in: section.content) {
                let name = relocation.section(in: types)
                guard let index = file.sections.firstIndex(where: { $0.name == name }),
                    let function = code.function(inSection: index, at: Int(relocation.offset)),
                    let access = relocation.access(in: types)
                else { continue }
                accesses[function, default: []].append(access)
            }
        }
        var needs: [String: ProgramNeeds] = [:]
        for position in unsafe programs.indices {
            let name = unsafe String(cString: bpf_program__name(programs[position]))
            guard let start = code.functions.firstIndex(where: { $0.name == name }) else { continue }
            let functions = code.reached(from: start)
            var all = ProgramNeeds()
            all.helpers = Set(functions.flatMap { code.functions[$0].helpers }).sorted()
            all.kernelFunctions = Set(functions.flatMap { code.functions[$0].kernelFunctions }).sorted()
            all.maps = Set(functions.flatMap { code.functions[$0].maps }).sorted()
            var seen: Set<TypeAccess> = []
            all.typeAccesses = functions.sorted().flatMap { accesses[$0] ?? [] }.filter { seen.insert($0).inserted }
            needs[name] = all
        }
        return needs
    }
}
