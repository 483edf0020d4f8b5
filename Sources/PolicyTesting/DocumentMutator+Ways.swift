/// The ways in which documents are broken.
extension DocumentMutator {
    /// What stands where it should not: bytes of YAML's own, edges of numbers, odd Unicode, constructs of the language.
    static let oddWords: [String] = [
        "\u{0}", "\u{1}", "\u{7F}", "\u{85}", "\u{A0}", "\u{FEFF}", "\u{2028}", "\u{2029}", "\u{202E}", "\u{200B}", "\u{FFFD}", "\u{FFFF}",
        "é", "e\u{301}", "🔥", "👩‍👩‍👧‍👦", "\t", "\r", "\r\n", "\n\n", "\n---\n", "\n...\n", "\n--- ", "%YAML 1.2\n---\n", "%TAG ! x\n",
        "&a ", "*a ", "&a *a", "&a [*a]", "!x ", "!!binary ", "!<tag:x> ", "<<: ", "<<: *a", "? ", ": ", "- ", ",", "[", "]", "{", "}",
        "[]",
        "{}", "\"", "'", "''", "\"\\uD800\"", "\"\\uDC00\\uD800\"", "\"\\x00\"", "\"\\0\"", "\"\\U0010FFFF\"", "\"\\U00110000\"",
        "\"\\u202E\"", "\"\\uFEFF\"", "\"\\e\\a\\b\"", "\"\\", "\"\\q\"", "|\n", "|+9\n", ">-\n", "|", "#", " #", "@", "`", "\\",
        "99999999999999999999999", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-0", "+1", "0x10", "0o17",
        "1_000",
        "1e400", ".nan", ".inf", "null", "~", "true", "no", "", " ", "    ", "2026-01-01", "2026-12-31T23:59:60Z", "9999-99-99T99:99:99Z",
        "::/0", "0.0.0.0/0", "::ffff:192.0.2.1", "fe80::1%eth0", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3", "01.2.3.4", "::1/129", ":::", "set:",
        "!set:", "!", "!!", "set:abusers", "set:set-0", "set:set:x", "!any", "any", "0", "65535", "65536", "-1", "1-", "-", "0-65535",
        "9-1",
        "1-2-3", "4294967296", "255", "256", "tcp", "icmp", "icmpv6", "gre", "echo-request", "8/0", "8/256", "128/0",
        "destination-unreachable",
        "allow", "deny", "pass", "reject", "audit", "keep", "HostPolicy", "AddressSet", "ingress:", "egress:", "from:", "to:", "local:",
        "icmp:",
        "ports:", "sourcePorts:", "interfaces:", "log:", "mode:", "expires:", "established:", "priority:", "tier:", "safety", "*", "eth*",
        "?",
    ]

    /// Bytes that are no text in UTF-8: overlong, surrogates, cut off, beyond Unicode, another encoding's mark.
    static let oddBytes: [[UInt8]] = [
        [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80],
        [0xF8, 0x88, 0x80, 0x80, 0x80], [0xE2, 0x82], [0xF0], [0x80], [0xFF], [0xFE, 0xFF], [0xFF, 0xFE], [0xEF, 0xBB, 0xBF], [0],
    ]

    func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        switch Int.random(in: 0..<20, using: &random) {
        case 0...7: changeToken(&bytes, &random)
        case 8, 9: changeLine(&bytes, &random)
        case 10: changeBytes(&bytes, &random)
        case 11: bytes.removeSubrange(place(bytes, &random)...)
        case 12, 13: splice(&bytes, &random)
        case 14: nest(&bytes, &random)
        case 15: swell(&bytes, &random)
        case 16, 17: alias(&bytes, &random)
        case 18: changeLineEnds(&bytes, &random)
        default: bytes.insert(contentsOf: random.pick(Self.oddBytes, otherwise: []), at: random.oneIn(3) ? 0 : place(bytes, &random))
        }
    }

    private func place(_ bytes: [UInt8], _ random: inout SplitMix64) -> Int {
        Int.random(in: 0...bytes.count, using: &random)
    }

    private func word(_ random: inout SplitMix64) -> [UInt8] {
        // A word of another place is the mistake that looks sound.
        if random.oneIn(3) { return Array(random.pick(random.pick(tokens, otherwise: []), otherwise: [])) }
        return Array(random.pick(Self.oddWords, otherwise: "").utf8)
    }

    private func changeToken(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let tokens = Self.tokens(bytes[...])
        guard !tokens.isEmpty else { return bytes += word(&random) }
        let index = Int.random(in: 0..<tokens.count, using: &random)
        let token = tokens[index]
        let range = token.startIndex..<token.endIndex
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes.removeSubrange(range)
        case 1: bytes.insert(contentsOf: Array(token), at: range.upperBound)
        case 2:
            var all = tokens
            all.swapAt(index, Int.random(in: 0..<tokens.count, using: &random))
            bytes = Array(all.joined())
        case 3: bytes.insert(contentsOf: word(&random), at: range.lowerBound)
        default: bytes.replaceSubrange(range, with: word(&random))
        }
    }

    private func changeLine(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let index = Int.random(in: 0..<lines.count, using: &random)
        let blanks = Array(
            repeating: random.oneIn(6) ? UInt8(ascii: "\t") : UInt8(ascii: " "), count: Int.random(in: 1...5, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: lines.remove(at: index)
        case 1: lines.insert(lines[index], at: index)
        case 2: lines.swapAt(index, Int.random(in: 0..<lines.count, using: &random))
        case 3: lines[index] = blanks + lines[index]
        case 4: lines[index] = lines[index].drop { $0 == UInt8(ascii: " ") }
        default: lines[index] = lines[index].dropFirst(blanks.count)
        }
        bytes = Array(lines.joined(separator: CollectionOfOne(UInt8(ascii: "\n"))))
    }

    private func changeBytes(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let start = place(bytes, &random)
        let end = min(bytes.count, start + Int.random(in: 0...12, using: &random))
        bytes.replaceSubrange(start..<end, with: (start..<end).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    /// The front of one file with the back of another.
    private func splice(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let other = random.pick(corpus, otherwise: corpus[0]).bytes
        bytes = Array(bytes[..<place(bytes, &random)]) + other[place(other, &random)...]
    }

    /// Lists and mappings in one another, a few or a great many.
    private func nest(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let depth = random.pick([3, 60, 63, 64, 65, 66, 1_000, 20_000], otherwise: 3)
        let (opening, closing) = random.pick(
            [("[", "]"), ("{a: ", "}"), ("- ", ""), ("? ", ""), ("a:\n ", ""), ("[[", ""), ("!x ", "")], otherwise: ("[", "]"))
        let start = place(bytes, &random)
        let end = min(bytes.count, start + Int.random(in: 0...8, using: &random))
        bytes.insert(contentsOf: Array(String(repeating: closing, count: depth).utf8), at: end)
        bytes.insert(contentsOf: Array(String(repeating: opening, count: depth).utf8), at: start)
    }

    /// A token or line many times over.
    private func swell(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let start = place(bytes, &random)
        let end = min(bytes.count, start + Int.random(in: 1...80, using: &random))
        let piece = random.oneIn(3) ? word(&random) : Array(bytes[start..<end])
        let count = min(random.pick([10, 100, 10_000, 100_000], otherwise: 10), Self.sizeLimit / max(piece.count, 1))
        bytes.insert(contentsOf: (0..<count).flatMap { _ in piece }, at: start)
    }

    /// Anchors and aliases: one of a token, a circle, or a few lines that stand for billions.
    private func alias(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let tokens = Self.tokens(bytes[...])
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            let levels = Int.random(in: 2...20, using: &random)
            let width = Int.random(in: 2...20, using: &random)
            var text = "bomb:\n  - &a0 [" + Array(repeating: "x", count: width).joined(separator: ", ") + "]\n"
            for level in 1...levels {
                text += "  - &a\(level) [" + Array(repeating: "*a\(level - 1)", count: width).joined(separator: ", ") + "]\n"
            }
            bytes.insert(contentsOf: Array(text.utf8), at: random.oneIn(2) ? 0 : place(bytes, &random))
        case 1:
            let text = random.pick(["&a [*a]", "&a {a: *a}", "&a {*a : *a}", "&a [&b [*a, *b]]", "*a"], otherwise: "*a")
            bytes.insert(contentsOf: Array(text.utf8), at: place(bytes, &random))
        default:
            // The alias first where it stands behind the anchor, so that the anchor's place stays.
            let places = (0..<2).compactMap { _ in tokens.randomElement(using: &random)?.startIndex }.sorted()
            guard places.count == 2 else { return }
            bytes.insert(contentsOf: Array("*a ".utf8), at: places[1])
            bytes.insert(contentsOf: Array("&a ".utf8), at: places[0])
        }
    }

    private func changeLineEnds(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        let end: [UInt8] = random.pick(
            [[13, 10], [13], [0xC2, 0x85], [0xE2, 0x80, 0xA8], [10, 10], [32, 10], [9, 10]], otherwise: [13, 10])
        let isEvery = random.oneIn(2)
        var changed: [UInt8] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n"), isEvery || random.oneIn(4) { changed += end } else { changed.append(byte) }
        }
        bytes = changed
    }

    static func mutate(list path: String, _ lists: inout [String: [UInt8]], _ random: inout SplitMix64) {
        guard var bytes = lists[path] else { return }
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            lists[path] = nil
            return
        case 1: bytes.removeSubrange(place...)
        case 2: bytes.insert(contentsOf: random.pick(oddBytes, otherwise: []), at: place)
        case 3: bytes.insert(contentsOf: Array(random.pick(oddWords, otherwise: "").utf8), at: place)
        case 4: bytes = Array(bytes[place...]) + bytes
        default:
            let line = Array(random.pick(["192.0.2.1\n", "junk\n", "\n", "x", "2001:db8::/32 # y\r\n"], otherwise: "\n").utf8)
            bytes.insert(contentsOf: (0..<random.pick([10, 1_000, 20_000], otherwise: 10)).flatMap { _ in line }, at: place)
        }
        lists[path] = bytes
    }
}
