import CLibBPF

/// What the running kernel tells everyone about itself: its types (`/sys/kernel/btf/vmlinux`), its symbols, its sources of events.
final class KernelTypes {
    private let types: BTF
    private var ids: [String: UInt32?] = [:]
    private var values: [String: [String: Int64]] = [:]

    /// Nothing if this kernel does not tell its types.
    init?() {
        guard let types = try? BTF.kernel else { return nil }
        self.types = types
    }

    /// Whether there is a type: `struct task_struct`, `btf_trace_sched_switch`.
    func has(_ name: String) -> Bool { id(of: name) != nil }

    /// Whether there is a function, in the kernel itself or in a module that is loaded.
    func hasFunction(_ name: String) -> Bool {
        unsafe btf__find_by_name_kind(types.pointer, name, UInt32(BTFKind.function.rawValue)) > 0 || Self.symbols.contains(name)
    }

    /// The names of functions and variables; of the kernel's own and of its modules.
    private static let symbols: Set<String> = {
        var names: Set<String> = []
        for line in (contents(of: "/proc/kallsyms") ?? []).split(separator: UInt8(ascii: "\n")) {
            // "address type name", and behind a tabulator the module.
            guard let start = line.lastIndex(of: UInt8(ascii: " ")) else { continue }
            let name = line[(start + 1)...].prefix { $0 != UInt8(ascii: "\t") }
            names.insert(String(decoding: name, as: UTF8.self))
        }
        return names
    }()

    /// Whether the kernel has a place that a program names.
    func has(_ access: TypeAccess) -> Bool {
        // Types without a name cannot be looked for, and numbers are alike everywhere.
        guard access.type.contains(" ") else { return true }
        guard let first = id(of: access.type) else { return false }
        if access.path.isEmpty { return true }
        if access.type.hasPrefix("enum ") { return enumeration(access.type)[access.path] != nil }
        let path = access.path.split(separator: ".").map(String.init)
        if has(path[...], in: first) { return true }
        // There may be several of the name, in parts of the kernel that know nothing of each other.
        guard let type = unsafe btf__type_by_id(types.pointer, first) else { return false }
        let (name, kind) = unsafe (type.pointee.name_off, btf_kind(type))
        return ((first + 1)..<max(first + 1, types.endID)).contains { other in
            guard let candidate = unsafe btf__type_by_id(types.pointer, other), unsafe candidate.pointee.name_off == name,
                unsafe btf_kind(candidate) == kind
            else { return false }
            return has(path[...], in: other)
        }
    }

    private func has(_ path: ArraySlice<String>, in id: UInt32) -> Bool {
        guard let name = path.first else { return true }
        guard let id = types.skippingAliases(id), let type = unsafe btf__type_by_id(types.pointer, id) else { return false }
        let kind = unsafe BTFKind(rawValue: btf_kind(type))
        if kind == .array, let array = unsafe btf_array(type) { return has(path, in: unsafe array.pointee.type) }
        guard kind == .structure || kind == .union, let members = unsafe btf_members(type) else { return false }
        for index in 0..<Int(unsafe btf_vlen(type)) {
            let member = unsafe members[index]
            let label = types.name(at: member.name_off)
            // What lies in a member without a name is found as if it lay beside it.
            if label.isEmpty {
                if has(path, in: member.type) { return true }
            } else if label == name {
                return has(path.dropFirst(), in: member.type)
            }
        }
        return false
    }

    /// The numbers the kernel knows of programs' and maps' kinds and of helpers; none where it does not tell. They stay the same.
    static let known: (programs: Set<Int64>, maps: Set<Int64>, helpers: Set<Int64>) = {
        guard let kernel = KernelTypes() else { return ([], [], []) }
        func numbers(_ name: String) -> Set<Int64> { Set(kernel.enumeration("enum \(name)").values) }
        return (numbers("bpf_prog_type"), numbers("bpf_map_type"), numbers("bpf_func_id"))
    }()

    /// The values of an enumeration by their names; none if there is no such one.
    func enumeration(_ name: String) -> [String: Int64] {
        if let known = values[name] { return known }
        var all: [String: Int64] = [:]
        if let id = id(of: name), case .enumeration(let enumeration) = try? types.type(id: id) {
            for value in enumeration.values { all[value.name] = value.value }
        }
        values[name] = all
        return all
    }

    private func id(of name: String) -> UInt32? {
        if let known = ids[name] { return known }
        let id = types.id(named: name)
        ids[name] = .some(id)
        return id
    }
}
