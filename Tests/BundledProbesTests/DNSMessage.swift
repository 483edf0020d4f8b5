/// A DNS message for tests, as it goes over the wire.
struct DNSMessage {
    var id: UInt16
    var flags: UInt16 = 0x0100
    var name: [String]
    var type: UInt16
    var answers: [Answer] = []

    enum Answer {
        /// A record of a type whose name is the question's, by a pointer to it.
        case record(UInt16, [UInt8])
        /// A record with its name written out.
        case named([String], UInt16, [UInt8])
    }

    var bytes: [UInt8] {
        var bytes = big(id) + big(flags) + big(1) + big(UInt16(answers.count)) + [0, 0, 0, 0] + Self.labels(name) + big(type) + big(1)
        for answer in answers {
            switch answer {
            case .record(let type, let data): bytes += [0xc0, 12] + Self.rest(type, data)
            case .named(let name, let type, let data): bytes += Self.labels(name) + Self.rest(type, data)
            }
        }
        return bytes
    }

    static func labels(_ name: [String]) -> [UInt8] { name.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0] }

    private static func rest(_ type: UInt16, _ data: [UInt8]) -> [UInt8] {
        big(type) + big(1) + [0, 0, 0, 60] + big(UInt16(data.count)) + data
    }
}

func big(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xff)] }
