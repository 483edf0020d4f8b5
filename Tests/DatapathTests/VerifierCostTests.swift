import BPF
import BPFObjects
import BPFTesting
@testable import Datapath
import Glibc
import Testing

/// What the kernel's verifier has to do for each program, against what was recorded for this kernel's series.
///
/// The count of instructions it walks is the same on every machine with the same kernel, so growth shows before a kernel's limit of a
/// million refuses a program. Prints a line for each, with the time the object takes to load; `scripts/verifier --record` writes the file.
@Suite struct VerifierCostTests {
    static let objects: [EmbeddedObject] = [.entry, .policy, .xdp, .xdpEntry]

    /// What one program cost.
    struct Cost {
        var program: String
        var instructions: Int
        /// Of the object with all of its programs and maps.
        var loadTime: Duration
    }

    @Test func countsDoNotGrowByAQuarter() throws {
        let kernel = Self.kernelSeries
        let recorded = Self.recorded[kernel]
        var costs: [Cost] = []
        for object in Self.objects { costs += try Self.costs(of: object) }
        for cost in costs {
            let before = recorded?[cost.program]
            let milliseconds = (cost.loadTime / .milliseconds(0.1)).rounded() / 10
            // Read by scripts/verifier.
            print("verifier \(kernel) \(cost.program) \(cost.instructions) instructions, \(milliseconds) ms, recorded \(before ?? 0)")
            #expect(cost.instructions > 0 && cost.instructions < 1_000_000)
            // Kernels that nobody recorded are only told of.
            guard recorded != nil else { continue }
            guard let limit = before else {
                Issue.record("\(cost.program) is not recorded for \(kernel): run scripts/verifier --record")
                continue
            }
            #expect(
                cost.instructions * 4 < max(limit, 64) * 5,
                "\(cost.program): the verifier walks \(cost.instructions) instructions on \(kernel), and \(limit) were recorded")
        }
        #expect(costs.count > 4)
    }

    /// Loads an object with the loop helper and, where it has another way, without.
    private static func costs(of embedded: EmbeddedObject) throws -> [Cost] {
        var costs: [Cost] = []
        for hasLoop in [true, false] {
            var times: [Duration] = []
            var found: [Cost] = []
            for _ in 0..<3 {
                var object = try OpenObject(embedded)
                // Not what is asked here, and most of the time: large maps.
                for map in object.maps where !map.isInternal && map.maxEntries > 64 {
                    try object.setMaxEntries(map.type == .ringBuffer ? systemPageSize : 64, ofMap: map.name)
                }
                let names = object.programs.map(\.name)
                if !hasLoop {
                    do { try object.setGlobal("has_loop", to: UInt8(0)) } catch { return costs }
                }
                let start = ContinuousClock.now
                let loaded = try object.load()
                times.append(ContinuousClock.now - start)
                found = try names.map { name in
                    Cost(
                        program: "\(embedded.name)/\(name)\(hasLoop ? "" : "/unrolled")",
                        instructions: try loaded.program(name).info.verifiedInstructions, loadTime: .zero)
                }
            }
            costs += found.map { cost in
                var cost = cost
                cost.loadTime = times.sorted()[1]
                return cost
            }
        }
        return costs
    }

    /// "6.18" of a kernel of that series.
    private static let kernelSeries: String = {
        var name = utsname()
        uname(&name)
        let release = withUnsafeBytes(of: name.release) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return release.split { !$0.isNumber }.prefix(2).joined(separator: ".")
    }()

    /// By series and program: the file beside this one, a line for each.
    private static let recorded: [String: [String: Int]] = {
        var found: [String: [String: Int]] = [:]
        let path = #filePath.split(separator: "/").dropLast().reduce(into: "") { $0 += "/\($1)" } + "/VerifierCosts.txt"
        guard let file = fopen(path, "r") else { return found }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, CInt(line.count), file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
                .split { $0 == " " || $0 == "\n" }.map(String.init)
            if words.count == 3, let count = Int(words[2]) { found[words[0], default: [:]][words[1]] = count }
        }
        return found
    }()
}
