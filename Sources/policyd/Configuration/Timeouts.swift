extension Configuration {
    /// How long connections outlive their last packet, in seconds.
    struct Timeouts: Sendable, Equatable {
        enum Name: String, Sendable, CaseIterable {
            /// TCP until the answer to the first packet is acknowledged.
            case tcpOpening
            case tcpEstablished
            /// TCP that one side has closed.
            case tcpHalfClosed
            /// TCP that both sides have closed.
            case tcpClosing
            case tcpReset
            /// UDP until it goes on after an answer.
            case udp
            case udpStream
            /// Echo requests.
            case icmp
            /// Every other protocol.
            case other
            /// Fragments after their first.
            case fragment

            fileprivate var usual: Int {
                switch self {
                case .tcpOpening: 120
                case .tcpEstablished: 432_000
                case .tcpHalfClosed: 3_600
                case .tcpClosing: 60
                case .tcpReset: 10
                case .udp, .icmp, .fragment: 30
                case .udpStream: 180
                case .other: 600
                }
            }
        }

        private var seconds = Dictionary(uniqueKeysWithValues: Name.allCases.map { ($0, $0.usual) })

        subscript(name: Name) -> Int {
            get { seconds[name] ?? name.usual }
            set { seconds[name] = newValue }
        }
    }
}

extension Configuration.Timeouts {
    /// The shortest and the longest, in seconds.
    static let bounds = 1...31_536_000

    /// Reads `30s`, `10m`, `12h`, `5d`, or seconds without a unit; nil if it is none of them, or out of bounds.
    static func seconds(_ text: String) -> Int? {
        var digits = text[...]
        var unit = 1
        if let last = text.last, let known = ["s": 1, "m": 60, "h": 3_600, "d": 86_400][String(last)] {
            unit = known
            digits.removeLast()
        }
        guard let number = Int(digits), String(number) == digits else { return nil }
        let (seconds, overflow) = number.multipliedReportingOverflow(by: unit)
        return !overflow && bounds.contains(seconds) ? seconds : nil
    }

    static let expected = "a length of time such as 30s, 10m, 12h or 5d, up to a year"
}
