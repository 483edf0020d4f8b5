extension TypeLayout {
    /// Says how the type differs from one in BTF, both side by side, or nothing if it fits.
    ///
    /// Fields lie at the same places and are of the same sizes and kinds; their names may differ, but not change places. Padding may be
    /// named on either side. Bytes in a row fit to everything of their size, and what is a union or of bit-fields in C to every bytes.
    ///
    /// Numbers are signed on both sides or on neither, but for C's plain `char`, which is signed on some machines and text on all, and for
    /// enums, which C imports into Swift by their values. Arrays have the same number of elements, each compared as if it stood alone.
    func difference(from type: TypeDescription) -> String? {
        guard let reason = mismatch(with: type, path: "") else { return nil }
        let table = LayoutTable(self, type)
        return table.rowCount > 1 ? "\(reason)\n\(table)" : reason
    }

    /// Whether some bytes are no value of the type.
    private var isRestricted: Bool {
        switch shape {
        case .boolean, .cases: true
        case .fields(let fields): fields.contains { $0.layout.isRestricted }
        case .array(let element, _): element.isRestricted
        case .integer, .float, .pointer, .opaque: false
        }
    }

    private func mismatch(with type: TypeDescription, path: String) -> String? {
        guard let declared = type.byteCount else { return nil }
        let subject = path.isEmpty ? "\(type)" : "\(path) (\(type))"
        guard declared == size else {
            // Padding at the end is no part of a Swift type's size, and the kernel writes it.
            let isTail = size < declared && fieldsEnd(of: type) <= size
            return "\(subject) has \(declared) bytes, and the Swift type \(path.isEmpty ? "" : "\(name) ")\(size)"
                + (isTail ? " (native Swift structs drop padding at the end: name it, or declare the struct in a C header)" : "")
        }
        switch (type.resolved, shape) {
        case (_, .opaque): return nil
        case (.union, _) where !isRestricted: return nil
        case (_, .array) where isBytes: return nil
        case (.structure(let composite), .fields(let fields)):
            return mismatch(of: fields, with: composite, path: path)
        case (_, .fields(let fields)) where fields.count == 1 && fields[0].layout.size == size:
            // A wrapper: what it holds counts. C's enums are imported so.
            return fields[0].layout.mismatch(with: type, path: path)
        case (.structure(let composite), _) where composite.fields.count == 1:
            return mismatch(with: composite.fields[0].type, path: Self.join(path, composite.fields[0].name))
        case (.array(let element, let count), .array(let own, let ownCount)) where count == ownCount:
            return own.mismatch(with: element, path: "\(path)[0]")
        case (.array(let element, let count), _) where (element.byteCount == 1 || count == 1 && element.byteCount == size) && !isRestricted:
            // A number or a struct in place of bytes.
            return nil
        case (.integer(let integer), .boolean) where !integer.isBoolean:
            return "\(subject) may hold any number, and a Bool only 0 and 1"
        case (.integer(let integer), .integer(let isSigned)):
            if integer.isBoolean || integer.isCharacter || integer.isSigned == isSigned { return nil }
            return "\(subject) is \(integer.isSigned ? "signed" : "unsigned"), and the Swift type \(name) is not"
        case (.integer, .boolean), (.enumeration, .integer), (.float, .float): return nil
        case (.pointer, .pointer), (.pointer, .integer): return nil
        case (_, .cases): return "\(subject) may hold any number, and \(name) only its cases: use the number's type"
        default: break
        }
        return "\(subject) is not what the Swift type \(name) is"
    }

    private func mismatch(of given: [Field], with composite: CompositeDescription, path: String) -> String? {
        let declared = composite.flattened
        for field in declared where !RecordConventions.isPadding(field) && !field.isLoose {
            let size = field.type.byteCount ?? 0
            guard size > 0 else { continue }
            // Where Swift cannot store a field as C does, bytes stand for it.
            let isCovered = given.contains {
                $0.layout.isBytes && $0.offset <= field.byteOffset && $0.offset + $0.layout.size >= field.byteOffset + size
            }
            if isCovered { continue }
            guard let own = given.first(where: { $0.offset == field.byteOffset && $0.layout.size > 0 }) else {
                let beside = given.last { $0.offset < field.byteOffset }
                return "where it has \(Self.join(path, field.name)) (\(size) bytes at \(field.byteOffset)), the Swift type has "
                    + (beside.map { "\($0.name) (\($0.layout.size) at \($0.offset))" } ?? "nothing")
            }
            let hasMoved = own.name != field.name && declared.contains { $0.name == own.name && !$0.name.isEmpty }
            if own.layout.size != size || hasMoved {
                // An unnamed union of C's is imported under another name, and as a whole.
                if case .opaque = own.layout.shape, !hasMoved { continue }
                return "where it has \(Self.join(path, field.name)) (\(size) bytes at \(field.byteOffset)), "
                    + "the Swift type has \(own.name) (\(own.layout.size) at \(own.offset))"
            }
            if let reason = own.layout.mismatch(with: field.type, path: Self.join(path, field.name)) { return reason }
        }
        // What else the Swift type has lies where C has padding, bit-fields or a union.
        for own in given where own.layout.size > 0 && !own.layout.isBytes {
            let overlapped = declared.first { field in
                let size = field.type.byteCount ?? 0
                let begins = field.byteOffset == own.offset
                return !begins && !field.isLoose && !RecordConventions.isPadding(field) && size > 0
                    && field.byteOffset < own.offset + own.layout.size && own.offset < field.byteOffset + size
            }
            if let overlapped {
                return "where it has \(Self.join(path, overlapped.name)) (\(overlapped.type.byteCount ?? 0) bytes at "
                    + "\(overlapped.byteOffset)), the Swift type has \(own.name) (\(own.layout.size) at \(own.offset))"
            }
        }
        return nil
    }

    /// Where the last field ends.
    private func fieldsEnd(of type: TypeDescription) -> Int {
        type.composite?.flattened.filter { !RecordConventions.isPadding($0) }.map { $0.byteOffset + ($0.type.byteCount ?? 0) }.max() ?? 0
    }

    private static func join(_ path: String, _ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
}

extension CompositeDescription {
    /// The fields, with those of unnamed structs in place of these.
    var flattened: [FieldDescription] {
        fields.flatMap { field -> [FieldDescription] in
            guard field.name.isEmpty, case .structure(let inner) = field.type.resolved else { return [field] }
            return inner.flattened.map {
                var moved = $0
                moved.bitOffset += field.bitOffset
                return moved
            }
        }
    }
}

extension FieldDescription {
    /// Whether Swift's fields need not lie as this one does: bit-fields and unnamed unions are imported as something else.
    var isLoose: Bool {
        if bitWidth != nil { return true }
        if name.isEmpty, case .union = type.resolved { return true }
        return false
    }
}

extension TypeDescription {
    /// The bytes of a struct that belong to no field. In a hash key they would be part of the key, and Swift leaves them undefined.
    var paddingCount: Int {
        guard case .structure(let composite) = resolved else { return 0 }
        var end = 0
        var gaps = 0
        for field in composite.flattened {
            let bits = field.bitWidth ?? (field.type.byteCount ?? 0) * 8
            // The rest of a byte bit-fields do not fill is padding too.
            let start = field.bitWidth == nil ? field.bitOffset / 8 : end
            gaps += max(0, start - end)
            end = max(end, (field.bitOffset + bits + 7) / 8)
            gaps += field.bitWidth == nil ? field.type.paddingCount : 0
        }
        return gaps + max(0, composite.byteCount - end)
    }
}
