extension IRModule {
    /// 64-bit little-endian, as LLVM's bpf back end wants it.
    static let target = [
        "target datalayout = \"e-m:e-p:64:64-i64:64-i128:128-n32:64-S128\"", "target triple = \"bpfel\"",
    ]

    /// The module as LLVM reads it, for the kernel's machine.
    /// - Parameter lines: Definitions it has besides its own.
    func text(with lines: [String] = []) -> String {
        var text = ["source_filename = \"\(sourceName)\""] + Self.target
        text += types.map { ([.local($0.name), IRToken(.punctuation, "=")] + $0.tokens).text }
        text += variables.map(\.tokens.text)
        text += lines
        text += functions.map(\.text)
        text += attributes.map { "attributes #\($0.key) = \($0.value.text)" }
        text += metadataLines
        return text.joined(separator: "\n") + "\n"
    }
}
