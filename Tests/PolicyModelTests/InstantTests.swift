import FoundationEssentials
import PolicyModel
import Testing

@Suite struct InstantTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01t00:00:00z", 0), ("2026-12-31T18:00:00Z", 1_798_740_000),
            ("2026-12-31T19:30:00+01:30", 1_798_740_000), ("2026-12-31T13:00:00-05:00", 1_798_740_000),
            ("2026-12-31T17:59:59.000000001Z", 1_798_740_000), ("2026-12-31T18:00:00.000Z", 1_798_740_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800),
            ("1969-12-31T23:59:59Z", -1), ("2105-12-31T23:59:59Z", 4_291_747_199), ("0000-01-01T00:00:00Z", -62_167_219_200),
        ] as [(String, Int64)])
    func `a time is read to the second, fractions upwards`(text: String, seconds: Int64) {
        #expect(Instant(text)?.seconds == seconds)
    }

    @Test(arguments: [
        "", "2026", "2026-12-31", "2026-12-31T18:00:00", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-01-00T00:00:00Z",
        "2026-12-31T24:00:00Z", "2026-12-31T18:60:00Z", "2026-12-31T18:00:60Z", "2026-12-31T18:00:00.Z", "2026-12-31T18:00:00.0000000001Z",
        "2026-12-31T18:00:00+0100", "2026-12-31T18:00:00+24:00", "2026-12-31T18:00:00+01:60", "2026-12-31T18:00:00ZZ", "26-12-31T18:00:00Z",
        "2026-12-31T18:00:00 Z", "+026-12-31T18:00:00Z",
    ])
    func `what is no time is refused`(text: String) {
        #expect(Instant(text) == nil)
    }

    @Test func `a time is written in UTC and comes back`() throws {
        for seconds: Int64 in [0, -1, 1, 1_798_740_000, 951_782_400, 4_291_747_199, -62_167_219_200] {
            let instant = Instant(seconds: seconds)
            #expect(Instant(instant.description) == instant)
            #expect(try JSONDecoder().decode(Instant.self, from: JSONEncoder().encode(instant)) == instant)
        }
        #expect(Instant(seconds: 1_798_740_000).description == "2026-12-31T18:00:00Z")
        #expect(Instant(seconds: -1).description == "1969-12-31T23:59:59Z")
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Instant.self, from: Data(#""2026""#.utf8)) }
        #expect(Instant.now > Instant(seconds: 1_767_225_600))
    }
}
