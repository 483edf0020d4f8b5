import Foundation

/// A plot of costs against sizes, both axes logarithmic, as SVG.
struct Figure {
    /// The plots there are, by the name of their file.
    enum Kind: String, CaseIterable {
        case rules
        case set
        case apply

        var title: String {
            switch self {
            case .rules: "What a packet costs against the number of rules"
            case .set: "What a packet costs against the size of an address set"
            case .apply: "How long an address set takes until it is in force"
            }
        }

        var subtitle: String {
            switch self {
            case .rules, .set: "nanoseconds a packet above no filter, through a veth pair; (test-run): in the program alone"
            case .apply: "milliseconds from the command's start to its end"
            }
        }

        var x: String { self == .rules ? "rules" : "entries" }
    }

    let kind: Kind
    /// What stands below: when, where, by which build.
    let caption: String
    let points: [Point]

    private static let colours = ["#1b6ac9", "#0a9396", "#d1495b", "#e09f3e", "#7b2d8b", "#5f6b6d", "#2a9d3f", "#9c6644"]
    private static let width = 860.0, height = 520.0
    private static let left = 76.0, right = 270.0, top = 64.0, bottom = 84.0

    private var series: [String] {
        var names: [String] = []
        for point in points where !names.contains(point.series) { names.append(point.series) }
        // Ours first, in colours of their own.
        return names.filter { $0.hasPrefix("policyd") } + names.filter { !$0.hasPrefix("policyd") }
    }

    /// The whole drawing; nil without points.
    var svg: String? {
        let drawn = points.filter { $0.x > 0 && $0.y > 0 }
        guard let xs = Axis(drawn.map(\.x)), let ys = Axis(drawn.map(\.y)) else { return nil }
        func px(_ x: Double) -> Double { Self.left + xs.place(x) * (Self.width - Self.left - Self.right) }
        func py(_ y: Double) -> Double { Self.height - Self.bottom - ys.place(y) * (Self.height - Self.top - Self.bottom) }
        var out = """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.width)) \(Int(Self.height))" \
            font-family="system-ui, sans-serif" font-size="12">
            <rect width="100%" height="100%" fill="#ffffff"/>
            \(text(Self.left, 26, kind.title, size: 17, weight: "600"))
            \(text(Self.left, 46, kind.subtitle, colour: "#555555"))

            """
        for tick in xs.ticks {
            out += line(px(tick), Self.top, px(tick), Self.height - Self.bottom)
            out += text(px(tick), Self.height - Self.bottom + 18, Format.tick(tick), anchor: "middle") + "\n"
        }
        for tick in ys.ticks {
            out += line(Self.left, py(tick), Self.width - Self.right, py(tick))
            out += text(Self.left - 8, py(tick) + 4, Format.tick(tick), anchor: "end") + "\n"
        }
        out += text((Self.left + Self.width - Self.right) / 2, Self.height - Self.bottom + 38, kind.x, anchor: "middle") + "\n"
        for (index, name) in series.enumerated() {
            let colour = Self.colours[index % Self.colours.count]
            let own = drawn.filter { $0.series == name }.sorted { $0.x < $1.x }
            guard !own.isEmpty else { continue }
            let path = own.map { String(format: "%.1f,%.1f", px($0.x), py($0.y)) }.joined(separator: " ")
            let thick = name.hasPrefix("policyd") ? 3 : 1.6
            out += "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"\(thick)\"/>\n"
            for point in own {
                out += String(format: "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"\(colour)\"/>\n", px(point.x), py(point.y))
            }
            let y = Self.top + 8 + Double(index) * 22
            let x = Self.width - Self.right + 18
            out += "<rect x=\"\(x)\" y=\"\(y - 5)\" width=\"16\" height=\"4\" fill=\"\(colour)\"/>\n"
            out += text(x + 22, y, name) + "\n"
        }
        return out + text(Self.left, Self.height - 14, caption, size: 10, colour: "#777777") + "\n</svg>\n"
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        String(format: "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#e3e3e3\"/>\n", x1, y1, x2, y2)
    }

    private func text(
        _ x: Double, _ y: Double, _ text: String, size: Int = 12, anchor: String = "start", weight: String = "400",
        colour: String = "#222222"
    ) -> String {
        let escaped = text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        let place = String(format: "x=\"%.1f\" y=\"%.1f\"", x, y)
        return
            "<text \(place) font-size=\"\(size)\" font-weight=\"\(weight)\" text-anchor=\"\(anchor)\" fill=\"\(colour)\">\(escaped)</text>"
    }

    /// From one power of ten to another.
    private struct Axis {
        let low: Double
        let high: Double

        init?(_ values: [Double]) {
            guard let least = values.min(), let most = values.max() else { return nil }
            low = log10(least).rounded(.down)
            high = max(log10(most).rounded(.up), low + 1)
        }

        var ticks: [Double] { (Int(low)...Int(high)).map { pow(10, Double($0)) } }
        /// From 0 to 1.
        func place(_ value: Double) -> Double { (log10(value) - low) / (high - low) }
    }
}
