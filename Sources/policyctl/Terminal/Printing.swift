import PolicyAPI
import Yams

extension Format {
    /// Prints a message: as a table, which the caller makes, or whole as YAML or JSON.
    func print(_ message: some Encodable, table: () -> String) throws {
        switch self {
        case .table: Output.write(table())
        case .json: Output.write(try JSON.text(message, indented: true) + "\n")
        case .yaml: Output.write(try YAMLEncoder().encode(message))
        }
    }
}
