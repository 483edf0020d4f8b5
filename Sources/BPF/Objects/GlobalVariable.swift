import CLibBPF

/// Where a global variable of an object lies, by its BTF.
@safe struct GlobalVariable {
    let name: String
    let section: String
    let map: OpaquePointer
    let offset: Int
    let size: Int
    let type: UInt32
    private let types: BTF

    init(named name: String, in object: ObjectHandle) throws(BPFError) {
        if unsafe object.btf == nil {
            throw BPFError(.edit, "global variable \(name)", reason: "object \(object.name) has no BTF", remedy: "compile it with -g")
        }
        let all = Self.all(in: object)
        guard let found = all.first(where: { $0.name == name }) else {
            throw BPFError(
                .edit, "global variable \(name)", reason: "object \(object.name) has no such variable",
                remedy: BPFError.available(all.map(\.name)))
        }
        self = found
    }

    private init?(_ place: btf_var_secinfo, section: String, map: OpaquePointer, types: BTF) {
        guard let declaration = unsafe btf__type_by_id(types.pointer, place.type) else { return nil }
        name = types.name(at: unsafe declaration.pointee.name_off)
        self.section = section
        unsafe self.map = map
        offset = Int(place.offset)
        size = Int(place.size)
        unsafe type = declaration.pointee.type
        self.types = types
    }

    /// The variables in the order of their sections; none without BTF.
    static func all(in object: ObjectHandle) -> [GlobalVariable] {
        guard let types = try? object.types else { return [] }
        var found: [GlobalVariable] = []
        let maps = unsafe object.maps
        // swift-format makes one word of `for unsafe map`.
        for position in unsafe maps.indices where unsafe bpf_map__is_internal(maps[position]) {
            let map = unsafe maps[position]
            let section = unsafe object.section(of: map)
            guard let id = types.id(ofSection: section), let type = unsafe btf__type_by_id(types.pointer, id),
                let places = unsafe btf_var_secinfos(type)
            else { continue }
            for index in 0..<Int(unsafe btf_vlen(type)) {
                if let variable = unsafe GlobalVariable(places[index], section: section, map: map, types: types) { found.append(variable) }
            }
        }
        return found
    }

    var isConstant: Bool { section.hasPrefix(".rodata") || section == ".kconfig" }

    /// Refuses a type of another layout: one of another size would be written over the neighbours.
    func check<T: BitwiseCopyable>(_ type: T.Type) throws(BPFError) {
        try check(size: MemoryLayout<T>.size, type: "\(T.self)")
        if let difference = try TypeLayout(T.self).difference(from: types.type(id: self.type)) {
            throw refusal("it is not a \(T.self): \(difference)")
        }
    }

    private func check(size given: Int, type: String) throws(BPFError) {
        if given != size { throw refusal("it has \(size) bytes, and \(type) has \(given)") }
    }

    private func refusal(_ reason: String) -> BPFError { BPFError(.edit, "global variable \(name)", reason: reason) }

    /// How many elements a variable that is an array has, over all its dimensions, and their size; nothing if it is none.
    private var elements: (count: Int, size: Int)? {
        guard var type = try? types.type(id: self.type).resolved else { return nil }
        var count = 1
        var isArray = false
        while case .array(let element, let elementCount) = type {
            isArray = true
            count *= elementCount
            type = element.resolved
        }
        guard isArray, let size = type.byteCount, size > 0 else { return nil }
        return (count, size)
    }

    /// The bytes of an array's elements.
    func bytes<T: BitwiseCopyable>(of values: [T]) throws(BPFError) -> [UInt8] {
        try checkElements(T.self)
        if values.count * MemoryLayout<T>.size != size {
            throw refusal("it has \(size / MemoryLayout<T>.size) elements, and \(values.count) were given")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        for value in values { unsafe withUnsafeBytes(of: value) { unsafe bytes.append(contentsOf: $0) } }
        return bytes
    }

    /// The bytes of a text with the zeros that end it.
    func bytes(of text: String) throws(BPFError) -> [UInt8] {
        guard let (_, elementSize) = elements, elementSize == 1 else { throw refusal("it is no array of characters") }
        let bytes = Array(text.utf8)
        if bytes.contains(0) { throw refusal("the text has a character of value 0, which would end it") }
        if bytes.count >= size {
            throw refusal("it has room for \(size - 1) bytes and the zero that ends them, and the text has \(bytes.count)")
        }
        return bytes + [UInt8](repeating: 0, count: size - bytes.count)
    }

    func checkElements<T: BitwiseCopyable>(_ type: T.Type) throws(BPFError) {
        guard let (_, elementSize) = elements else { throw refusal("it is no array") }
        if elementSize != MemoryLayout<T>.size {
            throw refusal("its elements have \(elementSize) bytes, and \(T.self) has \(MemoryLayout<T>.size)")
        }
    }

    /// An array's elements of its bytes.
    func elements<T: BitwiseCopyable>(of bytes: [UInt8], as type: T.Type) throws(BPFError) -> [T] {
        try checkElements(T.self)
        return unsafe bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: size, by: MemoryLayout<T>.size).map { unsafe bytes.loadUnaligned(fromByteOffset: $0, as: T.self) }
        }
    }

    /// The text in an array of characters, as far as a zero or the end.
    func text(of bytes: [UInt8]) throws(BPFError) -> String {
        guard let (_, elementSize) = elements, elementSize == 1 else { throw refusal("it is no array of characters") }
        return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}

extension ObjectHandle {
    /// The section whose variables an internal map holds: `.rodata`. The map is called by it, and the usual ones with the object's name
    /// before it, which may have dots too.
    func section(of map: OpaquePointer) -> String {
        let name = unsafe String(cString: bpf_map__name(map))
        return name.hasPrefix(".") ? name : "." + (name.split(separator: ".").last ?? "")
    }
}
