import BPF

/// Writes what an object declares as Swift: its types, and the names of its maps, programs and global variables.
struct ObjectWriter {
    private var catalog = TypeCatalog()
    private var names = ""

    /// The Swift text of an object, to stand in an extension of `EmbeddedObject`; empty for an object without anything.
    static func text(of object: borrowing OpenObject, name: String, source: String) -> String {
        var writer = ObjectWriter()
        writer.read(object)
        var types = TypeWriter(writer.catalog)
        for entry in writer.catalog.entries { types.write(entry) }
        let body = types.text + writer.names
        if body.isEmpty { return "" }
        return """
                /// What `\(source)` declares: its types as Swift has them, and the names of its maps, programs and global variables.
                public enum \(Self.name(ofObject: name)) {
            \(body.split(separator: "\n", omittingEmptySubsequences: false).dropLast(2).joined(separator: "\n"))
                }

            """
    }

    /// The name an object's types and names stand below, which hides what else is called so from all objects of the module.
    static func name(ofObject name: String) -> String {
        let name = SwiftNames.type(name)
        return TypeCatalog.used.contains(name) ? "\(name)_" : name
    }

    private mutating func read(_ object: borrowing OpenObject) {
        let maps = object.maps.filter { !$0.isInternal }
        let globals = object.globals.filter { $0.section != ".kconfig" }
        for map in maps {
            for type in [try? object.keyType(ofMap: map.name), try? object.valueType(ofMap: map.name)] {
                if let type { catalog.add(type, hint: map.name) }
            }
            if let type = try? object.recordType(ofMap: map.name), map.type == .ringBuffer || map.type == .perfEventArray {
                catalog.add(type, hint: map.name)
            }
        }
        for global in globals {
            catalog.add(global.type, hint: global.name)
            // Types of records are kept in an object by a pointer to them that nobody uses.
            if case .pointer(let target) = global.type.resolved, let type = try? object.types.type(id: target.id), isOwn(type) {
                catalog.add(type, hint: global.name)
            }
        }
        write(
            "Maps", "The object's maps.",
            maps.map { map in (map.name, value(of: map, in: object, lossCounter: maps.first { $0.name == "\(map.name)_lost" }?.name)) })
        write(
            "Programs", "The object's programs.",
            object.programs.map { program in
                let kind = ProgramKinds.name(of: program)
                // An object that is called as a kind hides it: netfilter.bpf.c.
                return (program.name, "\(kind.map { "ProgramName<BPF.\($0)>" } ?? "UntypedProgramName")(\"\(program.name)\")")
            })
        write(
            "Globals", "The object's global variables.",
            globals.compactMap { global in
                let isBoolean = global.type.isBoolean
                guard let spelling = isBoolean ? "Bool" : catalog.spelling(global.type) else { return nil }
                return (global.name, "GlobalName<\(spelling)>(\"\(global.name)\")")
            })
    }

    /// Whether a type that is only pointed to may be one of the object's: structs of the kernel are large.
    private func isOwn(_ type: TypeDescription) -> Bool {
        guard let composite = type.composite else { return true }
        return composite.byteCount <= 8192 && composite.fields.count <= 100
    }

    private mutating func write(_ kind: String, _ summary: String, _ entries: [(name: String, value: String)]) {
        if entries.isEmpty { return }
        var scope = SwiftNames.Scope()
        names += "        /// \(summary)\n        public enum \(kind) {\n"
        for (name, value) in entries {
            names += "            public static let \(scope.claim(SwiftNames.member(name))) = \(value)\n"
        }
        names += "        }\n\n"
    }

    /// The expression that makes a map's name with its types.
    private func value(of map: MapDescription, in object: borrowing OpenObject, lossCounter: String?) -> String {
        let key = spelling(try? object.keyType(ofMap: map.name), size: map.keySize)
        let value = spelling(try? object.valueType(ofMap: map.name), size: map.valueSize)
        switch map.type {
        case .hash, .array, .lruHash, .lpmTrie:
            if let key, let value { return "MapName<\(key), \(value)>(\"\(map.name)\")" }
        case .perCPUHash, .perCPUArray, .lruPerCPUHash:
            if let key, let value { return "PerCPUMapName<\(key), \(value)>(\"\(map.name)\")" }
        case .hashOfMaps, .arrayOfMaps:
            if let key { return "MapOfMapsName<\(key)>(\"\(map.name)\")" }
        case .queue, .stack:
            if let value { return "QueueName<\(value)>(\"\(map.name)\")" }
        case .bloomFilter:
            if let value { return "BloomFilterName<\(value)>(\"\(map.name)\")" }
        case .socketStorage, .taskStorage, .inodeStorage, .cgroupStorage:
            if let value { return "LocalStorageName<\(value)>(\"\(map.name)\")" }
        case .ringBuffer, .perfEventArray:
            let kind = map.type == .ringBuffer ? "RingBufferName" : "PerfBufferName"
            let loss = map.type == .ringBuffer ? lossCounter.map { ", lossCounter: \"\($0)\"" } ?? "" : ""
            guard let record = try? object.recordType(ofMap: map.name), let spelling = catalog.spelling(record) else {
                return "\(kind)<UInt8>(\"\(map.name)\"\(loss))"
            }
            let isNamed = record.composite?.name.isEmpty == false
            return "\(kind)<\(spelling)>(\"\(map.name)\"\(isNamed ? ", type: \"\(record.resolved)\"" : "")\(loss))"
        default: break
        }
        return "UntypedMapName(\"\(map.name)\")"
    }

    /// A Swift type for keys or values; for those of which only the size is known, bytes.
    private func spelling(_ type: TypeDescription??, size: Int) -> String? {
        if let type = type.flatMap({ $0 }), let spelling = catalog.spelling(type) { return spelling }
        switch size {
        case 0: return nil
        case 4: return "UInt32"
        case 8: return "UInt64"
        default: return "InlineArray<\(size), UInt8>"
        }
    }
}
