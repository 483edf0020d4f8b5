extension TypeDescription {
    /// The type without the names `typedef` gave it.
    public var resolved: TypeDescription {
        var type = self
        while case .alias(_, let other) = type { type = other }
        return type
    }

    /// The size of a value in bytes; nothing for what has none.
    public var byteCount: Int? {
        switch resolved {
        case .integer(let integer): integer.byteCount
        case .float(_, let byteCount): byteCount
        case .pointer: unsafe MemoryLayout<UnsafeRawPointer>.size
        case .array(let element, let count):
            element.byteCount.flatMap {
                let (product, overflow) = $0.multipliedReportingOverflow(by: count)
                return overflow ? nil : product
            }
        case .structure(let composite), .union(let composite): composite.byteCount
        case .enumeration(let enumeration): enumeration.byteCount
        case .void, .function, .incomplete, .alias: nil
        }
    }

    /// The names a `typedef` gave it, outermost first.
    public var aliases: [String] {
        var names: [String] = []
        var type = self
        while case .alias(let name, let other) = type {
            names.append(name)
            type = other
        }
        return names
    }

    /// The struct or union, if it is one.
    public var composite: CompositeDescription? {
        switch resolved {
        case .structure(let composite), .union(let composite): composite
        default: nil
        }
    }
}

extension TypeDescription: CustomStringConvertible {
    /// How C spells the type, without the name of what is declared: `struct flow`, `__u32[4]`, `char *`.
    public var description: String {
        switch self {
        case .void: "void"
        case .integer(let integer): integer.name
        case .float(let name, _): name
        case .pointer(let target): target.name.hasSuffix("*") ? "\(target.name)*" : "\(target.name) *"
        case .array: Self.spell(self)
        case .structure(let composite): composite.name.isEmpty ? "struct" : "struct \(composite.name)"
        case .union(let composite): composite.name.isEmpty ? "union" : "union \(composite.name)"
        case .enumeration(let enumeration): enumeration.name.isEmpty ? "enum" : "enum \(enumeration.name)"
        case .alias(let name, _): name
        case .function(let name): name.isEmpty ? "function" : name
        case .incomplete(let name): name
        }
    }

    /// The dimensions of nested arrays stand in the order of C, the outermost first.
    private static func spell(_ type: TypeDescription) -> String {
        var dimensions = ""
        var element = type
        while case .array(let inner, let count) = element {
            dimensions += count == 0 ? "[]" : "[\(count)]"
            element = inner
        }
        return "\(element)\(dimensions)"
    }
}
