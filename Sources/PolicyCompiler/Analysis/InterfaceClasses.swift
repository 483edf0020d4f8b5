internal import PolicyModel

/// Names of interfaces, put into classes by the selectors that choose them.
///
/// Which sets of globs one name can match is found by following all globs at once, letter by letter: so it is known of every name an
/// interface can have.
struct InterfaceClasses {
    /// For each class a name.
    private(set) var names: [String] = []
    /// For each class, which selectors choose it.
    private var chosen: [[Bool]] = []
    private var known: Set<[Bool]> = []
    /// Whether every class there can be is here; where globs are many and tangled the search for them is given up.
    private(set) var isComplete = true

    var count: Int { names.count }

    /// How many places in the globs are looked at before the search is given up.
    static let limit = 20_000

    init(_ selectors: [InterfaceSelector]) {
        let globs = Array(Set(selectors.flatMap { $0.positives + $0.negatives })).sorted()
        let guesses = globs.flatMap(Self.guesses)
        // Names that people know come first.
        for name in ["eth0"] + guesses + ["lo", "wg0", "eth1"] where Self.isName(Array(name.utf8)) { add(name, selectors) }
        guard !globs.isEmpty else { return }
        explore(globs.map { Array($0.utf8) }, selectors)
    }

    /// The classes that all of some selectors choose.
    func runs(_ selectors: [Int]) -> Runs {
        var runs = Runs()
        for (number, chosen) in chosen.enumerated() where selectors.allSatisfy({ chosen[$0] }) { runs.append(Int32(number)) }
        return runs
    }

    private mutating func add(_ name: String, _ selectors: [InterfaceSelector]) {
        let vector = selectors.map { $0.matches(name) }
        guard known.insert(vector).inserted else { return }
        chosen.append(vector)
        names.append(name)
    }

    private static func guesses(_ glob: String) -> [String] {
        ["0", "", "1", "x"].map { filling in
            glob.map { $0 == "*" ? filling : $0 == "?" ? "0" : String($0) }.joined()
        }
    }

    /// What the kernel takes for a name: 1 to 15 bytes, and neither of the two folder names.
    private static func isName(_ bytes: [UInt8]) -> Bool {
        (1...15).contains(bytes.count) && bytes != [UInt8(ascii: ".")] && bytes != [UInt8(ascii: "."), UInt8(ascii: ".")]
    }

    private mutating func explore(_ globs: [[UInt8]], _ selectors: [InterfaceSelector]) {
        // Letters that no glob has are alike: one stands for all.
        let special: Set<UInt8> = [UInt8(ascii: "*"), UInt8(ascii: "?")]
        var letters = Set(globs.joined()).subtracting(special)
        let others = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-.+@=~^%".utf8)
        if let other = others.first(where: { !letters.contains($0) }) { letters.insert(other) }
        let alphabet = letters.sorted()

        /// For each glob, the places in it that a name so far can lead to, as bits: globs have few letters.
        typealias Places = [UInt64]
        func closed(_ places: Places) -> Places {
            zip(places, globs).map { bits, glob in
                var bits = bits
                for (place, letter) in glob.enumerated() where bits >> UInt64(place) & 1 == 1 && letter == UInt8(ascii: "*") {
                    bits |= 1 << UInt64(place + 1)
                }
                return bits
            }
        }
        func step(_ places: Places, _ letter: UInt8) -> Places {
            closed(
                zip(places, globs).map { bits, glob in
                    var next: UInt64 = 0
                    for (place, own) in glob.enumerated() where bits >> UInt64(place) & 1 == 1 {
                        if own == UInt8(ascii: "*") {
                            next |= 1 << UInt64(place)
                        } else if own == UInt8(ascii: "?") || own == letter {
                            next |= 1 << UInt64(place + 1)
                        }
                    }
                    return next
                })
        }
        guard globs.allSatisfy({ $0.count < 63 }) else {
            isComplete = false
            return
        }
        let start = closed(globs.map { _ in 1 })
        var seen: Set<Places> = [start]
        var front: [(places: Places, name: [UInt8])] = [(start, [])]
        // By length: the first way to a place is a shortest one, and nothing is missed by names of 15 letters being the longest.
        for _ in 1...15 {
            var next: [(places: Places, name: [UInt8])] = []
            for (places, name) in front {
                for letter in alphabet {
                    let after = step(places, letter)
                    let text = name + [letter]
                    guard seen.count < Self.limit else {
                        isComplete = false
                        return
                    }
                    // A folder's name is no interface's, but longer ones may begin with it.
                    guard !Self.isName(text) || seen.insert(after).inserted else { continue }
                    next.append((after, text))
                    if Self.isName(text) { add(String(decoding: text, as: UTF8.self), selectors) }
                }
            }
            if next.isEmpty { return }
            front = next
        }
    }
}
