/// What a variable holds from the start, as far as it is numbers.
struct ConstantBytes {
    private let types: [String: [IRToken]]

    init(_ module: IRModule) {
        types = module.typesByName
    }

    /// All its 32-bit words in order, those of arrays of bytes left out; nil for what is not made of numbers.
    func words(of variable: IRVariable) -> [UInt32]? {
        var words: [UInt32] = []
        var rest = variable.initialiser[...]
        var type = variable.type[...]
        guard append(&type, &rest, to: &words) else { return nil }
        return words
    }

    /// A constant of a type: a number, zero, or a list of constants each behind its type.
    private func append(_ type: inout ArraySlice<IRToken>, _ value: inout ArraySlice<IRToken>, to words: inout [UInt32]) -> Bool {
        let type = type.popValue()
        let constant = value.popValue()
        guard let first = constant.first else { return false }
        if first.isWord("zeroinitializer") || first.isWord("undef") || first.isWord("poison") {
            words += Array(repeating: 0, count: integers(in: type))
            return true
        }
        if first.kind == .word, let number = Int64(first.text) {
            if isCounted(type) { words.append(UInt32(truncatingIfNeeded: number)) }
            return true
        }
        if first.kind == .string { return true }
        guard constant.count >= 2 else { return false }
        // "<{ … }>" and "{ … }" and "[ … ]".
        var inner = constant[...]
        while let mark = inner.first, mark.kind == .punctuation, ["<", "{", "["].contains(mark.text) { inner = inner.dropFirst() }
        while let mark = inner.last, mark.kind == .punctuation, [">", "}", "]"].contains(mark.text), isBalanced(inner) == false {
            inner = inner.dropLast()
        }
        for part in Array(inner).parted(by: ",") {
            var element = part[...]
            var typed = element.popValue()[...]
            guard append(&typed, &element, to: &words) else { return false }
        }
        return true
    }

    private func isBalanced(_ tokens: ArraySlice<IRToken>) -> Bool {
        var depth = 0
        for token in tokens where token.kind == .punctuation {
            if ["<", "{", "[", "("].contains(token.text) { depth += 1 }
            if [">", "}", "]", ")"].contains(token.text) { depth -= 1 }
            if depth < 0 { return false }
        }
        return depth == 0
    }

    private func isCounted(_ type: [IRToken]) -> Bool { type.count == 1 && ["i32", "i64", "i16", "i8"].contains(type[0].text) }

    /// How many numbers a type has outside of arrays.
    private func integers(in type: [IRToken]) -> Int {
        guard let first = type.first else { return 0 }
        if first.kind == .local { return types[first.name].map { integers(in: Array($0.dropFirst())) } ?? 0 }
        if first.isPunctuation("[") { return 0 }
        if type.count == 1 { return isCounted(type) ? 1 : 0 }
        return type.drop { $0.isPunctuation("<") || $0.isPunctuation("{") }.filter { $0.kind == .local || $0.kind == .word }
            .reduce(0) { $0 + integers(in: [$1]) }
    }
}
