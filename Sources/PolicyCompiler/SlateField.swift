internal import CDatapath

/// The slates of one field of a classifier.
struct SlateField: Sendable {
    let plan: SlatePlan
    let role: SlatePlan.Role
    /// Of protocol and port: the protocol.
    var number: UInt8 = 0

    /// What the slate of a value, and of those behind it that satisfy the same rules, says of where it lies.
    func place(of value: UInt128) -> UInt32 {
        role == .transport
            ? plan.place(transport: plan.transport.place(number, UInt16(truncatingIfNeeded: value))) : plan.place(address: value, role)
    }
}

extension MovingVector {
    /// The number of the slate of these rules, as far as they stand on slates of the field.
    mutating func slateNumber(_ table: inout ClassTable, _ field: SlateField, at value: UInt128) -> UInt32 {
        // Of which no rule is satisfied, by whatever field it is looked for.
        if population == 0 { return UInt32(PD_CLASS_NONE) }
        let key = sum ^ field.plan.salt(field.role)
        if let number = table.known(key) { return number }
        guard table.hasRoom else { return UInt32(PD_CLASS_NONE) }
        let here = field.plan.rules[field.role.rawValue]
        var entries: [SlateEntry] = []
        filling: for chunk in summary.indices {
            var rest = summary[chunk]
            while rest != 0 {
                let index = chunk << 6 + rest.trailingZeroBitCount
                rest &= rest - 1
                var found = words[index] & here.words[index]
                while found != 0 {
                    let rule = index << 6 + found.trailingZeroBitCount
                    found &= found - 1
                    entries += field.plan.entries(of: rule)
                    if field.plan.last.contains(rule) { break filling }
                }
                if entries.count > ClassTable.slateEntries { break filling }
            }
        }
        let number = table.append(slate: entries, at: field.place(of: value))
        table.know(key, as: number)
        return number
    }
}

extension ClassTable {
    /// How many entries a slate has at most.
    static let slateEntries = Int(PD_SLATE_ENTRIES * PD_SLATE_LINES)

    /// Adds a slate of a value; one that is too long is cut off and noted as such.
    mutating func append(slate entries: [SlateEntry], at place: UInt32) -> UInt32 {
        if entries.count > Self.slateEntries { hasLongSlate = true }
        let entries = entries.prefix(Self.slateEntries)
        let perLine = Int(PD_SLATE_ENTRIES)
        let count = max((entries.count + perLine - 1) / perLine, 1)
        var lines = [pd_slate](repeating: pd_slate(), count: count)
        lines[0].high = UInt32(count - 1) << UInt32(PD_SLATE_MORE_SHIFT)
        lines[0].where = place
        for (number, entry) in entries.enumerated() { lines[number / perLine].set(number % perLine, to: entry) }
        return append(lines: unsafe lines.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt64.self)) })
    }

    /// Adds boxes, two a line, and returns the number of the first line.
    mutating func append(boxes: [pd_box]) -> UInt32 {
        let boxes = boxes + Array(repeating: pd_box(), count: boxes.count % 2)
        let words = unsafe boxes.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt64.self)) }
        return append(lines: words)
    }
}

extension pd_slate {
    fileprivate mutating func set(_ place: Int, to entry: SlateEntry) {
        high |= (entry.box >> 16) << UInt32(2 * place)
        unsafe withUnsafeMutableBytes(of: &box) {
            unsafe $0.storeBytes(of: UInt16(truncatingIfNeeded: entry.box), toByteOffset: 2 * place, as: UInt16.self)
        }
        Self.note(entry.transport, place, in: &transport)
        Self.note(entry.other, place, in: &other)
    }

    /// Sets an entry's bit in the words of its groups.
    private static func note<Words>(_ groups: UInt8, _ place: Int, in words: inout Words) {
        unsafe withUnsafeMutableBytes(of: &words) { bytes in
            for group in 0..<Int(PD_GROUPS) where groups >> UInt8(group) & 1 == 1 {
                let word = unsafe bytes.load(fromByteOffset: 2 * group, as: UInt16.self)
                unsafe bytes.storeBytes(of: word | 1 << UInt16(place), toByteOffset: 2 * group, as: UInt16.self)
            }
        }
    }
}
