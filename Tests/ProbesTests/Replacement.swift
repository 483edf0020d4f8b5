import BPF
import BPFTestObjects
import BPFTesting
import Glibc
import PolicyModel
import Probes
import Testing

/// Probes at one place, one after the other, while something happens there.
struct Replacement {
    /// A kind of place.
    struct Place: Sendable, Codable, CustomTestStringConvertible {
        var program: String
        var target: String
        /// Whether something that happens during a replacement may be told by both probes.
        var isToldTwice = false
        /// Whether what is told has a number; if not, only how much it was is known.
        var isNumbered = true

        var testDescription: String { target }
    }

    private let place: Place
    private let namespace: NetworkNamespace?

    init(_ place: Place, in namespace: NetworkNamespace? = nil) {
        self.place = place
        self.namespace = namespace
    }

    /// Replaces a probe three times, then tries what fails, and takes the last one out.
    func run(_ traffic: Traffic) throws {
        let before = KernelObjects(namePrefix: "pl_")
        if let namespace { try namespace.run { try replace(traffic) } } else { try replace(traffic) }
        #expect(KernelObjects.leftovers(since: before).isEmpty)
    }

    private func replace(_ traffic: Traffic) throws {
        let last: LoadedProbe
        do {
            var probes = [try ProbeLoader(at: [place.program: [place.target]]).load()]
            traffic.start()
            defer { traffic.stop() }
            for round in 1...3 {
                try #require(try eventually { try probes[round - 1].total > 0 }, "probe \(round - 1) sees nothing")
                probes.append(try ProbeLoader(at: [place.program: [place.target]]).load(replacing: probes[round - 1]))
                probes[round - 1].unload()
                #expect(probes[round].programs.flatMap(\.attached) == [place.target])
            }
            try #require(try eventually { try probes[3].total > 0 }, "the last probe sees nothing")
            traffic.stop()
            try expectNoneMissed(traffic.times, probes)
            last = probes[3]
        }
        try expectWhole(last, afterRefusalOf: ProbeLoader(at: [place.program: [place.target, "iter:task"]]), traffic)
        // Pins that cannot be made, when everything is attached.
        if last.record.attachments.allSatisfy({ $0.links != nil }) {
            let folder = "/tmp/bpftest-no-bpffs-\(getpid())"
            defer { rmdir(folder) }
            let pins = ProbePins(probes: folder, name: "places", generation: 1)
            try expectWhole(last, afterRefusalOf: ProbeLoader(at: [place.program: [place.target]], pins: pins), traffic)
        }
        last.unload()
    }

    private func expectNoneMissed(_ times: [Int], _ probes: [LoadedProbe]) throws {
        let count = times.reduce(0, +)
        // What has no number is told as number 0.
        let happened = place.isNumbered ? times : [count]
        var told: [Int] = []
        // What was done last may be told a moment later.
        _ = try eventually {
            let seen = try probes.map { try $0.seen }
            told = happened.indices.map { number in seen.reduce(0) { $0 + $1[number] } }
            return happened.indices.allSatisfy { told[$0] >= happened[$0] }
        }
        let sum = told.reduce(0, +)
        let missed = happened.indices.filter { told[$0] < happened[$0] }
        #expect(missed.isEmpty, "missed: \(missed.prefix(10)); \(sum) told of \(count)")
        let twice = happened.indices.filter { told[$0] > happened[$0] }
        if !place.isToldTwice { #expect(twice.isEmpty, "told twice: \(twice.prefix(10)); \(sum) told of \(count)") }
    }

    /// Tries to put a probe in the place of another, and looks whether that goes on as if nothing had been.
    private func expectWhole(_ probe: LoadedProbe, afterRefusalOf loader: ProbeLoader, _ traffic: Traffic) throws {
        let (seen, times, record) = (try probe.seen, traffic.times, probe.record)
        #expect(throws: ProbeError.self) { _ = try loader.load(replacing: probe) }
        #expect(probe.record == record)
        for _ in 0..<20 { traffic.once() }
        let expected = seen.reduce(20, +)
        _ = try eventually { try probe.total >= expected }
        let (seenNow, timesNow) = (try probe.seen, traffic.times)
        guard place.isNumbered else {
            #expect(seenNow[0] == seen[0] + 20)
            return
        }
        #expect(times.indices.allSatisfy { seenNow[$0] - seen[$0] == timesNow[$0] - times[$0] })
    }
}

extension ProbeLoader {
    /// Loads programs of `places`, each for its targets.
    ///
    /// - Parameter more: Lines of the document's `spec`.
    init(at targets: [String: [String]], more: String = "", options: String = "", pins: ProbePins? = nil) throws {
        let programs: [String] = targets.sorted { $0.key < $1.key }.map { program, targets in
            "    \(program): { attach: [\(targets.map { "\"\($0)\"" }.joined(separator: ", "))]\(options) }\n"
        }
        let loaded = DocumentLoader.load(
            text: """
                apiVersion: policyd/v1
                kind: Probe
                metadata: { name: places }
                spec:
                  object: places.o
                  globals: { watched: \(getpid()) }
                  programs:
                \(programs.joined())\(more)
                """, path: "places.yaml")
        let document = try #require(loaded.documents.first, "\(loaded.diagnostics)")
        try self.init(document, object: EmbeddedObject.places.bytes, pins: pins)
    }
}

extension LoadedProbe {
    /// How often the programs of `places` saw each number.
    var seen: [Int] {
        get throws {
            let reader = try #require(readers.first { $0.name == "pl_seen" })
            return try reader.entries(limit: Traffic.numbers).map { entry in try #require(entry.values.first.flatMap { Int($0) }) }
        }
    }

    /// How much they saw.
    var total: Int { get throws { try seen.reduce(0, +) } }
}
