/// How a field's value is written, beyond what its C type says: by its tag, its type's name, its own name.
enum Presentation: Hashable {
    /// As the type says.
    case plain
    /// An address of IPv4, in memory as in packets.
    case ipv4
    /// An address of IPv6, or one of IPv4 if it is mapped.
    case ipv6
    /// A hardware address.
    case mac
    /// Nanoseconds of a clock, written as the time of day.
    case time(Clock)
    /// Nanoseconds that something took.
    case duration
    /// A number in hexadecimal.
    case hexadecimal
    /// Characters.
    case text
    /// Bytes in hexadecimal, without anything between.
    case bytes
    /// A number whose bytes lie in the order of packets.
    case networkOrder

    /// A clock that programs read.
    enum Clock: Hashable {
        /// `bpf_ktime_get_boot_ns`.
        case boot
        /// `bpf_ktime_get_ns`, which stands still while the host sleeps.
        case monotonic
        /// Nanoseconds since 1970.
        case real
    }
}

/// What names of fields and types mean. `docs/events.md` says it to those who write programs.
struct RecordConventions {
    /// What a tag says: `__attribute__((btf_decl_tag("ipv4")))`.
    static func tagged(_ tags: [String], byteCount: Int) -> Presentation? {
        for tag in tags {
            switch (tag, byteCount) {
            case ("plain", _): return .plain
            case ("ipv4", 4): return .ipv4
            case ("ipv6", 16), ("address", 16): return .ipv6
            case ("address", 4): return .ipv4
            case ("mac", 6): return .mac
            case ("time", 8), ("time:boot", 8): return .time(.boot)
            case ("time:monotonic", 8): return .time(.monotonic)
            case ("time:real", 8): return .time(.real)
            case ("duration", 1...8): return .duration
            case ("hex", 1...8): return .hexadecimal
            case ("text", _): return .text
            case ("bytes", _): return .bytes
            case ("network", 1...8): return .networkOrder
            default: continue
            }
        }
        return nil
    }

    /// How a field of a name and type is written.
    static func presentation(of field: String, _ type: TypeDescription, tags: [String]) -> Presentation {
        if let tagged = tagged(tags, byteCount: type.byteCount ?? 0) { return tagged }
        let aliases = type.aliases
        let words = words(of: field)
        switch type.resolved {
        case .structure(let composite) where composite.name == "in_addr" && composite.byteCount == 4: return .ipv4
        case .structure(let composite) where composite.name == "in6_addr" && composite.byteCount == 16: return .ipv6
        case .integer(let integer) where !integer.isBoolean:
            let isBig = aliases.contains { ["__be16", "__be32", "__be64", "__sum16"].contains($0) }
            if integer.byteCount == 4, words.contains(where: addressWords.contains) || isBig && words.contains(where: sideWords.contains) {
                return .ipv4
            }
            if isBig, integer.byteCount <= 8 { return .networkOrder }
            if integer.byteCount == 8, field == "time" { return .time(.boot) }
            if integer.byteCount == 8, words.count > 1, words.last == "ns" { return .duration }
            return .plain
        case .array(let element, let count):
            guard case .integer(let integer) = element.resolved, !integer.isBoolean else { return .plain }
            if integer.isCharacter { return .text }
            // Arrays without a size have as many elements as the record has room for.
            let total = count == 0 ? 0 : type.byteCount ?? 0
            let isAddress = words.contains(where: addressWords.contains)
            if total == 16, isAddress || words.contains(where: sideWords.contains), [1, 2, 4].contains(integer.byteCount) { return .ipv6 }
            if integer.byteCount != 1 || integer.isSigned { return .plain }
            if total == 4, isAddress { return .ipv4 }
            if total == 6, isAddress || words.contains(where: hardwareWords.contains) { return .mac }
            return .bytes
        default: return .plain
        }
    }

    /// Bytes the compiler would have left between fields, named because keys and ring records want them named.
    static func isPadding(_ field: FieldDescription) -> Bool {
        if field.name.isEmpty { return field.type.composite == nil }
        let name = field.name.drop { $0 == "_" }
        let rest = name.hasPrefix("padding") ? name.dropFirst(7) : name.hasPrefix("pad") ? name.dropFirst(3) : nil
        return rest?.allSatisfy { $0.isNumber || $0 == "_" } ?? false
    }

    /// The field beside a 16-byte address that says which family it is of.
    static func isFamily(_ field: FieldDescription) -> Bool {
        guard field.bitWidth == nil, let byteCount = field.type.byteCount, [1, 2, 4].contains(byteCount) else { return false }
        switch field.type.resolved {
        case .integer, .enumeration: return ["family", "af", "sa_family", "address_family", "ip_version"].contains(field.name)
        default: return false
        }
    }

    private static let addressWords: Set<String> = [
        "addr", "address", "saddr", "daddr", "laddr", "raddr", "ip", "ip4", "ip6", "ipv4", "ipv6", "addr4", "addr6",
    ]
    private static let sideWords: Set<String> = [
        "src", "dst", "source", "destination", "remote", "local", "peer", "gateway", "server", "client", "from", "to",
    ]
    private static let hardwareWords: Set<String> = ["mac", "hwaddr", "lladdr", "source", "dest", "src", "dst", "smac", "dmac"]

    /// `remoteAddress` and `remote_address` are `remote` and `address`.
    static func words(of name: String) -> [String] {
        var words: [String] = []
        var word = ""
        for character in name.unicodeScalars {
            let isUpper = character.properties.isUppercase
            if character == "_" || isUpper {
                if !word.isEmpty { words.append(word) }
                word = ""
            }
            if character != "_" { word += character.properties.lowercaseMapping }
        }
        if !word.isEmpty { words.append(word) }
        return words
    }
}
