import CLibBPF

extension OpenObject {
    /// Sets a global variable of any type to bytes, in the byte order of the object; there must be as many as it has.
    public mutating func setGlobal(_ name: String, toBytes bytes: [UInt8]) throws(BPFError) {
        try edit { (handle) throws(BPFError) in
            let variable = try GlobalVariable(named: name, in: handle)
            try variable.check(size: bytes.count, type: "what was given")
            var size = 0
            guard let memory = unsafe bpf_map__initial_value(variable.map, &size), variable.offset + variable.size <= size else {
                throw BPFError(.edit, "global variable \(name)", reason: "its section has no initial value")
            }
            unsafe UnsafeMutableRawPointer(mutating: memory).advanced(by: variable.offset).copyMemory(from: bytes, byteCount: bytes.count)
        }
    }
}
