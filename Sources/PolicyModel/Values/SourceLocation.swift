/// A place in a document.
public struct SourceLocation: Hashable, Sendable, Codable {
    /// The file as it was named; empty for values that come from no file.
    public var file: String
    /// The line, from 1; 0 for the file as a whole.
    public var line: Int
    /// The column in Unicode scalars, from 1; 0 for the line as a whole.
    public var column: Int

    public init(file: String, line: Int = 0, column: Int = 0) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// No place: the value was made by a program.
    public static let none = SourceLocation(file: "")
}

extension SourceLocation: Comparable {
    public static func < (one: SourceLocation, other: SourceLocation) -> Bool {
        (one.file, one.line, one.column) < (other.file, other.line, other.column)
    }
}

extension SourceLocation: CustomStringConvertible {
    /// `web.yaml:14:9`, as compilers write it, without the parts that are not known.
    public var description: String {
        switch (line, column) {
        case (0, _): file
        case (_, 0): "\(file):\(line)"
        default: "\(file):\(line):\(column)"
        }
    }
}
