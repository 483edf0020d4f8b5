import CLibBPF

/// Global variables while programs run: constant ones can be read, those of `.data` and `.bss` set too.
extension LoadedObject {
    /// The value of a global variable as the programs see it now.
    ///
    /// - Throws: `BPFError` if there is no such variable, or its layout in BTF is not that of `T`.
    public func global<T: BitwiseCopyable>(_ name: String, as type: T.Type = T.self) throws(BPFError) -> T {
        let variable = try GlobalVariable(named: name, in: handle)
        try variable.check(T.self)
        return unsafe try bytes(of: variable).withUnsafeBytes { unsafe $0.loadUnaligned(as: T.self) }
    }

    /// The elements of a global array as the programs see them now.
    public func globalArray<T: BitwiseCopyable>(_ name: String, of type: T.Type = T.self) throws(BPFError) -> [T] {
        let variable = try GlobalVariable(named: name, in: handle)
        return try variable.elements(of: bytes(of: variable), as: T.self)
    }

    /// The text in a global array of characters as the programs see it now.
    public func globalText(_ name: String) throws(BPFError) -> String {
        let variable = try GlobalVariable(named: name, in: handle)
        return try variable.text(of: bytes(of: variable))
    }

    /// Sets a global variable of `.data` or `.bss`; those in `.rodata` are fixed by the load. Values of up to 8 bytes change at once.
    ///
    /// - Throws: `BPFError` if there is no such variable, its layout is not that of `T`, or it is constant.
    public func setGlobal<T: BitwiseCopyable>(_ name: String, to value: T) throws(BPFError) {
        let variable = try GlobalVariable(named: name, in: handle)
        try variable.check(T.self)
        let memory = try memory(for: variable)
        unsafe memory.base.storeBytes(of: value, toByteOffset: variable.offset, as: T.self)
    }

    /// Sets all elements of a global array of `.data` or `.bss`. A program may see some of them before others.
    public func setGlobal<T: BitwiseCopyable>(_ name: String, to values: [T]) throws(BPFError) {
        let variable = try GlobalVariable(named: name, in: handle)
        try store(variable.bytes(of: values), to: variable)
    }

    /// Sets a global array of characters of `.data` or `.bss` to a text. A program may see part of it before the rest.
    public func setGlobal(_ name: String, to text: String) throws(BPFError) {
        let variable = try GlobalVariable(named: name, in: handle)
        try store(variable.bytes(of: text), to: variable)
    }

    private func bytes(of variable: GlobalVariable) throws(BPFError) -> [UInt8] {
        var section = [UInt8](repeating: 0, count: unsafe Int(bpf_map__value_size(variable.map)))
        var zero: UInt32 = 0
        try BPF.check(.read, "global variable \(variable.name)") {
            unsafe section.withUnsafeMutableBytes { unsafe bpf_map_lookup_elem(bpf_map__fd(variable.map), &zero, $0.baseAddress) }
        }
        return Array(section[variable.offset..<variable.offset + variable.size])
    }

    private func store(_ bytes: [UInt8], to variable: GlobalVariable) throws(BPFError) {
        let memory = try memory(for: variable)
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress {
                unsafe (memory.base + variable.offset).copyMemory(from: start, byteCount: source.count)
            }
        }
    }

    /// The section's memory, which the programs share.
    private func memory(for variable: GlobalVariable) throws(BPFError) -> MappedMemory {
        if variable.isConstant {
            throw BPFError(
                .edit, "global variable \(variable.name)", reason: "it is constant, in section \(variable.section)",
                remedy: "set it before the load")
        }
        return try MappedMemory(
            descriptor: unsafe bpf_map__fd(variable.map), length: unsafe Int(bpf_map__value_size(variable.map)),
            subject: "global variable \(variable.name)")
    }
}
