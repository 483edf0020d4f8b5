/// What a Content-Type header says of a body: RFC 9110, section 8.3.1.
struct MediaType: Equatable, CustomStringConvertible {
    /// Type and subtype, in lower case, without parameters.
    let description: String

    /// - Parameter text: The header's value, as in `application/json; charset=utf-8`. Names count in any case.
    init(_ text: String) {
        let name = text.prefix { $0 != ";" }
        var trimmed = name.drop { $0 == " " || $0 == "\t" }
        while let last = trimmed.last, last == " " || last == "\t" { trimmed.removeLast() }
        description = trimmed.lowercased()
    }
}
