import PolicyAPI
import PolicyModel
import Testing

@testable import policyd

@Suite struct EventHubTests {
    static func event(_ number: Int, port: UInt16 = 80) -> EventRecord {
        EventRecord(
            time: Timestamp(nanoseconds: Int64(number)), verdict: .deny, direction: .ingress, interface: "eth0", protocol: 6,
            source: IPAddress(v4: 1), destination: IPAddress(v4: 2), destinationPort: port, reason: "rule", revision: 1)
    }

    static func events(_ numbers: Range<Int>) -> [EventRecord] { numbers.map { event($0) } }

    /// Reads until the stream ends; events by their number, losses added up.
    static func drain(_ follower: Follower<EventRecord>) async -> (numbers: [Int], lost: Int) {
        var numbers: [Int] = []
        var lost = 0
        while let items = await follower.next() {
            for item in items {
                switch item {
                case .events(let events): numbers += events.map { Int($0.time.nanoseconds) }
                case .lost(let loss): lost += loss.count
                }
            }
        }
        return (numbers, lost)
    }

    @Test func theLastEventsAreKeptInOrder() async {
        let hub = EventHub(keep: 10, queueLimit: 100)
        for begin in stride(from: 0, to: 25, by: 5) { hub.publish(Self.events(begin..<begin + 5)) }
        #expect(await Self.drain(hub.follow(EventFilter(), last: 4, live: false)).numbers == [21, 22, 23, 24])
        #expect(await Self.drain(hub.follow(EventFilter(), last: 1_000, live: false)).numbers == Array(15..<25))
        #expect(hub.totals.kept == 10)
        #expect(hub.totals.received == 25)
    }

    @Test func moreAtOnceThanAreKeptKeepsTheLast() async {
        let hub = EventHub(keep: 3, queueLimit: 100)
        hub.publish(Self.events(0..<10))
        #expect(await Self.drain(hub.follow(EventFilter(), last: 9, live: false)).numbers == [7, 8, 9])
    }

    @Test func keepingNothingIsPossible() async {
        let hub = EventHub(keep: 0, queueLimit: 100)
        hub.publish(Self.events(0..<10))
        #expect(await Self.drain(hub.follow(EventFilter(), last: 9, live: false)).numbers.isEmpty)
    }

    @Test func lastCountsWhatTheFilterLets() async {
        let hub = EventHub(keep: 100, queueLimit: 100)
        for number in 0..<20 { hub.publish([Self.event(number, port: number % 2 == 0 ? 80 : 443)]) }
        var filter = EventFilter()
        filter.port = 443
        #expect(await Self.drain(hub.follow(filter, last: 3, live: false)).numbers == [15, 17, 19])
    }

    @Test func aFollowerThatKeepsUpLosesNothing() async {
        let hub = EventHub(keep: 0, queueLimit: 1_000)
        let follower = hub.follow(EventFilter(), last: 0, live: true)
        async let result = Self.drain(follower)
        for begin in stride(from: 0, to: 5_000, by: 10) {
            hub.publish(Self.events(begin..<begin + 10))
            await Task.yield()
            if begin % 500 == 0 { try? await Task.sleep(for: .milliseconds(1)) }
        }
        hub.close()
        let (numbers, lost) = await result
        #expect(numbers.count + lost == 5_000)
        #expect(numbers == numbers.sorted())
    }

    /// Produced = delivered + lost, and the loss is told at its place.
    @Test func whatASlowFollowerLosesIsCountedAndToldInPlace() async throws {
        let hub = EventHub(keep: 0, queueLimit: 10)
        let follower = hub.follow(EventFilter(), last: 0, live: true)
        hub.publish(Self.events(0..<8))
        hub.publish(Self.events(8..<14))
        hub.publish(Self.events(14..<20))
        let items = try #require(await follower.next())
        #expect(items.count == 3)
        #expect(items[0] == .events(Self.events(0..<8)))
        #expect(items[1] == .events(Self.events(8..<10)))
        guard case .lost(let loss) = items[2] else { Issue.record("\(items[2])"); return }
        #expect(loss.count == 10)
        #expect(loss.place == .client)
        #expect(hub.totals.lostToFollowers == 10)

        hub.publish(Self.events(20..<25))
        #expect(await follower.next() == [.events(Self.events(20..<25))])
    }

    @Test func onlyMatchingEventsAreLostToAFilter() {
        let hub = EventHub(keep: 0, queueLimit: 1)
        var filter = EventFilter()
        filter.port = 443
        let follower = hub.follow(filter, last: 0, live: true)
        hub.publish(Self.events(0..<100))
        #expect(hub.totals.lostToFollowers == 0)
        hub.publish([Self.event(1, port: 443), Self.event(2, port: 443), Self.event(3, port: 80)])
        #expect(hub.totals.lostToFollowers == 1)
        follower.close()
    }

    @Test func aSlowFollowerDoesNotHoldUpAnother() async {
        let hub = EventHub(keep: 0, queueLimit: 10)
        let slow = hub.follow(EventFilter(), last: 0, live: true)
        let quick = hub.follow(EventFilter(), last: 0, live: true)
        for round in 0..<10 {
            hub.publish(Self.events(round * 10..<round * 10 + 10))
            #expect(await quick.next() == [.events(Self.events(round * 10..<round * 10 + 10))])
        }
        hub.close()
        let (numbers, lost) = await Self.drain(slow)
        #expect(numbers == Array(0..<10))
        #expect(lost == 90)
    }

    @Test func lossesOfTheKernelReachEveryFollowerAndCostNoMemory() async throws {
        let hub = EventHub(keep: 0, queueLimit: 10)
        let follower = hub.follow(EventFilter(), last: 0, live: true)
        for _ in 0..<100 { hub.publish(LossRecord(time: Timestamp(nanoseconds: 1), place: .kernel, count: 3)) }
        hub.publish(LossRecord(time: Timestamp(nanoseconds: 1), place: .kernel, count: 0))
        let items = try #require(await follower.next())
        #expect(items == [.lost(LossRecord(time: Timestamp(nanoseconds: 1), place: .kernel, count: 300))])
        #expect(hub.totals.lostInKernel == 300)
    }

    @Test func keptEventsComeBeforeLiveOnes() async {
        let hub = EventHub(keep: 10, queueLimit: 10)
        hub.publish(Self.events(0..<3))
        let follower = hub.follow(EventFilter(), last: 2, live: true)
        hub.publish(Self.events(3..<5))
        hub.close()
        #expect(await Self.drain(follower).numbers == [1, 2, 3, 4])
    }

    @Test func whoLeavesGetsNoMoreAndIsForgotten() async {
        let hub = EventHub(keep: 0, queueLimit: 10)
        let follower = hub.follow(EventFilter(), last: 0, live: true)
        #expect(hub.totals.followers == 1)
        hub.leave(follower)
        hub.publish(Self.events(0..<5))
        #expect(hub.totals.followers == 0)
        #expect(await follower.next() == nil)
    }

    @Test func aWaitingFollowerEndsWhenItsTaskIsCancelled() async {
        let hub = EventHub(keep: 0, queueLimit: 10)
        let follower = hub.follow(EventFilter(), last: 0, live: true)
        let task = Task { await follower.next() }
        try? await Task.sleep(for: .milliseconds(20))
        task.cancel()
        #expect(await task.value == nil)
    }

    @Test func afterTheEndOnlyKeptEventsCome() async {
        let hub = EventHub(keep: 10, queueLimit: 10)
        hub.publish(Self.events(0..<3))
        hub.close()
        #expect(await Self.drain(hub.follow(EventFilter(), last: 10, live: true)).numbers == [0, 1, 2])
    }
}
