import PolicyAPI
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (1, "1970-01-01T00:00:00.000000001Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"),
            (1_795_254_696_123_456_789, "2026-11-21T09:51:36.123456789Z"),
            (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999999999Z"),
        ] as [(Int64, String)])
    func writesAndReadsTheSameTime(_ nanoseconds: Int64, _ text: String) {
        #expect(Timestamp(nanoseconds: nanoseconds).description == text)
        #expect(Timestamp(text) == Timestamp(nanoseconds: nanoseconds))
    }

    @Test func everyDayOfFourCenturiesComesBack() {
        // 146,097 days are one cycle of the calendar.
        for day in stride(from: -20_000 as Int64, to: 76_000, by: 1) {
            let time = Timestamp(nanoseconds: day * 86_400_000_000_000 + 1)
            #expect(Timestamp(time.description) == time)
        }
    }

    @Test(arguments: [
        ("2026-11-21T10:51:36+01:00", "2026-11-21T09:51:36.000000000Z"),
        ("2026-11-21T00:21:36.5-05:30", "2026-11-21T05:51:36.500000000Z"),
        ("2026-11-21t09:51:36z", "2026-11-21T09:51:36.000000000Z"),
    ])
    func readsZonesAndShortFractions(_ text: String, _ utc: String) {
        #expect(Timestamp(text)?.description == utc)
    }

    @Test(arguments: [
        "", "2026-11-21", "2026-11-21T09:51:36", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-21T24:00:00Z",
        "2026-11-21T09:51:36.Z", "2026-11-21T09:51:36.1234567890Z", "2026-11-21T09:51:36Zx", "26-11-21T09:51:36Z",
    ])
    func refusesWhatIsNoTime(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func additionStaysWithinWhatCanBeTold() {
        #expect(Timestamp(nanoseconds: .max).advanced(byNanoseconds: 1).nanoseconds == .max)
        #expect(Timestamp(nanoseconds: 5).advanced(by: .milliseconds(2)).nanoseconds == 2_000_005)
    }

    @Test func aWriterThatSawAnotherSecondWritesTheRightOne() {
        var writer = TimestampWriter()
        var bytes: [UInt8] = []
        for nanoseconds in [1_000_000_000, 2_000_000_000, 1_000_000_000] as [Int64] {
            writer.append(Timestamp(nanoseconds: nanoseconds), to: &bytes)
        }
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == "1970-01-01T00:00:01.000000000Z1970-01-01T00:00:02.000000000Z1970-01-01T00:00:01.000000000Z")
    }
}
