internal import PolicyModel

/// Documents as bytes, which need not be text, and the list files they name.
public struct HostileDocuments: Sendable {
    /// The name of the file, to which its list files are relative.
    public var path: String
    /// What stands in the file.
    public var bytes: [UInt8]
    /// The contents of list files by resolved path.
    public var lists: [String: [UInt8]]

    public init(path: String, bytes: [UInt8], lists: [String: [UInt8]] = [:]) {
        self.path = path
        self.bytes = bytes
        self.lists = lists
    }
}

/// Breaks sound documents in every way that hands, editors and enemies break them.
///
/// The same number gives the same documents, so that what was found can be found again.
///
/// ```swift
/// let mutator = DocumentMutator(corpus: corpus)
/// for number in 0..<1_000_000 { check(mutator.documents(number)) }
/// ```
///
/// The first numbers go through the corpus: the text cut at every byte, and every token left out, doubled and swapped with the next. Behind
/// them all is random.
public struct DocumentMutator: Sendable {
    /// The largest text that is made, in bytes.
    static let sizeLimit = 256 << 10

    /// The sound documents.
    let corpus: [HostileDocuments]
    let tokens: [[ArraySlice<UInt8>]]
    private let seed: UInt64

    /// - Parameter corpus: Sound documents; at least one.
    public init(corpus: [HostileDocuments], seed: UInt64 = 1) {
        precondition(!corpus.isEmpty, "there is nothing to break")
        self.corpus = corpus
        self.seed = seed
        tokens = corpus.map { Self.tokens($0.bytes[...]) }
    }

    /// How many documents go through the corpus; those behind are random.
    public var systematicCount: Int {
        zip(corpus, tokens).reduce(0) { $0 + $1.0.bytes.count + 3 * $1.1.count }
    }

    /// The documents with a number.
    public func documents(_ number: Int) -> HostileDocuments {
        var rest = number
        for (documents, tokens) in zip(corpus, tokens) {
            if rest < documents.bytes.count { return documents.with(Array(documents.bytes[..<rest])) }
            rest -= documents.bytes.count
            if rest < 3 * tokens.count { return documents.with(Self.systematic(tokens, rest / 3, way: rest % 3)) }
            rest -= 3 * tokens.count
        }
        return random(seed &* 0x1_0000_0001 &+ UInt64(rest))
    }

    private static func systematic(_ tokens: [ArraySlice<UInt8>], _ place: Int, way: Int) -> [UInt8] {
        var tokens = tokens
        switch way {
        case 0: tokens.remove(at: place)
        case 1: tokens.insert(tokens[place], at: place)
        default: if place + 1 < tokens.count { tokens.swapAt(place, place + 1) }
        }
        return Array(tokens.joined())
    }

    private func random(_ seed: UInt64) -> HostileDocuments {
        var random = SplitMix64(seed: seed)
        // One in four is a document that nobody wrote.
        var documents = random.oneIn(4) ? Self.generated(seed) : random.pick(corpus, otherwise: corpus[0])
        // Now and then what is generated stays sound.
        for _ in 0..<Int.random(in: random.oneIn(8) ? 0...0 : 1...4, using: &random) {
            mutate(&documents.bytes, &random)
            if documents.bytes.count > Self.sizeLimit { documents.bytes.removeSubrange(Self.sizeLimit...) }
        }
        if random.oneIn(6), let path = documents.lists.keys.sorted().randomElement(using: &random) {
            Self.mutate(list: path, &documents.lists, &random)
        }
        return documents
    }

    /// Documents of a random policy set, as YAML or JSON.
    static func generated(_ seed: UInt64) -> HostileDocuments {
        var generator = PolicyGenerator(seed: seed)
        let policySet = generator.policySet()
        let sets = policySet.sets.values.sorted { $0.name < $1.name }
        let outputs = policySet.policies.map(\.output) + sets.map(\.output)
        let text = outputs.map { seed % 3 == 0 ? $0.json(isPretty: seed % 2 == 0) + "\n" : $0.yaml() }.joined(separator: "---\n")
        return HostileDocuments(path: "generated.yaml", bytes: Array(text.utf8))
    }

    /// Words, runs of blanks and single other bytes.
    static func tokens(_ bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        func kind(_ byte: UInt8) -> Int {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): 1
            case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"): 1
            case UInt8(ascii: " "): 2
            default: 0
            }
        }
        var tokens: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        while start < bytes.endIndex {
            var end = start + 1
            while end < bytes.endIndex, kind(bytes[start]) != 0, kind(bytes[end]) == kind(bytes[start]) { end += 1 }
            tokens.append(bytes[start..<end])
            start = end
        }
        return tokens
    }
}

extension HostileDocuments {
    fileprivate func with(_ bytes: [UInt8]) -> HostileDocuments {
        HostileDocuments(path: path, bytes: bytes, lists: lists)
    }
}
