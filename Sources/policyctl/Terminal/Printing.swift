import PolicyAPI
import PolicyModel

extension Format {
    /// Prints a message: as a table, which the caller makes, or whole as YAML or JSON.
    func print(_ message: some Encodable, table: () -> String) throws {
        switch self {
        case .table: Output.write(table())
        case .json: Output.write(try JSON.text(message, indented: true) + "\n")
        case .yaml: Output.write(try Self.yamlText(message))
        }
    }

    static func yamlText(_ message: some Encodable) throws -> String {
        try JSON.decode(Tree.self, from: try JSON.encode(message)).output.yaml()
    }
}

/// A message of any kind, read back from its JSON to be printed as YAML. Keys come sorted, as in the JSON.
private indirect enum Tree: Decodable {
    case null
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([Tree])
    case mapping([String: Tree])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .boolean(flag)
        } else if let number = try? container.decode(Int.self) {
            self = .integer(number)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([Tree].self) {
            self = .list(list)
        } else {
            self = .mapping(try container.decode([String: Tree].self))
        }
    }
}

extension Tree {
    var output: OutputValue {
        switch self {
        case .null: .null
        case .boolean(let flag): .bool(flag)
        case .integer(let number): .integer(number)
        case .number(let number): .text("\(number)")
        case .text(let text): .text(text)
        case .list(let elements): .list(elements.map(\.output))
        case .mapping(let fields): .mapping(fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value.output) })
        }
    }
}
