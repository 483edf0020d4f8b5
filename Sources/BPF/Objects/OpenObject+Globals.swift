import CLibBPF

/// Global variables before the load: what is set is the value they have from the load on, constant or not.
extension OpenObject {
    /// The global variables in the order of their sections; none if the object has no BTF.
    public var globals: [GlobalDescription] { GlobalVariable.all(in: handle).map(\.description) }

    /// Sets a global variable: a number, a `Bool`, a struct.
    ///
    ///     try object.setGlobal("sampling", to: UInt32(100))
    ///
    /// - Throws: `BPFError` if there is no such variable, or its layout in BTF is not that of `T`.
    public mutating func setGlobal<T: BitwiseCopyable>(_ name: String, to value: T) throws(BPFError) {
        let variable = try GlobalVariable(named: name, in: handle)
        try variable.check(T.self)
        unsafe try memory(of: variable).storeBytes(of: value, as: T.self)
    }

    /// Sets all elements of a global array, one row after the other where it has several dimensions.
    ///
    /// - Throws: `BPFError` if there is no such array, or number or size of its elements differ.
    public mutating func setGlobal<T: BitwiseCopyable>(_ name: String, to values: [T]) throws(BPFError) {
        let variable = try GlobalVariable(named: name, in: handle)
        try store(variable.bytes(of: values), to: variable)
    }

    /// Sets a global array of characters to a text in UTF-8 and zeros behind it.
    ///
    /// - Throws: `BPFError` if there is no such array, or the text and a zero do not fit.
    public mutating func setGlobal(_ name: String, to text: String) throws(BPFError) {
        let variable = try GlobalVariable(named: name, in: handle)
        try store(variable.bytes(of: text), to: variable)
    }

    /// Sets a global variable of any type to bytes, in the byte order of the object; there must be as many as it has.
    public mutating func setGlobal(_ name: String, toBytes bytes: [UInt8]) throws(BPFError) {
        let variable = try GlobalVariable(named: name, in: handle)
        if bytes.count != variable.size {
            throw BPFError(
                .edit, "global variable \(name)", reason: "it has \(variable.size) bytes, and \(bytes.count) were given")
        }
        try store(bytes, to: variable)
    }

    /// The value a global variable has so far.
    public func global<T: BitwiseCopyable>(_ name: String, as type: T.Type = T.self) throws(BPFError) -> T {
        let variable = try GlobalVariable(named: name, in: handle)
        try variable.check(T.self)
        return unsafe try memory(of: variable).loadUnaligned(as: T.self)
    }

    /// The elements a global array has so far.
    public func globalArray<T: BitwiseCopyable>(_ name: String, of type: T.Type = T.self) throws(BPFError) -> [T] {
        let variable = try GlobalVariable(named: name, in: handle)
        return try variable.elements(of: bytes(of: variable), as: T.self)
    }

    /// The text a global array of characters has so far.
    public func globalText(_ name: String) throws(BPFError) -> String {
        let variable = try GlobalVariable(named: name, in: handle)
        return try variable.text(of: bytes(of: variable))
    }

    private func bytes(of variable: GlobalVariable) throws(BPFError) -> [UInt8] {
        unsafe [UInt8](UnsafeRawBufferPointer(start: try memory(of: variable), count: variable.size))
    }

    private func store(_ bytes: [UInt8], to variable: GlobalVariable) throws(BPFError) {
        let memory = unsafe try memory(of: variable)
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress { unsafe memory.copyMemory(from: start, byteCount: source.count) }
        }
    }

    /// Where libbpf keeps the value until the load.
    private func memory(of variable: GlobalVariable) throws(BPFError) -> UnsafeMutableRawPointer {
        var size = 0
        guard let memory = unsafe bpf_map__initial_value(variable.map, &size), variable.offset + variable.size <= size else {
            throw BPFError(.edit, "global variable \(variable.name)", reason: "its section has no initial value")
        }
        return unsafe UnsafeMutableRawPointer(mutating: memory) + variable.offset
    }
}
