internal import CDatapath

/// A set of rules that changes by a few from one class to the next, and what its classes share.
///
/// The classes of a field differ little: from the set of rules that leave the field open, and from the class made before. So a class
/// is written as a chunk that others look at too, and the few words in which it differs.
struct MovingVector {
    let rules: Int
    private let chunks: Int
    /// The set as it is now.
    private(set) var words: [UInt64]
    /// What the chunks hold that all classes may share, and the chunk of each place that was written last.
    private let base: [UInt64]
    private var last: [UInt64]
    private var firstOfBase: UInt32?
    private var lastChunk: [UInt32?]
    /// By chunk, the words that are not 0, and those that are not the base's or the last chunk's.
    private(set) var summary: [UInt64]
    private var overBase: [UInt64]
    private var overLast: [UInt64]
    /// By chunk, the line that was written for it, for as long as it has not changed.
    private var lines: [UInt32?]
    private var top: UInt64 = 0
    private(set) var population: Int
    /// Stands for the set.
    private(set) var sum: UInt128
    private let baseSum: UInt128

    private static let chunkWords = Int(PD_CHUNK_WORDS)
    private static let lineWords = Int(PD_CLASS_WORDS)

    /// A set that begins as `base`, which its classes may share.
    init(_ base: BitVector) {
        rules = base.count
        chunks = max(1, (rules + Int(PD_CHUNK_RULES) - 1) / Int(PD_CHUNK_RULES))
        words = base.words + Array(repeating: 0, count: chunks * Self.chunkWords - base.words.count)
        self.base = words
        last = []
        lastChunk = Array(repeating: nil, count: chunks)
        summary = Array(repeating: 0, count: chunks)
        overBase = summary
        overLast = summary
        lines = lastChunk
        population = 0
        // Classifiers of other sizes have classes of another form.
        sum = mark(-1 - rules)
        for (index, word) in base.words.enumerated() where word != 0 {
            summary[index >> 6] |= 1 << UInt64(index & 63)
            top |= 1 << UInt64(index >> 6)
            var rest = word
            while rest != 0 {
                sum ^= mark(index << 6 + rest.trailingZeroBitCount)
                population += 1
                rest &= rest - 1
            }
        }
        baseSum = sum
    }

    func contains(_ rule: Int) -> Bool { words[rule >> 6] >> UInt64(rule & 63) & 1 == 1 }

    /// Takes a rule in that is not there, or out that is.
    mutating func flip(_ rule: Int) {
        let index = rule >> 6
        let chunk = index >> 6
        let bit = UInt64(1) << UInt64(index & 63)
        let word = words[index] ^ 1 << UInt64(rule & 63)
        words[index] = word
        population += word >> UInt64(rule & 63) & 1 == 1 ? 1 : -1
        sum ^= mark(rule)
        if word == 0 { summary[chunk] &= ~bit } else { summary[chunk] |= bit }
        if summary[chunk] == 0 { top &= ~(1 << UInt64(chunk)) } else { top |= 1 << UInt64(chunk) }
        if word == base[index] { overBase[chunk] &= ~bit } else { overBase[chunk] |= bit }
        if !last.isEmpty {
            if word == last[index] { overLast[chunk] &= ~bit } else { overLast[chunk] |= bit }
        }
        lines[chunk] = nil
    }

    /// The number of the class with these rules.
    mutating func classNumber(_ table: inout ClassTable) -> UInt32 {
        if population == 0 { return UInt32(PD_CLASS_NONE) }
        if population == rules { return UInt32(PD_CLASS_ALL) }
        if let number = table.known(sum) { return number }
        guard table.hasRoom else { return UInt32(PD_CLASS_NONE) }
        let number = rules <= Int(PD_RULES_FEW) ? few(&table) : chunks == 1 ? line(0, &table) : run(&table)
        table.know(sum, as: number)
        return number
    }

    /// A class that holds all its words.
    private func few(_ table: inout ClassTable) -> UInt32 {
        let all = (UInt64(1) << UInt64(Self.lineWords)) - 1
        return table.append(pd_class(summary: summary[0], own: all, chunk: 0, words: words[..<Self.lineWords]))
    }

    /// What the class is in a chunk.
    private mutating func line(_ chunk: Int, _ table: inout ClassTable) -> UInt32 {
        if let line = lines[chunk] { return line }
        let part = words[chunk * Self.chunkWords..<(chunk + 1) * Self.chunkWords]
        var own = overBase[chunk]
        var shared = own.nonzeroBitCount <= Self.lineWords ? firstChunk(&table) + UInt32(chunk) : nil
        if shared == nil, let last = lastChunk[chunk], overLast[chunk].nonzeroBitCount <= Self.lineWords {
            own = overLast[chunk]
            shared = last
        }
        if shared == nil {
            if last.isEmpty { last = Array(repeating: 0, count: words.count) }
            last.replaceSubrange(part.indices, with: part)
            own = 0
            overLast[chunk] = 0
            shared = table.append(chunk: part, summary: summary[chunk])
            lastChunk[chunk] = shared
        }
        var words: [UInt64] = []
        words.reserveCapacity(Self.lineWords)
        var rest = own
        while rest != 0 {
            words.append(part[part.startIndex + rest.trailingZeroBitCount])
            rest &= rest - 1
        }
        let line = table.append(pd_class(summary: summary[chunk], own: own, chunk: shared ?? 0, words: words[...]))
        lines[chunk] = line
        return line
    }

    /// A class of several chunks: the words in which it differs from the base, or if they are too many, lines of its chunks.
    private mutating func run(_ table: inout ClassTable) -> UInt32 {
        guard overBase.reduce(0, { $0 + $1.nonzeroBitCount }) <= Self.lineWords else { return leading(&table) }
        var own = UInt64.max
        var here: [UInt64] = []
        for chunk in 0..<chunks {
            var rest = overBase[chunk]
            while rest != 0 {
                let place = chunk * Self.chunkWords + rest.trailingZeroBitCount
                let shift = UInt64(here.count * Int(PD_PLACE_BITS))
                own = own & ~(UInt64(PD_PLACE_MASK) << shift) | UInt64(place) << shift
                here.append(words[place])
                rest &= rest - 1
            }
        }
        return table.append(pd_class(summary: top, own: own, chunk: firstChunk(&table), words: here[...]))
    }

    /// A class that leads on to lines of its chunks.
    private mutating func leading(_ table: inout ClassTable) -> UInt32 {
        var own: UInt64 = 0
        var parts: [UInt32] = []
        for chunk in 0..<chunks where overBase[chunk] != 0 {
            own |= 1 << UInt64(chunk)
            parts.append(line(chunk, &table))
        }
        var entry = pd_class(summary: top, own: own, chunk: firstChunk(&table), words: [])
        entry.leads = 1
        return table.append(leading: entry, to: parts)
    }

    /// The first of the chunks that hold the base.
    private mutating func firstChunk(_ table: inout ClassTable) -> UInt32 {
        if let firstOfBase { return firstOfBase }
        let first = table.base(base, baseSum)
        firstOfBase = first
        return first
    }
}

extension pd_class {
    fileprivate init(summary: UInt64, own: UInt64, chunk: UInt32, words: ArraySlice<UInt64>) {
        self.init()
        self.summary = summary
        self.own = own
        self.chunk = chunk
        unsafe withUnsafeMutableBytes(of: &word) { bytes in
            for (place, word) in words.enumerated() { unsafe bytes.storeBytes(of: word, toByteOffset: 8 * place, as: UInt64.self) }
        }
    }
}
