internal import BPF

/// How many of its losses each stream of a probe has told of.
///
/// It lies in a map that is pinned beside the probe's own: who reads next, also after this process was killed, begins where it ended, so that
/// what programs could not write while nobody read is told as well. A loss is noted once it has been handed on: a process that is killed in
/// between has it told twice rather than never.
final class ToldLosses: Sendable {
    private let counts: Map<UInt32, UInt64>

    /// - Parameter streams: How many there are.
    init(streams: Int) throws(BPFError) {
        counts = try Map.create(.array, name: "policyd_told", maxEntries: max(1, streams))
    }

    init(pinnedAt path: String) throws(BPFError) { counts = try Map(pinnedAt: path) }

    func pin(at path: String) throws(BPFError) { try counts.pin(at: path) }

    /// What a stream has told of, by its place among the probe's.
    func count(ofStream place: Int) throws(BPFError) -> UInt64 { try counts.value(forKey: UInt32(place)) ?? 0 }

    /// Notes what a stream has told of. Only one task may, for each stream.
    func add(_ lost: UInt64, ofStream place: Int) {
        // The keys of arrays are all there; should it fail all the same, the loss is told once more by the next process.
        guard let before = try? count(ofStream: place) else { return }
        try? counts.set(before &+ lost, forKey: UInt32(place))
    }
}
