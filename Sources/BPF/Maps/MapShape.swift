import CLibBPF
import Glibc

/// What two maps must have in common for one to serve in the other's place.
struct MapShape {
    let type: MapType
    let keySize: Int
    let valueSize: Int
    let maxEntries: Int
    let flags: MapFlags
    /// The fields of key and value, where BTF tells them.
    let key: [TypeField]?
    let value: [TypeField]?

    /// Shape of a map of which only Swift's types are known.
    init(type: MapType, keySize: Int, valueSize: Int, maxEntries: Int, flags: MapFlags) {
        (self.type, self.keySize, self.valueSize, self.maxEntries, self.flags) = (type, keySize, valueSize, maxEntries, flags)
        (key, value) = (nil, nil)
    }

    /// As an object that is not loaded declares it.
    init(_ map: OpaquePointer, of object: ObjectHandle) throws(BPFError) {
        let declared = unsafe MapDescription(map)
        (type, keySize, valueSize) = (declared.type, declared.keySize, declared.valueSize)
        (maxEntries, flags) = (declared.maxEntries, declared.flags)
        key = try object.keyType(ofMap: declared.name).map { TypeField.all(of: $0) }
        value = try object.valueType(ofMap: declared.name).map { TypeField.all(of: $0) }
    }

    /// As a map in the kernel is.
    init(of descriptor: CInt, subject: String) throws(BPFError) {
        let info = try MapInfo(descriptor: descriptor, subject: subject)
        (type, keySize, valueSize, maxEntries) = (info.type, info.keySize, info.valueSize, info.maxEntries)
        // The kernel sets this one itself for maps of interfaces.
        flags = type == .deviceMap || type == .deviceHash ? info.flags.subtracting(.programReadOnly) : info.flags
        // Without the right to look at it, sizes must do.
        let types = info.typesID == 0 ? nil : try? BTF(id: info.typesID)
        func fields(_ id: UInt32) throws(BPFError) -> [TypeField]? {
            guard let types, id != 0 else { return nil }
            return TypeField.all(of: try types.type(id: id))
        }
        key = try fields(info.keyTypeID)
        value = try fields(info.valueTypeID)
    }

    /// In words everything in which a pinned map is not as this one is to be; nothing if it fits.
    ///
    /// Without BTF on both sides, fields are not compared.
    func differences(from pinned: MapShape) -> [String] {
        var found: [String] = []
        func compare<T: Equatable>(_ what: String, _ wanted: T, _ there: T, _ words: (T) -> String) {
            if wanted != there { found.append("\(what): \(words(wanted)) wanted, \(words(there)) pinned") }
        }
        compare("kind", type, pinned.type) { "\($0)" }
        compare("key", keySize, pinned.keySize) { "\($0) bytes" }
        compare("value", valueSize, pinned.valueSize) { "\($0) bytes" }
        // 0 is left to libbpf, which takes the number of CPUs.
        if maxEntries != 0 { compare("max entries", maxEntries, pinned.maxEntries) { "\($0)" } }
        compare("flags", flags, pinned.flags) { "0x" + String($0.rawValue, radix: 16) }
        for (role, wanted, there) in [("key", key, pinned.key), ("value", value, pinned.value)] {
            guard let wanted, let there else { continue }
            found += TypeField.differences(wanted, from: there).map { "\(role) \($0)" }
        }
        return found
    }
}

/// A field of a type in BTF, down to the last of nested structs.
struct TypeField: Hashable {
    /// Its place by names: `.address.word[2]`; empty for a type that has no fields.
    let path: String
    /// In bits from the beginning.
    let offset: Int
    let size: Int
    /// In words what it is: `unsigned int`, `enum state`.
    let type: String

    private var words: String {
        let place = offset % 8 == 0 && size % 8 == 0 ? "\(size / 8) bytes at \(offset / 8)" : "\(size) bits at bit \(offset)"
        return "\(type), \(place)"
    }

    /// The fields of a type in the order of their places.
    static func all(of type: TypeDescription) -> [TypeField] {
        var fields: [TypeField] = []
        collect(type, path: "", offset: 0, bits: nil, into: &fields)
        return fields
    }

    private static func collect(
        _ type: TypeDescription, path: String, offset: Int, bits: Int?, into fields: inout [TypeField]
    ) {
        guard let composite = type.composite else {
            // `__u32` and `unsigned int` are the same.
            let size = bits ?? (type.byteCount ?? 0) * 8
            fields.append(TypeField(path: path, offset: offset, size: size, type: "\(type.withoutNames)"))
            return
        }
        for field in composite.fields {
            collect(
                field.type, path: field.name.isEmpty ? path : "\(path).\(field.name)", offset: offset + field.bitOffset,
                bits: field.bitWidth, into: &fields)
        }
    }

    /// Which fields are not as wanted, each with what is there.
    fileprivate static func differences(_ wanted: [TypeField], from there: [TypeField]) -> [String] {
        var found: [String] = []
        let pinned = Dictionary(there.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let names = Set(wanted.map(\.path))
        for field in wanted {
            guard let other = pinned[field.path] else {
                found.append("\(field.path): \(field.words) wanted, no such field pinned")
                continue
            }
            if field != other { found.append("\(field.path): \(field.words) wanted, \(other.words) pinned") }
        }
        for field in there where !names.contains(field.path) {
            found.append("\(field.path): no such field wanted, \(field.words) pinned")
        }
        return found
    }
}

extension TypeDescription {
    /// The type without the names `typedef` gave it, and its elements without theirs.
    fileprivate var withoutNames: TypeDescription {
        if case .array(let element, let count) = resolved { return .array(of: element.withoutNames, count: count) }
        return resolved
    }
}
