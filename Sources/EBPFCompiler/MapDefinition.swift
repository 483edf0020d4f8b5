/// What the initialiser of a map of `EBPF` says of it: the words behind the storage whose address is the map's.
struct MapDefinition {
    /// `BPF_MAP_TYPE_…`.
    var kind: UInt32
    /// Bytes; 0 for what has none.
    var keySize: UInt32
    var valueSize: UInt32
    var entries: UInt32
    /// `BPF_F_…`.
    var flags: UInt32
    /// `LIBBPF_PIN_…`.
    var pinning: UInt32

    init?(words: [UInt32]) {
        guard words.count >= 6 else { return nil }
        let numbers = words.suffix(6)
        var rest = Array(numbers)[...]
        guard let kind = rest.popFirst(), let keySize = rest.popFirst(), let valueSize = rest.popFirst(), let entries = rest.popFirst(),
            let flags = rest.popFirst(), let pinning = rest.popFirst(), kind > 0
        else { return nil }
        (self.kind, self.keySize, self.valueSize) = (kind, keySize, valueSize)
        (self.entries, self.flags, self.pinning) = (entries, flags, pinning)
    }

    /// Whether its values are maps.
    var holdsMaps: Bool { kind == 12 || kind == 13 }

    /// `BPF_MAP_TYPE_PROG_ARRAY`, which the kernel wants no types of.
    private static let programArray: UInt32 = 3

    /// The structure by which libbpf reads a map's definition from BTF: numbers as lengths of arrays, types behind pointers. With the
    /// number of pointers it has.
    ///
    /// - Parameter inner: Such a structure of the maps that are its values.
    func node(types: [SwiftTypes.Described?], inner: String? = nil, into nodes: inout DebugNodes) -> (type: String, pointers: Int) {
        var members: [(String, String)] = []
        func number(_ name: String, _ value: UInt32, _ nodes: inout DebugNodes) {
            guard value > 0 || name == "type" else { return }
            let int = nodes.int()
            members.append((name, nodes.pointer(to: nodes.array(of: int, count: Int(value), bits: 32))))
        }
        number("type", kind, &nodes)
        // With one type, it is the value's, or the record's of a ring.
        let key = types.count > 1 ? types[0] : nil
        let value = types.last ?? nil
        if keySize > 0 {
            if let key, key.bits == Int(keySize) * 8 {
                members.append(("key", nodes.pointer(to: key.node)))
            } else if types.count <= 1, keySize == 4, kind != Self.programArray {
                members.append(("key", nodes.pointer(to: nodes.integer("unsigned int", bits: 32, isSigned: false))))
            } else {
                number("key_size", keySize, &nodes)
            }
        }
        if let value, valueSize == 0 || value.bits == Int(valueSize) * 8 {
            members.append(("value", nodes.pointer(to: value.node)))
        } else {
            number("value_size", valueSize, &nodes)
        }
        number("max_entries", entries, &nodes)
        number("map_flags", flags, &nodes)
        number("pinning", pinning, &nodes)
        var fields = members.enumerated().map { (name: $0.element.0, type: $0.element.1, bits: 64, offset: 64 * $0.offset) }
        if let inner {
            // An array without elements, and last: so libbpf wants it.
            fields.append(("values", nodes.array(of: nodes.pointer(to: inner), count: 0, bits: 64), 0, 64 * members.count))
        }
        return (nodes.structure("", bits: 64 * members.count, members: fields), members.count)
    }
}
