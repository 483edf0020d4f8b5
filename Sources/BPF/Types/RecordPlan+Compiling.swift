extension RecordPlan {
    /// Works out how values of a type are written.
    ///
    /// - Throws: `BPFError` if the type has no size, or so many parts that no program means it.
    init(_ type: TypeDescription, _ style: Style, constants: [(name: String, value: String)] = []) throws(BPFError) {
        guard type.byteCount != nil else { throw BPFError(.read, "records of type \(type)", reason: "the type has no size") }
        var compiler = Compiler(style: style)
        try compiler.record(type, constants: constants)
        self = compiler.plan
    }

    /// How long plans may get. The types of a hostile file lie in each other a thousandfold.
    static let mostSteps = 16_384
}

/// Turns a type into steps, in one walk.
private struct Compiler {
    /// Where a number lies.
    struct Place {
        var offset: Int
        var size: Int
    }

    let style: RecordPlan.Style
    var plan = RecordPlan()
    /// What is to be written before the next value.
    var pending: [UInt8] = []
    /// Whether the innermost braces have a member yet.
    var hasMember = false
    /// How deep in arrays: in a line the fields of structs are named by their path, but not those of elements.
    var depth = 0
    var fieldCount = 0

    init(style: RecordPlan.Style) { self.style = style }

    private var isJSON: Bool { style == .json }

    // MARK: Types

    mutating func record(_ type: TypeDescription, constants: [(name: String, value: String)]) throws(BPFError) {
        if isJSON, !constants.isEmpty {
            text("{")
            for (name, value) in constants {
                text(hasMember ? ",\"" : "\"")
                pending += RecordText.escaped(name) + Array("\":\"".utf8) + RecordText.escaped(value)
                text("\"")
                hasMember = true
            }
            if let composite = type.composite, RecordConventions.presentation(of: "", type, tags: []) == .plain {
                try fields(of: composite, at: 0, path: "")
            } else {
                text(",\"value\":")
                try write(type, at: 0, RecordConventions.presentation(of: "", type, tags: []), name: "", path: "", familyAt: nil)
            }
            text("}")
        } else {
            try write(type, at: 0, RecordConventions.presentation(of: "", type, tags: []), name: "", path: "", familyAt: nil)
        }
        plan.suffix = takePending()
        plan.estimate()
    }

    mutating func write(
        _ type: TypeDescription, at offset: Int, _ presentation: Presentation, name: String, path: String,
        familyAt: Place?
    ) throws(BPFError) {
        let size = type.byteCount ?? 0
        guard Self.hasPossibleSize(type) else {
            throw BPFError(.read, "records", reason: "a \(type) has \(size) bytes, as no compiler makes it")
        }
        switch presentation {
        case .ipv4: return try add(.ipv4, offset, size)
        case .ipv6: return try add(.ipv6, offset, size, table: familyAt?.offset ?? -1, familySize: familyAt?.size ?? 0)
        case .mac: return try add(.mac, offset, size)
        case .time(.boot): return try add(.bootTime, offset, size)
        case .time(.monotonic): return try add(.monotonicTime, offset, size)
        case .time(.real): return try add(.realTime, offset, size)
        case .duration: return try add(isJSON ? .unsigned : .duration, offset, size)
        case .hexadecimal: return try add(.hexadecimal, offset, size)
        case .text: return try add(.text, offset, size, count: isFlexible(type) ? -1 : 0)
        case .bytes: return try add(.bytes, offset, size, count: isFlexible(type) ? -1 : 0)
        case .networkOrder: return try add(.networkOrder, offset, size)
        case .plain: break
        }
        switch type.resolved {
        case .integer(let integer) where integer.isBoolean: try add(.boolean, offset, size)
        case .integer(let integer) where size > 8: try add(integer.isSigned ? .wideSigned : .wideUnsigned, offset, size)
        case .integer(let integer): try add(integer.isSigned ? .signed : .unsigned, offset, size)
        case .float where size == 4: try add(.float, offset, size)
        case .float where size == 8: try add(.double, offset, size)
        // `long double`: no program computes with it.
        case .float: try add(.bytes, offset, size)
        case .pointer: try add(.hexadecimal, offset, size)
        case .enumeration(let enumeration):
            try add(.enumeration, offset, size, count: enumeration.isSigned ? 1 : 0, table: names(of: enumeration, bits: size * 8))
        case .array(let element, let count): try loop(element, count: count, at: offset, name: name)
        case .structure(let composite), .union(let composite): try members(of: composite, at: offset, path: path)
        case .void, .function, .incomplete, .alias: text(isJSON ? "null" : "?")
        }
    }

    /// What else is read here was read by its size.
    private static func hasPossibleSize(_ type: TypeDescription) -> Bool {
        switch type.resolved {
        case .integer(let integer): [1, 2, 4, 8, 16].contains(integer.byteCount)
        case .enumeration(let enumeration): [1, 2, 4, 8].contains(enumeration.byteCount)
        case .float(_, let byteCount): (1...16).contains(byteCount)
        default: true
        }
    }

    private func isFlexible(_ type: TypeDescription) -> Bool {
        if case .array(_, 0) = type.resolved { true } else { false }
    }

    // MARK: Structs and arrays

    private mutating func members(of composite: CompositeDescription, at offset: Int, path: String) throws(BPFError) {
        // In a line a struct's fields stand beside the others, called by their path; only elements of arrays have braces.
        let isFlat = !isJSON && (depth == 0)
        let outer = hasMember
        if !isFlat {
            text("{")
            hasMember = false
        }
        if !isJSON, depth == 0, path.isEmpty { try leadingTime(of: composite, at: offset) }
        try fields(of: composite, at: offset, path: path)
        if !isFlat {
            text("}")
            hasMember = outer
        }
    }

    /// The field a readable line begins with, and without its name.
    private static func isLeading(_ field: FieldDescription) -> Bool {
        field.name == "time" && field.bitWidth == nil && field.type.byteCount == 8
            && RecordConventions.presentation(of: field.name, field.type, tags: field.tags) != .plain
    }

    private mutating func leadingTime(of composite: CompositeDescription, at offset: Int) throws(BPFError) {
        guard let field = composite.fields.first(where: Self.isLeading) else { return }
        let presentation = RecordConventions.presentation(of: field.name, field.type, tags: field.tags)
        try write(field.type, at: offset + field.byteOffset, presentation, name: field.name, path: "", familyAt: nil)
        hasMember = true
    }

    private mutating func fields(
        of composite: CompositeDescription, at offset: Int, path: String, outerFamily: Place? = nil
    ) throws(BPFError) {
        let own = composite.fields.first(where: RecordConventions.isFamily)
        let family = own.map { Place(offset: offset + $0.byteOffset, size: $0.type.byteCount ?? 0) } ?? outerFamily
        for field in composite.fields where !RecordConventions.isPadding(field) {
            try check(field, of: composite)
            if field.name.isEmpty, let inner = field.type.composite {
                // An unnamed struct or union: C calls its fields by the outer one.
                try fields(of: inner, at: offset + field.byteOffset, path: path, outerFamily: family)
            } else {
                try member(field, at: offset, path: path, family: family)
            }
        }
    }

    /// Refuses what no compiler writes and a hostile file may: the steps could walk over the record again and again.
    private mutating func check(_ field: FieldDescription, of composite: CompositeDescription) throws(BPFError) {
        fieldCount += 1
        guard fieldCount <= RecordPlan.mostSteps else { throw tooLarge }
        let bits = field.bitWidth ?? (field.type.byteCount ?? 0).multipliedReportingOverflow(by: 8).partialValue
        guard field.bitOffset >= 0, bits >= 0, bits <= composite.byteCount * 8 - field.bitOffset else {
            throw BPFError(.read, "records of struct \(composite.name)", reason: "its field \(field.name) ends behind it")
        }
    }

    private var tooLarge: BPFError { BPFError(.read, "records", reason: "their type has more than \(RecordPlan.mostSteps) parts") }

    private mutating func member(
        _ field: FieldDescription, at offset: Int, path: String, family: Place?
    ) throws(BPFError) {
        if !isJSON, depth == 0, path.isEmpty, Self.isLeading(field) { return }
        let full = path.isEmpty ? field.name : "\(path).\(field.name)"
        let presentation = RecordConventions.presentation(of: field.name, field.type, tags: field.tags)
        if !isJSON, depth == 0, field.bitWidth == nil, presentation == .plain, let inner = field.type.composite {
            return try fields(of: inner, at: offset + field.byteOffset, path: full)
        }
        if isJSON {
            text(hasMember ? ",\"" : "\"")
            pending += RecordText.escaped(field.name)
            text("\":")
        } else {
            text(hasMember ? " " : "")
            text(depth == 0 ? full : field.name)
            text("=")
        }
        hasMember = true
        if let width = field.bitWidth {
            try bits(field, width, at: offset)
        } else {
            try write(field.type, at: offset + field.byteOffset, presentation, name: field.name, path: full, familyAt: family)
        }
    }

    private mutating func bits(_ field: FieldDescription, _ width: Int, at offset: Int) throws(BPFError) {
        let start = offset * 8 + field.bitOffset
        let size = (start % 8 + width + 7) / 8
        guard width <= 64 else { return text(isJSON ? "null" : "?") }
        var operation = RecordPlan.Operation.unsignedBits
        var table = -1
        switch field.type.resolved {
        case .integer(let integer): operation = integer.isBoolean ? .booleanBits : integer.isSigned ? .signedBits : .unsignedBits
        case .enumeration(let enumeration):
            operation = .enumerationBits
            table = names(of: enumeration, bits: width)
        default: break
        }
        try add(operation, start / 8, size, count: start % 8, span: width, table: table)
    }

    private mutating func loop(_ element: TypeDescription, count: Int, at offset: Int, name: String) throws(BPFError) {
        let stride = element.byteCount ?? 0
        text("[")
        if stride > 0 {
            let place = plan.steps.count
            // Nothing tells a loop of none from one of as many as the record has room for but the sign.
            try add(.loop, offset, stride, count: count == 0 ? -1 : count)
            let outer = hasMember
            depth += 1
            try write(
                element, at: 0, RecordConventions.presentation(of: name, element, tags: []), name: name, path: "", familyAt: nil)
            depth -= 1
            hasMember = outer
            // What closes the element belongs to it.
            if !pending.isEmpty { try add(.none, 0, 0) }
            plan.steps[place].span = plan.steps.count - place - 1
        }
        text("]")
    }

    // MARK: Steps

    private mutating func text(_ text: String) { pending += Array(text.utf8) }

    private mutating func add(
        _ operation: RecordPlan.Operation, _ offset: Int, _ size: Int, count: Int = 0, span: Int = 0, table: Int = -1, familySize: Int = 0
    ) throws(BPFError) {
        guard plan.steps.count < RecordPlan.mostSteps else {
            throw tooLarge
        }
        plan.steps.append(
            RecordPlan.Step(
                operation: operation, prefix: takePending(), offset: offset, size: size, count: count, span: span, table: table,
                familySize: familySize))
    }

    private mutating func takePending() -> RecordPlan.LiteralRange {
        let range = RecordPlan.LiteralRange(start: plan.literals.count, count: pending.count)
        plan.literals += pending
        pending.removeAll(keepingCapacity: true)
        return range
    }

    private mutating func names(of enumeration: EnumerationDescription, bits: Int) -> Int {
        let mask: UInt64 = bits >= 64 ? .max : (1 << UInt64(bits)) - 1
        // Compared by their bits, for compilers did not always say whether values are signed. Of several names the first counts.
        var names: [(value: UInt64, name: String)] = []
        var known: Set<UInt64> = []
        for value in enumeration.values {
            let bits = UInt64(bitPattern: value.value) & mask
            if known.insert(bits).inserted { names.append((bits, value.name)) }
        }
        names.sort { $0.value < $1.value }
        plan.enumerations.append(
            names.map { value, name in
                let text = isJSON ? Array("\"".utf8) + RecordText.escaped(name) + Array("\"".utf8) : Array(name.utf8)
                let range = RecordPlan.LiteralRange(start: plan.literals.count, count: text.count)
                plan.literals += text
                return RecordPlan.Name(value: value, literal: range)
            })
        return plan.enumerations.count - 1
    }
}
