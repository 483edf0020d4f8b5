import Foundation

/// One promise of the project and what came of it.
struct Measured: Codable {
    /// What was measured, in words.
    var name: String
    /// What is to be reached, in words; nil for a figure that stands beside the promises.
    var target: String?
    /// Nil where it could not be measured.
    var value: Double?
    var unit: String
    /// The value as a multiple of `ratioOf`.
    var ratio: Double?
    var ratioOf: String?
    /// What the ratio is to, in the unit; nil if that is the target.
    var yardstick: Double?
    /// Nil where there is no target, or nothing was measured.
    var met: Bool?
    /// Why there is no value, or what a reader has to know to judge it.
    var note: String?
    /// Further figures of the same measurement, by name.
    var details: [String: Double] = [:]
}

extension Measured {
    /// A figure without a target.
    static func figure(_ name: String, _ value: Double, _ unit: String, note: String? = nil, details: [String: Double] = [:]) -> Measured {
        Measured(name: name, value: value, unit: unit, note: note, details: details)
    }

    /// A figure beside another, without a target.
    static func figure(_ name: String, _ value: Double, _ unit: String, beside yardstick: Double, _ ratioOf: String) -> Measured {
        Measured(name: name, value: value, unit: unit, ratio: value / yardstick, ratioOf: ratioOf, yardstick: yardstick)
    }

    /// What may cost at most so many times a yardstick.
    static func multiple(
        _ name: String, _ value: Double, _ unit: String, of yardstick: Double, _ ratioOf: String, atMost limit: Double,
        details: [String: Double] = [:], note: String? = nil
    ) -> Measured {
        let ratio = value / yardstick
        return Measured(
            name: name, target: "≤ \(Format.short(limit)) × \(ratioOf)", value: value, unit: unit, ratio: ratio, ratioOf: ratioOf,
            yardstick: yardstick, met: ratio <= limit, note: note, details: details)
    }

    /// What may be so much at most.
    static func atMost(
        _ name: String, _ value: Double, _ unit: String, _ limit: Double, details: [String: Double] = [:], note: String? = nil
    ) -> Measured {
        Measured(
            name: name, target: "≤ \(Format.short(limit)) \(unit)", value: value, unit: unit, ratio: limit > 0 ? value / limit : nil,
            ratioOf: limit > 0 ? "the target" : nil, met: value <= limit, note: note, details: details)
    }

    /// What has to be so much at least.
    static func atLeast(
        _ name: String, _ value: Double, _ unit: String, _ limit: Double, details: [String: Double] = [:], note: String? = nil
    ) -> Measured {
        Measured(
            name: name, target: "≥ \(Format.short(limit)) \(unit)", value: value, unit: unit, ratio: value / limit, ratioOf: "the target",
            met: value >= limit, note: note, details: details)
    }

    /// A promise that could not be measured: not met if the project is at fault, open if the machine is.
    static func missing(_ name: String, target: String, because reason: String, isFault: Bool) -> Measured {
        Measured(name: name, target: target, unit: "", met: isFault ? false : nil, note: reason)
    }
}

/// A point of a figure.
struct Point: Codable {
    var figure: String
    var series: String
    var x: Double
    var y: Double
}

/// All that a row of the table leaves: what was measured, and points of figures.
struct Outcome: Codable {
    var row: String
    var isQuick = false
    /// What was measured: for people, and so that another build is told apart.
    var commit = ""
    var build = ""
    /// Seconds since 1970, and how long it took.
    var time = 0.0
    var seconds = 0.0
    var measured: [Measured] = []
    var points: [Point] = []

    init(row: String) { self.row = row }

    mutating func point(_ figure: Figure.Kind, _ series: String, _ x: Double, _ y: Double) {
        points.append(Point(figure: figure.rawValue, series: series, x: x, y: y))
    }
}

extension Outcome {
    /// What a row left in a file; nil if there is none that can be read.
    init?(path: String) {
        guard let data = FileManager.default.contents(atPath: path), let read = try? JSONDecoder().decode(Outcome.self, from: data) else {
            return nil
        }
        self = read
    }

    /// A row that came to nothing.
    static func failed(_ row: Row, because reason: String) -> Outcome {
        var outcome = Outcome(row: row.rawValue)
        outcome.measured = [.missing(row.promise, target: "see there", because: reason, isFault: false)]
        return outcome
    }

    /// What could not be told is left out: JSON has no word for it.
    mutating func dropWhatIsNoNumber() {
        for index in measured.indices {
            measured[index].details = measured[index].details.filter(\.value.isFinite)
            if measured[index].value?.isFinite == false { (measured[index].value, measured[index].met) = (nil, nil) }
            if measured[index].ratio?.isFinite == false { measured[index].ratio = nil }
            if measured[index].yardstick?.isFinite == false { measured[index].yardstick = nil }
        }
        points.removeAll { !$0.y.isFinite }
    }

    /// Whether something was to be measured and was not.
    var hasFailed: Bool { measured.contains { $0.target != nil && $0.value == nil } }
}
