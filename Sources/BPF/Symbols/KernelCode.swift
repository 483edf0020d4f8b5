/// The kernel's functions by address, from `/proc/kallsyms`.
struct KernelCode {
    private let table: FunctionTable

    /// Behind the last symbol nothing says where it ends.
    private static let lastSize: UInt64 = 1 << 20

    init() {
        let text = contents(of: "/proc/kallsyms") ?? []
        var functions: [FunctionTable.Function] = []
        var names: [Range<Int>] = []
        // "ffffffff81000000 T name", and behind a tab "[module]".
        var start = 0
        while start < text.count {
            let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
            defer { start = end + 1 }
            var address: UInt64 = 0
            var place = start
            while place < end, let digit = Self.digit(text[place]) {
                address = address << 4 | digit
                place += 1
            }
            // Those who may not know the addresses read zeros.
            guard address > 0, place + 3 < end, Self.isCode(text[place + 1]) else { continue }
            functions.append(FunctionTable.Function(start: address, size: 0))
            names.append(place + 3..<end)
        }
        if let last = functions.indices.max(by: { functions[$0].start < functions[$1].start }) { functions[last].size = Self.lastSize }
        table = FunctionTable(functions) { String(decoding: text[names[$0]], as: UTF8.self) }
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a")) + 10
        default: nil
        }
    }

    private static func isCode(_ type: UInt8) -> Bool {
        [UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "w"), UInt8(ascii: "W")].contains(type)
    }

    func place(of address: UInt64, isReturn: Bool) -> SymbolicAddress? {
        guard let found = table.function(at: isReturn ? address - 1 : address) else { return nil }
        let parts = found.name.split(separator: "\t", maxSplits: 1)
        let module = parts.count == 2 ? String(parts[1].dropFirst().dropLast()) : "kernel"
        return SymbolicAddress(function: parts.first.map(String.init), module: module, offset: found.offset + (isReturn ? 1 : 0))
    }
}
