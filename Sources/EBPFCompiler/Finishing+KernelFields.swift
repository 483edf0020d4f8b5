/// Fields of the kernel's structures: what the loader finds out by the types of the kernel that runs (CO-RE).
extension Finishing {
    /// The number of the attribute group by which the back end knows such variables.
    static let relocated = 9_000

    /// The variables that hold the names of structures and fields: nothing of them is to be left.
    func textsOfKernelFields() -> Set<String> {
        let fields = module.variables.filter { LibraryType(of: $0) == .kernelField }
        let others = module.variables.filter { LibraryType(of: $0) != .kernelField }.flatMap(\.references)
        let used = module.functions.flatMap { $0.body.flatMap { $0.tokens.filter { $0.kind == .global }.map(\.name) } }
        return Set(fields.flatMap { $0.initialiser.filter { $0.kind == .global }.map(\.name) }).subtracting(others + used)
    }

    /// A variable of the kind that the back end makes a relocation of where it is read: its name says what of the field is asked for, the
    /// offset (0), and how the field is found in the structure that its metadata describes, as member 0.
    mutating func kernelField(_ variable: IRVariable) -> IRVariable? {
        let texts = variable.initialiser.filter { $0.kind == .global }.compactMap { text(of: $0.name) }
        let type = types.parameters(ofVariable: variable.debugNode).first.flatMap { parameter in
            // Pointers are known by being pointers: what they point to is not compared.
            types.isPointer(parameter) ? .init(node: nodes.pointer(to: "null"), bits: 64) : types.describe(parameter, into: &nodes)
        }
        guard texts.count == 2, let type else {
            diagnostics.append(Globals.diagnostic(variable, places))
            return nil
        }
        if types.parameters(ofVariable: variable.debugNode).first.map(types.isEnumeration) == true {
            let message = "the field '\(places.title(of: variable))' of the kernel is read as an enumeration"
            let remedy = "read its number, as by KernelField<UInt32>, and make the enumeration of that"
            diagnostics.append(Diagnostic(places.place(of: variable), message, remedy))
            return nil
        }
        if let name = texts.first(where: { !FunctionNames.isIdentifier($0) }) {
            let message = "'\(name)' is not the name of a structure of the kernel's or of one of its fields"
            let remedy = "write one name each; fields of a structure inside are a KernelField of that, at the address of the outer field"
            diagnostics.append(Diagnostic(places.place(of: variable), message, remedy))
            return nil
        }
        // Two fields are two variables, so their names must differ. What may differ is the number before the dollar, which stands in the
        // instruction until the loader knows better and which it compares with the offset in the structure described here.
        let offset = 8 * kernelFields
        let structure = nodes.structure(
            texts[0], bits: offset * 8 + type.bits, members: [(texts[1], type.node, type.bits, offset * 8)])
        let name = "llvm.\(texts[0]):0:\(offset)$0:0"
        kernelFields += 1
        names[variable.name] = name
        return IRVariable(
            name: name, linkage: [.word("external")], type: [.word("i64")], initialiser: [],
            suffixes: [
                [
                    IRToken(.metadata, "!llvm.preserve.access.index"), IRToken(.metadata, structure),
                    .word("#\(Self.relocated)"),
                ]
            ])
    }

    /// What a constant of characters says, up to its NUL.
    private func text(of name: String) -> String? {
        guard let variable = module.variables.first(where: { $0.name == name }),
            let literal = variable.initialiser.first(where: { $0.kind == .string })
        else { return nil }
        let quoted = IRToken(.string, String(literal.text.drop { $0 != "\"" }))
        return String(quoted.name.prefix { $0 != "\0" })
    }
}
