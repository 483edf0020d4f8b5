import ArgumentParser
import PolicyAPI
import PolicyModel

/// `policyctl set`
struct SetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Adds, removes and lists entries of an address set.",
        subcommands: [Add.self, Remove.self, List.self])

    /// `policyctl set add`
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Adds entries to a set, beside those of its document.",
            discussion: "Entries stay over restarts and applies, until they are removed or their time has come.")

        @Argument(help: "The set's name.") var name: String
        @Argument(help: ArgumentHelp("Addresses and prefixes of either family.", valueName: "address")) var addresses: [String]
        @Option(
            name: .long, help: ArgumentHelp("How long the entries stay: 30s, 10m, 12h, 7d.", valueName: "TIME"),
            transform: TimeToLive.read)
        var ttl: TimeToLive?
        @OptionGroup var format: FormatOptions
        @OptionGroup var daemon: DaemonOptions

        func validate() throws { try SetCommand.check(addresses) }

        func run() async throws {
            let request = SetChangeRequest(addresses: addresses, ttl: ttl?.seconds)
            let change: ChangeMessage = try await daemon.client.post("\(API.sets)/\(name)/add", request)
            try format.output.print(change) { ChangeText(change).text }
        }
    }

    /// `policyctl set remove`
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Takes out entries that were added at run time.")

        @Argument(help: "The set's name.") var name: String
        @Argument(help: ArgumentHelp("Addresses and prefixes, as they were added.", valueName: "address")) var addresses: [String]
        @OptionGroup var format: FormatOptions
        @OptionGroup var daemon: DaemonOptions

        func validate() throws { try SetCommand.check(addresses) }

        func run() async throws {
            let change: ChangeMessage = try await daemon.client.post(
                "\(API.sets)/\(name)/remove", SetChangeRequest(addresses: addresses))
            try format.output.print(change) { ChangeText(change).text }
        }
    }

    /// `policyctl set list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the entries of a set.")

        @Argument(help: "The set's name.") var name: String
        @Argument(help: ArgumentHelp("Only the entries that hold one of these addresses.", valueName: "address"))
        var addresses: [String] = []
        @OptionGroup var format: FormatOptions
        @OptionGroup var daemon: DaemonOptions

        func validate() throws {
            for address in addresses where IPAddress(address) == nil { throw ValidationError("'\(address)' is not an address") }
        }

        func run() async throws {
            let entries: SetEntriesMessage = try await daemon.client.get(
                "\(API.sets)/\(name)", query: addresses.map { (name: "address", value: $0) })
            try format.output.print(entries) {
                var table = Table("ADDRESS", "FROM", "EXPIRES")
                table.rows = entries.entries.map { [$0.address, $0.source, $0.expires?.description ?? "-"] }
                return table.text
            }
        }
    }

    private static func check(_ addresses: [String]) throws {
        for address in addresses {
            do throws(CIDR.ParseError) {
                _ = try CIDR.parse(address)
            } catch {
                switch error {
                case .hostBitsSet(let meant):
                    throw ValidationError("\(address): bits of the host are set; did you mean \(meant)?")
                default: throw ValidationError("'\(address)' is neither an address nor a prefix")
                }
            }
        }
    }
}

/// A time as one writes it for `--ttl` and `--confirm-within`.
struct TimeToLive: Equatable {
    var seconds: Double

    /// Reads `30s`, `10m`, `1h30m`, `7d`; digits alone are seconds.
    static func read(_ text: String) throws -> TimeToLive {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        var total = 0.0
        var digits = ""
        var any = false
        for character in text {
            if character.isASCII, character.isNumber {
                digits.append(character)
            } else {
                guard let unit = units[character], let number = Double(digits) else { throw malformed(text) }
                total += number * unit
                digits = ""
                any = true
            }
        }
        if !digits.isEmpty {
            guard !any, let number = Double(digits) else { throw malformed(text) }
            total = number
        }
        guard total > 0, total <= 10 * 365 * 86_400 else { throw malformed(text) }
        return TimeToLive(seconds: total)
    }

    private static func malformed(_ text: String) -> ValidationError {
        ValidationError("'\(text)' is not a length of time; write 30s, 10m, 12h or 7d, at most ten years")
    }
}
