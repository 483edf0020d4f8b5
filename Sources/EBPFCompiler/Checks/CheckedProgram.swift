/// A module as checks look at it: what programs reach, as far as it is the user's to change.
struct CheckedProgram {
    let module: IRModule
    let places: SourcePlaces
    /// Functions that programs reach, without those of Swift's runtime.
    private(set) var functions: [ReachedFunction] = []
    private let byName: [String: IRFunction]
    /// Functions that lead to memory from a heap, or to another part of Swift's runtime.
    private let onRuntime: Set<String>

    struct ReachedFunction {
        var body: IRFunction
        /// Where the source has the function or, if it is not the user's, where that calls it.
        var place: SourcePlace?
    }

    init(_ module: IRModule, users: UsersFiles) {
        self.module = module
        places = SourcePlaces(module, users: users)
        byName = Dictionary(module.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        onRuntime = Self.leading(to: { Runtime.part($0) != nil }, in: module)
        functions = reached()
    }

    func function(_ name: String) -> IRFunction? { byName[name] }

    /// Programs: functions with a section.
    var programs: [IRFunction] { module.functions.filter { $0.section != nil && !$0.isDeclaration } }

    /// Whether a call leads away from what the user can change.
    func isRuntime(_ name: String) -> Bool {
        guard !name.hasPrefix("llvm.") else { return false }
        guard let function = byName[name], !function.isDeclaration else { return true }
        return Runtime.part(name) != nil || (onRuntime.contains(name) && places.usersPlace(of: function) == nil)
    }

    private func reached() -> [ReachedFunction] {
        var found: [ReachedFunction] = []
        var names: Set<String> = []
        var open = programs.map { ReachedFunction(body: $0, place: places.place(of: $0)) }
        names.formUnion(open.map(\.body.name))
        while let function = open.popLast() {
            found.append(function)
            for instruction in function.body.body {
                for name in instruction.globals {
                    guard let other = byName[name], !other.isDeclaration, !isRuntime(name), names.insert(name).inserted else { continue }
                    let place = places.usersPlace(of: other) ?? places.usersPlace(of: instruction) ?? function.place
                    open.append(ReachedFunction(body: other, place: place))
                }
            }
        }
        return found
    }

    /// The functions that call, over however many others, one that fits.
    private static func leading(to fits: (String) -> Bool, in module: IRModule) -> Set<String> {
        var callers: [String: [String]] = [:]
        for function in module.functions {
            for instruction in function.body where !instruction.isDebugRecord {
                for name in instruction.globals { callers[name, default: []].append(function.name) }
            }
        }
        var leading = Set(callers.keys.filter(fits))
        var open = Array(leading)
        while let name = open.popLast() {
            for caller in callers[name] ?? [] where leading.insert(caller).inserted { open.append(caller) }
        }
        return leading
    }
}
