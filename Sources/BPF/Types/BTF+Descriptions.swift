import CLibBPF

extension BTF {
    /// The type of a number, 0 for `void`.
    ///
    /// A data section is described as a struct of its variables.
    ///
    /// - Throws: `BPFError` if there is no such type, or it lies within itself, as that of a damaged file may.
    public func type(id: UInt32) throws(BPFError) -> TypeDescription {
        var reading = Reading(types: self)
        return try reading.type(id, depth: 0)
    }

    /// How C spells the type of a number, without looking into it.
    public func spelling(of id: UInt32) -> String { spelling(of: id, depth: 0) }

    fileprivate func spelling(of id: UInt32, depth: Int) -> String {
        guard id != 0, depth < Reading.deepest else { return "void" }
        guard let type = unsafe btf__type_by_id(pointer, id), let kind = unsafe BTFKind(rawValue: btf_kind(type)) else {
            return "type \(id)"
        }
        let name = name(at: unsafe type.pointee.name_off)
        func tagged(_ keyword: String) -> String { name.isEmpty ? keyword : "\(keyword) \(name)" }
        switch kind {
        case .structure: return tagged("struct")
        case .union: return tagged("union")
        case .enumeration, .enumeration64: return tagged("enum")
        case .forward: return tagged(unsafe btf_kflag(type) ? "union" : "struct")
        case .volatile, .constant, .restrict, .typeTag: return spelling(of: unsafe type.pointee.type, depth: depth + 1)
        case .pointer:
            let target = spelling(of: unsafe type.pointee.type, depth: depth + 1)
            return target.hasSuffix("*") ? "\(target)*" : "\(target) *"
        case .array:
            guard let array = unsafe btf_array(type) else { return "array" }
            return unsafe "\(spelling(of: array.pointee.type, depth: depth + 1))[\(array.pointee.nelems)]"
        case .prototype, .function: return name.isEmpty ? "function" : name
        default: return name.isEmpty ? "type \(id)" : name
        }
    }
}

/// One walk through types, which remembers what it has read: a hostile file names a type in a type a thousandfold.
private struct Reading {
    /// How deep types may lie in each other. The kernel's own limit for what is loaded is 32.
    static let deepest = 64

    let types: BTF
    var known: [UInt32: TypeDescription] = [:]

    mutating func type(_ id: UInt32, depth: Int) throws(BPFError) -> TypeDescription {
        if id == 0 { return .void }
        if let type = known[id] { return type }
        guard depth < Self.deepest else {
            throw BPFError(.read, "type \(types.spelling(of: id))", reason: "types lie in each other more than \(Self.deepest) deep")
        }
        let type = try read(id, depth: depth)
        known[id] = type
        return type
    }

    private mutating func read(_ id: UInt32, depth: Int) throws(BPFError) -> TypeDescription {
        guard let type = unsafe btf__type_by_id(types.pointer, id) else {
            throw BPFError(.find, "type \(id)", reason: "there is no type of that number")
        }
        let name = types.name(at: unsafe type.pointee.name_off)
        let size = unsafe Int(type.pointee.size)
        // What this kind refers to shares its place with the size.
        let target = unsafe type.pointee.type
        switch unsafe BTFKind(rawValue: btf_kind(type)) {
        case .integer:
            let encoding = unsafe UInt32(btf_int_encoding(type))
            return .integer(
                IntegerDescription(
                    name: name, byteCount: size, isSigned: encoding & UInt32(BTF_INT_SIGNED) != 0,
                    isBoolean: encoding & UInt32(BTF_INT_BOOL) != 0))
        case .float: return .float(name: name, byteCount: size)
        case .pointer: return .pointer(to: TypeReference(id: target, name: types.spelling(of: target)))
        case .array:
            guard let array = unsafe btf_array(type) else { return .void }
            return .array(of: try self.type(unsafe array.pointee.type, depth: depth + 1), count: unsafe Int(array.pointee.nelems))
        case .structure:
            return unsafe .structure(CompositeDescription(name: name, byteCount: size, fields: try fields(id, unsafe type, depth)))
        case .union: return unsafe .union(CompositeDescription(name: name, byteCount: size, fields: try fields(id, unsafe type, depth)))
        case .enumeration, .enumeration64: return .enumeration(unsafe enumeration(type, name))
        case .alias: return .alias(name, of: try self.type(target, depth: depth + 1))
        case .volatile, .constant, .restrict, .typeTag, .variable, .declarationTag: return try self.type(target, depth: depth + 1)
        case .function, .prototype: return .function(name: name)
        case .forward: return .incomplete(name: types.spelling(of: id))
        case .dataSection:
            return .structure(CompositeDescription(name: name, byteCount: size, fields: try unsafe variables(type, depth)))
        case nil: throw BPFError(.read, "type \(id)", reason: "it is of kind \(unsafe btf_kind(type)), which is not known here")
        }
    }

    private mutating func fields(_ id: UInt32, _ type: UnsafePointer<btf_type>, _ depth: Int) throws(BPFError) -> [FieldDescription] {
        guard let members = unsafe btf_members(type) else { return [] }
        let tags = types.tags(of: id)
        var fields: [FieldDescription] = []
        for index in 0..<Int(unsafe btf_vlen(type)) {
            var offset = Int(unsafe btf_member_bit_offset(type, UInt32(index)))
            var width = unsafe Int(btf_member_bitfield_size(type, UInt32(index)))
            let described = try self.type(unsafe members[index].type, depth: depth + 1)
            if width == 0, let (start, bits) = bits(ofInteger: unsafe members[index].type) {
                // Compilers of before the flag for bit-fields gave each an integer type of its own.
                offset += start
                width = bits
            }
            fields.append(
                FieldDescription(
                    name: types.name(at: unsafe members[index].name_off), type: described, bitOffset: offset,
                    bitWidth: width == 0 ? nil : width, tags: tags.filter { $0.field == index }.map(\.text)))
        }
        return fields
    }

    /// Where the bits of an integer lie that does not fill its bytes.
    private func bits(ofInteger id: UInt32) -> (start: Int, count: Int)? {
        let resolved = unsafe btf__resolve_type(types.pointer, id)
        guard resolved >= 0, let type = unsafe btf__type_by_id(types.pointer, UInt32(resolved)),
            unsafe BTFKind(rawValue: btf_kind(type)) == .integer
        else { return nil }
        let count = unsafe Int(btf_int_bits(type))
        guard count > 0, unsafe count < Int(type.pointee.size) * 8 else { return nil }
        return (unsafe Int(btf_int_offset(type)), count)
    }

    private func enumeration(_ type: UnsafePointer<btf_type>, _ name: String) -> EnumerationDescription {
        let isSigned = unsafe btf_kflag(type)
        var values: [EnumerationDescription.Value] = []
        if unsafe btf_is_enum64(type) {
            // The header of libbpf only declares the structure: a name and the two halves of the value.
            let words = unsafe UnsafeRawPointer(type + 1).assumingMemoryBound(to: UInt32.self)
            for index in 0..<Int(unsafe btf_vlen(type)) {
                let value = unsafe UInt64(words[index * 3 + 2]) << 32 | UInt64(words[index * 3 + 1])
                values.append(.init(name: types.name(at: unsafe words[index * 3]), value: Int64(bitPattern: value)))
            }
        } else if let entries = unsafe btf_enum(type) {
            for index in 0..<Int(unsafe btf_vlen(type)) {
                let value = unsafe entries[index].val
                values.append(
                    .init(
                        name: types.name(at: unsafe entries[index].name_off),
                        value: isSigned ? Int64(value) : Int64(UInt32(bitPattern: value))))
            }
        }
        return EnumerationDescription(name: name, byteCount: unsafe Int(type.pointee.size), isSigned: isSigned, values: values)
    }

    private mutating func variables(_ type: UnsafePointer<btf_type>, _ depth: Int) throws(BPFError) -> [FieldDescription] {
        guard let variables = unsafe btf_var_secinfos(type) else { return [] }
        var fields: [FieldDescription] = []
        for index in 0..<Int(unsafe btf_vlen(type)) {
            guard let declaration = unsafe btf__type_by_id(types.pointer, variables[index].type) else { continue }
            fields.append(
                FieldDescription(
                    name: types.name(at: unsafe declaration.pointee.name_off),
                    type: try self.type(unsafe variables[index].type, depth: depth + 1), bitOffset: unsafe Int(variables[index].offset) * 8,
                    tags: types.tags(of: unsafe variables[index].type).filter { $0.field == -1 }.map(\.text)))
        }
        return fields
    }
}
