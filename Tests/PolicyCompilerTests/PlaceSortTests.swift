@testable import PolicyCompiler
import PolicyTesting
import Testing

@Suite struct PlaceSortTests {
    @Test(arguments: [0, 1, 100, 4096, 4097, 20_000]) func numbersComeInOrder(_ count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        var small: [UInt32] = []
        var large: [UInt128] = []
        for _ in 0..<count {
            // Short and long ones.
            small.append(UInt32(truncatingIfNeeded: random.next()) >> UInt32(random.next() % 32))
            large.append((UInt128(random.next()) << 64) >> UInt128(random.next() % 128))
        }
        let sorted = (small.sorted(), large.sorted())
        PlaceSort.sort(&small) { $0 }
        PlaceSort.sort(&large) { $0 }
        #expect(small == sorted.0)
        #expect(large == sorted.1)
    }

    @Test func equalPlacesStayInTheirOrder() {
        var pairs = (0..<10_000).map { (place: UInt16($0 % 7), number: $0) }
        PlaceSort.sort(&pairs) { $0.place }
        #expect(zip(pairs, pairs.dropFirst()).allSatisfy { $0.place < $1.place || $0.place == $1.place && $0.number < $1.number })
    }
}
