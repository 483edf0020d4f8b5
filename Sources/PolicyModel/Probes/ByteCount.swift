/// Numbers of bytes as documents write them.
enum ByteCount {
    private static let units: [(name: String, factor: Int)] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]

    /// Reads `64MiB`, or bytes without a unit; nil if the text is anything else, or more than an `Int` holds.
    static func read(_ text: String) -> Int? {
        for unit in units where text.hasSuffix(unit.name) {
            guard let number = FieldReader.integer(String(text.dropLast(unit.name.count))), number >= 0 else { return nil }
            let (bytes, overflow) = number.multipliedReportingOverflow(by: unit.factor)
            return overflow ? nil : bytes
        }
        return FieldReader.integer(text)
    }

    /// The number with the largest unit it is a whole number of.
    static func text(_ bytes: Int) -> String {
        for unit in units where bytes > 0 && bytes % unit.factor == 0 { return "\(bytes / unit.factor)\(unit.name)" }
        return "\(bytes)"
    }
}
