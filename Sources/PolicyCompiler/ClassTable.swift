internal import CDatapath

/// The classes of a revision and their vectors, each distinct vector once.
struct ClassTable {
    /// Words of a chunk, its summary among them: the layout of `struct pd_chunk`.
    static let chunkStride = 1 + Int(PD_CHUNK_WORDS)

    private(set) var classes: [pd_class]
    /// Chunk after chunk: a summary and 64 words.
    private(set) var chunks: [UInt64] = []
    private var known: [BitVector: UInt32] = [:]

    /// What is too much, as far as it was counted: nothing more is kept from then on, so that memory stays bounded too.
    enum Excess {
        case classes(count: Int, limit: Int)
        case bytes(count: Int, limit: Int)
    }

    private(set) var excess: Excess?
    private let limits: CompileLimits

    init(_ limits: CompileLimits = CompileLimits()) {
        self.limits = limits
        // Class 0 satisfies every rule and is never looked up; class 1 satisfies none.
        classes = [pd_class(), pd_class()]
    }

    /// The number of the class with these rules.
    mutating func intern(_ vector: BitVector) -> UInt32 {
        if vector.isEmpty { return UInt32(PD_CLASS_NONE) }
        if vector.isFull { return UInt32(PD_CLASS_ALL) }
        if let number = known[vector] { return number }
        guard hasRoom else { return UInt32(PD_CLASS_NONE) }
        let number = UInt32(classes.count)
        known[vector] = number
        var entry = pd_class(top: 0, first: UInt32(chunks.count / Self.chunkStride), reserved: 0)
        let words = vector.words
        for (place, start) in stride(from: 0, to: words.count, by: Int(PD_CHUNK_WORDS)).enumerated() {
            let part = words[start..<min(start + Int(PD_CHUNK_WORDS), words.count)]
            var summary: UInt64 = 0
            for (bit, word) in part.enumerated() where word != 0 { summary |= 1 << UInt64(bit) }
            guard summary != 0 else { continue }
            entry.top |= 1 << UInt64(place)
            chunks.append(summary)
            chunks.append(contentsOf: part)
            chunks.append(contentsOf: repeatElement(0, count: Int(PD_CHUNK_WORDS) - part.count))
        }
        classes.append(entry)
        return number
    }

    private var hasRoom: Bool {
        mutating get {
            let bytes = chunks.count * MemoryLayout<UInt64>.size
            if classes.count >= limits.classes {
                excess = .classes(count: classes.count + 1, limit: limits.classes)
            } else if bytes > limits.tableBytes {
                excess = .bytes(count: bytes, limit: limits.tableBytes)
            }
            return excess == nil
        }
    }
}
