internal import CDatapath

/// The classes of a revision, each distinct set of rules once, and the chunks that classes share.
struct ClassTable {
    /// Words of a chunk, its summary among them: the layout of `struct pd_chunk`.
    static let chunkStride = 1 + Int(PD_CHUNK_WORDS)

    /// Line after line; a class may have several.
    private(set) var classes: [pd_class]
    /// Chunk after chunk: a summary and 64 words.
    private(set) var chunks: [UInt64]
    private var numbers = SumTable()
    private var bases = SumTable()
    private var count = 2

    /// What is too much, as far as it was counted: nothing more is kept from then on, so that memory stays bounded too.
    enum Excess {
        case classes(count: Int, limit: Int)
        case bytes(count: Int, limit: Int)
    }

    private(set) var excess: Excess?
    /// Whether some slate was too long.
    var hasLongSlate = false
    private let limits: CompileLimits

    init(_ limits: CompileLimits = CompileLimits()) {
        self.limits = limits
        var all = pd_class()
        all.summary = .max
        all.own = .max
        all.word = (.max, .max, .max, .max, .max)
        classes = [all, pd_class()]
        chunks = Array(repeating: 0, count: Self.chunkStride) + Array(repeating: .max, count: Self.chunkStride)
    }

    /// The number of the class with these rules.
    mutating func intern(_ vector: BitVector) -> UInt32 {
        var moving = MovingVector(BitVector(count: vector.count))
        vector.forEach { moving.flip($0) }
        return moving.classNumber(&self)
    }

    // MARK: For vectors

    func known(_ sum: UInt128) -> UInt32? { numbers[sum] }

    mutating func know(_ sum: UInt128, as number: UInt32) {
        numbers[sum] = number
        count += 1
    }

    mutating func append(_ line: pd_class) -> UInt32 {
        classes.append(line)
        return UInt32(classes.count - 1)
    }

    /// Lines of eight words.
    mutating func append(lines words: [UInt64]) -> UInt32 {
        let first = classes.count
        classes.append(contentsOf: repeatElement(pd_class(), count: words.count / 8))
        unsafe classes.withUnsafeMutableBytes { bytes in
            for (place, word) in words.enumerated() {
                unsafe bytes.storeBytes(of: word, toByteOffset: first * MemoryLayout<pd_class>.stride + 8 * place, as: UInt64.self)
            }
        }
        return UInt32(first)
    }

    /// A class that leads on to lines: the first with it, the others in lines behind it.
    mutating func append(leading class: pd_class, to parts: [UInt32]) -> UInt32 {
        let number = append(`class`)
        let first = classes.count - 1
        classes.append(
            contentsOf: repeatElement(
                pd_class(), count: (max(parts.count - Int(PD_CLASS_PARTS), 0) + Int(PD_LINE_PARTS) - 1) / Int(PD_LINE_PARTS)))
        unsafe classes.withUnsafeMutableBytes { bytes in
            for (place, part) in parts.enumerated() {
                let line = place < Int(PD_CLASS_PARTS) ? 0 : 1 + (place - Int(PD_CLASS_PARTS)) / Int(PD_LINE_PARTS)
                let column = place < Int(PD_CLASS_PARTS) ? place : (place - Int(PD_CLASS_PARTS)) % Int(PD_LINE_PARTS)
                unsafe bytes.storeBytes(
                    of: part, toByteOffset: (first + line) * MemoryLayout<pd_class>.stride + 4 * column, as: UInt32.self)
            }
        }
        return number
    }

    mutating func append(chunk words: ArraySlice<UInt64>, summary: UInt64) -> UInt32 {
        chunks.append(summary)
        chunks.append(contentsOf: words)
        return UInt32(chunks.count / Self.chunkStride - 1)
    }

    /// The first of the chunks with these words.
    mutating func base(_ words: [UInt64], _ sum: UInt128) -> UInt32 {
        if let known = bases[sum] { return known }
        let first = UInt32(chunks.count / Self.chunkStride)
        for start in stride(from: 0, to: words.count, by: Int(PD_CHUNK_WORDS)) {
            let part = words[start..<start + Int(PD_CHUNK_WORDS)]
            let summary = part.indices.reduce(UInt64(0)) { $0 | (part[$1] == 0 ? 0 : 1 << UInt64($1 - start)) }
            _ = append(chunk: part, summary: summary)
        }
        bases[sum] = first
        return first
    }

    var hasRoom: Bool {
        mutating get {
            let bytes = chunks.count * MemoryLayout<UInt64>.size + classes.count * MemoryLayout<pd_class>.stride
            if count >= limits.classes {
                excess = .classes(count: count + 1, limit: limits.classes)
            } else if bytes > limits.tableBytes {
                excess = .bytes(count: bytes, limit: limits.tableBytes)
            }
            return excess == nil
        }
    }
}
