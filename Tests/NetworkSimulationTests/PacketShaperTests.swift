import NetworkSimulation
import SansIO
import Testing

@Suite("Packet shaper")
struct PacketShaperTests {
    /// Fates of datagrams sent every 10 ms.
    private func fates(
        _ profile: LinkProfile,
        count: Int = 20_000,
        size: Int = 200,
        interval: Duration = .milliseconds(10),
        seed: UInt64 = 7
    ) -> [PacketFate] {
        var shaper = PacketShaper(profile: profile, random: RandomSource(seed: seed))
        return (0..<count).map { shaper.shape(size: size, at: .zero + interval * $0) }
    }

    private func drops(_ fates: [PacketFate], _ cause: DropCause) -> Int {
        fates.count { $0 == .dropped(cause) }
    }

    @Test("a perfect link delivers everything at once")
    func perfect() {
        let fates = fates(.perfect, count: 100)

        #expect(fates.enumerated().allSatisfy { $1.deliveries == [.zero + .milliseconds(10) * $0] })
    }

    @Test("the same seed gives the same fates, another seed others")
    func reproducible() {
        let profile = LinkProfile(loss: 0.1, jitter: .uniform(maximum: .milliseconds(30)), duplication: 0.1)

        #expect(fates(profile) == fates(profile))
        #expect(fates(profile) != fates(profile, seed: 8))
    }

    @Test("loss comes out as set", arguments: [0.01, 0.05, 0.1, 0.5])
    func loss(probability: Double) {
        let share = Double(drops(fates(LinkProfile(loss: probability)), .loss)) / 20_000

        #expect(abs(share - probability) < 0.15 * probability)
    }

    @Test("loss of 1 loses everything, loss of 0 nothing")
    func extremes() {
        #expect(drops(fates(LinkProfile(loss: 1)), .loss) == 20_000)
        #expect(drops(fates(LinkProfile(loss: 0)), .loss) == 0)
    }

    @Test("a burst model has the average loss and the burst length it was made from")
    func bursts() {
        let burst = BurstLoss(averageLoss: 0.1, meanBurstLength: 5)
        let fates = fates(LinkProfile(burstLoss: burst), count: 100_000)

        let lost = fates.map { $0 == .dropped(.burst) }
        let total = lost.count { $0 }
        let bursts = zip([false] + lost, lost).count { !$0 && $1 }
        #expect(abs(Double(total) / 100_000 - 0.1) < 0.01)
        #expect(abs(Double(total) / Double(bursts) - 5) < 0.5)
    }

    @Test("turning up duplication leaves the losses where they were")
    func independentKnobs() {
        let without = fates(LinkProfile(loss: 0.2))
        let with = fates(LinkProfile(loss: 0.2, jitter: .uniform(maximum: .milliseconds(5)), duplication: 0.5))

        #expect(zip(without, with).allSatisfy { ($0 == .dropped(.loss)) == ($1 == .dropped(.loss)) })
    }

    @Test("uniform jitter stays within its bounds and keeps the order")
    func uniformJitter() {
        let profile = LinkProfile(delay: .milliseconds(50), jitter: .uniform(maximum: .milliseconds(40)))
        let arrivals = fates(profile).flatMap(\.deliveries)

        let travel = arrivals.enumerated().map { ($1 - (.zero + .milliseconds(10) * $0)).inMilliseconds }
        #expect(travel.allSatisfy { $0 >= 50 && $0 <= 90 })
        #expect(zip(arrivals, arrivals.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test("normal jitter has the deviation that was set")
    func normalJitter() {
        let profile = LinkProfile(
            delay: .milliseconds(100),
            jitter: .normal(standardDeviation: .milliseconds(5))
        )
        // Far enough apart that keeping the order changes nothing.
        let fates = fates(profile, interval: .seconds(1))

        let travel = fates.enumerated().compactMap { index, fate in
            fate.deliveries.first.map { ($0 - (.zero + .seconds(index))).inMilliseconds }
        }
        let mean = travel.reduce(0, +) / Double(travel.count)
        let variance = travel.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(travel.count)
        #expect(abs(mean - 100) < 0.2)
        #expect(abs(variance.squareRoot() - 5) < 0.2)
    }

    @Test("datagrams picked for reordering are overtaken")
    func reordering() {
        let fates = fates(LinkProfile(delay: .milliseconds(5), reordering: 0.05))

        let arrivals = fates.flatMap(\.deliveries)
        let inversions = zip(arrivals, arrivals.dropFirst()).count { $0 > $1 }
        #expect((800...1_200).contains(inversions))
    }

    @Test("duplication makes second copies, none of them early")
    func duplication() {
        let profile = LinkProfile(
            delay: .milliseconds(10),
            jitter: .uniform(maximum: .milliseconds(10)),
            duplication: 0.1
        )
        let pairs = fates(profile).map(\.deliveries).filter { $0.count == 2 }

        #expect((1_800...2_200).contains(pairs.count))
        #expect(pairs.allSatisfy { $0[0] <= $0[1] })
    }

    @Test("a bottleneck passes its rate, delays by its queue and drops what the queue cannot hold")
    func rateLimit() {
        // 1000 octets every 5 ms are 1.6 Mbit/s into 800 kbit/s, so half must go.
        let limit = RateLimit(bitsPerSecond: 800_000, queueInBytes: 10_000)
        let fates = fates(LinkProfile(rateLimit: limit), count: 2_000, size: 1_000, interval: .milliseconds(5))

        let delivered = fates.count { !$0.deliveries.isEmpty }
        #expect((995...1_015).contains(delivered))
        #expect(drops(fates, .queueFull) == 2_000 - delivered)
        let delays = fates.enumerated().flatMap { index, fate in
            fate.deliveries.map { ($0 - (.zero + .milliseconds(5) * index)).inMilliseconds }
        }
        // A full queue of 10,000 octets takes 100 ms.
        #expect(delays.allSatisfy { $0 >= 10 && $0 <= 100.001 })
        #expect((delays.max() ?? 0) > 90)
    }

    @Test("a blackout loses what is sent in it and nothing else")
    func blackout() {
        let interval = MonotonicTime(nanoseconds: 1_000_000_000)..<MonotonicTime(nanoseconds: 2_000_000_000)
        let fates = fates(LinkProfile(blackouts: [interval]), count: 300)

        #expect(drops(fates, .blackout) == 100)
        #expect(fates[99] != .dropped(.blackout))
        #expect(fates[100] == .dropped(.blackout))
        #expect(fates[200] != .dropped(.blackout))
    }
}
