internal import CDatapath

/// The slates of one field of a classifier.
struct SlateField: Sendable {
    let plan: SlatePlan
    let role: SlatePlan.Role
    /// Of protocol and port: the protocol.
    var number: UInt8 = 0

    /// What the slate of a value, and of those behind it that satisfy the same rules, says of where it lies.
    func head(_ value: UInt128) -> UInt64 {
        role == .transport
            ? plan.head(transport: plan.transport.place(number, UInt16(truncatingIfNeeded: value))) : plan.head(address: value, role)
    }
}

extension MovingVector {
    /// The number of the slate of these rules, as far as they stand on slates of the field.
    mutating func slateNumber(_ table: inout ClassTable, _ field: SlateField, at value: UInt128) -> UInt32 {
        let key = sum ^ field.plan.salt(field.role)
        if let number = table.known(key) { return number }
        guard table.hasRoom else { return UInt32(PD_CLASS_NONE) }
        let here = field.plan.rules[field.role.rawValue]
        var entries: [UInt32] = []
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
        let number = table.append(slate: field.head(value), entries)
        table.know(key, as: number)
        return number
    }
}

extension ClassTable {
    /// How many entries a slate has at most.
    static let slateEntries = 14 + (Int(PD_SLATE_LINES) - 1) * 16

    /// Adds a slate; one that is too long is cut off and noted as such.
    mutating func append(slate head: UInt64, _ entries: [UInt32]) -> UInt32 {
        if entries.count > Self.slateEntries { hasLongSlate = true }
        let entries = entries.prefix(Self.slateEntries)
        let more = (max(entries.count - 14, 0) + 15) / 16
        var words = [UInt64](repeating: 0, count: 8 * (1 + more))
        words[0] = head | UInt64(more) << 32
        for (place, entry) in entries.enumerated() {
            if place < 14 {
                words[1 + place % 7] |= UInt64(entry) << (place < 7 ? 0 : 32)
            } else {
                let (line, column) = ((place - 14) / 16 + 1, (place - 14) % 16)
                words[8 * line + column % 8] |= UInt64(entry) << (column < 8 ? 0 : 32)
            }
        }
        return append(lines: words)
    }

    /// Adds boxes, two a line, and returns the number of the first line.
    mutating func append(boxes: [pd_box]) -> UInt32 {
        let boxes = boxes + Array(repeating: pd_box(), count: boxes.count % 2)
        let words = unsafe boxes.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt64.self)) }
        return append(lines: words)
    }
}
