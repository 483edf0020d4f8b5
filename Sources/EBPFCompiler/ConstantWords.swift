/// The numbers that variables hold from the start.
struct ConstantWords {
    private let types: [String: [IRToken]]

    init(_ module: IRModule) { types = module.typesByName }

    /// All of them in order, cut to 32 bits, without what lies in arrays; nil for what is not made of numbers.
    func words(of variable: IRVariable) -> [UInt32]? { words(of: variable.initialiser, type: variable.type) }

    private func words(of constant: [IRToken], type: [IRToken]) -> [UInt32]? {
        guard let first = constant.first else { return nil }
        if type.first?.isPunctuation("[") == true { return [] }
        switch first.kind {
        case .word where ["zeroinitializer", "undef", "poison"].contains(first.text):
            return zeros(of: type)
        case .word:
            return Int64(first.text).map { isNumber(type) ? [UInt32(truncatingIfNeeded: $0)] : [] }
        case .punctuation:
            var words: [UInt32] = []
            for member in constant.bracketed.parted(by: ",") {
                var rest = member[...]
                let type = rest.popValue()
                guard let inner = self.words(of: Array(rest), type: type) else { return nil }
                words += inner
            }
            return words
        default:
            return nil
        }
    }

    private func isNumber(_ type: [IRToken]) -> Bool { type.count == 1 && ["i8", "i16", "i32", "i64"].contains(type[0].text) }

    private func zeros(of type: [IRToken]) -> [UInt32] {
        guard let first = type.first, !first.isPunctuation("[") else { return [] }
        switch first.kind {
        case .local: return types[first.name].map { zeros(of: Array($0.dropFirst())) } ?? []
        case .punctuation: return type.bracketed.parted(by: ",").flatMap(zeros)
        default: return isNumber(type) ? [0] : []
        }
    }
}
