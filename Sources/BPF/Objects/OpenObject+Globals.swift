import CLibBPF

/// Global variables before the load: what is set is the value they have from the load on, constant or not.
extension OpenObject {
    /// Sets a global variable: a number, a `Bool`, a struct.
    ///
    ///     try object.setGlobal("sampling", to: UInt32(100))
    ///
    /// - Throws: `BPFError` if there is no such variable, or its layout in BTF is not that of `T`.
    public mutating func setGlobal<T: BitwiseCopyable>(_ name: String, to value: T) throws(BPFError) {
        let variable = try GlobalVariable(named: name, in: handle)
        try variable.check(T.self)
        try store(unsafe withUnsafeBytes(of: value) { unsafe Array($0) }, to: variable)
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
        return unsafe try variable.initialMemory.loadUnaligned(as: T.self)
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
        unsafe [UInt8](UnsafeRawBufferPointer(start: try variable.initialMemory, count: variable.size))
    }

    private mutating func store(_ bytes: [UInt8], to variable: GlobalVariable) throws(BPFError) {
        let name = variable.name
        try edit { (handle) throws(BPFError) in
            let memory = unsafe try GlobalVariable(named: name, in: handle).initialMemory
            unsafe memory.copyMemory(from: bytes, byteCount: bytes.count)
        }
    }
}

extension GlobalVariable {
    /// Where libbpf keeps the value until the load.
    fileprivate var initialMemory: UnsafeMutableRawPointer {
        get throws(BPFError) {
            var length = 0
            guard let memory = unsafe bpf_map__initial_value(map, &length), offset + size <= length else {
                throw BPFError(.edit, "global variable \(name)", reason: "its section has no initial value")
            }
            return unsafe UnsafeMutableRawPointer(mutating: memory) + offset
        }
    }
}
