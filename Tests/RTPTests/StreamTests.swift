import MediaTypes
import RTP
import SansIO
import Testing

@Suite("Reception statistics, RFC 3550 appendices A.1, A.3, A.8")
struct ReceptionStatisticsTests {
    private func handle(
        _ statistics: inout ReceptionStatistics,
        _ numbers: [Int],
        from start: Double = 0
    ) -> [ReceptionStatistics.Verdict] {
        numbers.enumerated().map { index, number in
            statistics.handle(
                SequenceNumber(UInt16(truncatingIfNeeded: number)),
                timestamp: UInt32(truncatingIfNeeded: number * 960),
                payloadSize: 100,
                at: MonotonicTime(nanoseconds: Int64((start + Double(index) * 0.02) * 1e9))
            ).verdict
        }
    }

    @Test("count loss, duplicates and reordering across the wrap")
    func counts() {
        var statistics = ReceptionStatistics(ssrc: SSRC(1), clockRate: 48_000)

        let verdicts = handle(&statistics, [65_534, 65_535, 65_537, 65_536, 65_537, 65_540])

        #expect(verdicts == [.new, .new, .new, .late, .duplicate, .new])
        #expect(statistics.expected == 7)
        #expect(statistics.received == 5)
        #expect(statistics.lost == 2)
        #expect(statistics.duplicates == 1)
        #expect(statistics.reordered == 1)
    }

    @Test("report the fraction lost of the interval only")
    func fraction() {
        var statistics = ReceptionStatistics(ssrc: SSRC(1), clockRate: 48_000)
        _ = handle(&statistics, [1, 2, 3, 5])
        let first = statistics.makeReportBlock(at: .zero)
        _ = handle(&statistics, [6, 7, 8, 9], from: 1)
        let second = statistics.makeReportBlock(at: .zero)

        #expect(first.fractionLost == 256 / 5)
        #expect(first.cumulativeLost == 1)
        #expect(first.highestSequence == 5)
        #expect(second.fractionLost == 0)
        #expect(second.cumulativeLost == 1)
    }

    @Test("see no jitter in packets that come as they were sent, and converge on what there is")
    func jitter() {
        var steady = ReceptionStatistics(ssrc: SSRC(1), clockRate: 48_000)
        _ = handle(&steady, Array(0..<500))
        #expect(steady.jitter < .microseconds(50))

        var shaky = ReceptionStatistics(ssrc: SSRC(1), clockRate: 48_000)
        for number in 0..<500 {
            let delay = number.isMultiple(of: 2) ? 0.0 : 0.010
            _ = handle(&shaky, [number], from: Double(number) * 0.02 + delay)
        }
        #expect(abs(shaky.jitter.inMilliseconds - 10) < 0.5)
    }

    @Test("give the round trip from a report that names our last one")
    func roundTrip() throws {
        let sent = NTPTime(unixNanoseconds: 1_700_000_000_000_000_000)
        let received = NTPTime(unixNanoseconds: 1_700_000_000_350_000_000)
        var statistics = ReceptionStatistics(ssrc: SSRC(1), clockRate: 48_000)
        statistics.handle(
            SenderInformation(ntpTime: sent.bits, rtpTimestamp: 0, packetCount: 0, octetCount: 0),
            at: .zero
        )
        let block = statistics.makeReportBlock(at: MonotonicTime(nanoseconds: 200_000_000))

        let time = try #require(roundTripTime(block, receivedAt: received))

        #expect(abs(time.inMilliseconds - 150) < 0.1)
    }
}

@Suite("Retransmission, RFC 4585 §6.2.1")
struct RetransmissionTests {
    private func time(_ milliseconds: Int64) -> MonotonicTime { MonotonicTime(nanoseconds: milliseconds * 1_000_000) }

    @Test("asks for a gap after the wait for reordering, and again after a round trip, until it is filled")
    func requests() {
        var generator = NACKGenerator()
        generator.roundTripTime = .milliseconds(100)
        generator.handle(10, at: time(0))
        generator.handle(13, at: time(20))

        #expect(generator.takeDue(at: time(25)).isEmpty)
        #expect(generator.takeDue(at: time(30)) == [SequenceNumber(11), SequenceNumber(12)])
        generator.handle(11, at: time(60))
        #expect(generator.takeDue(at: time(100)).isEmpty)
        #expect(generator.takeDue(at: time(130)) == [SequenceNumber(12)])
        generator.handle(12, at: time(140))
        #expect(generator.nextTimeout == nil)
    }

    @Test("gives a packet up in the end, and takes a great gap for a restart")
    func abandons() {
        var generator = NACKGenerator()
        generator.handle(1, at: time(0))
        generator.handle(3, at: time(0))
        var requests = 0
        while let due = generator.nextTimeout, due < time(5000) { requests += generator.takeDue(at: due).count }

        #expect((5...10).contains(requests))
        #expect(generator.abandoned == 1)
        generator.handle(10_000, at: time(6000))
        #expect(generator.nextTimeout == nil)
    }

    @Test("sends the same octets again, not more than once a round trip, and only while it has them")
    func buffer() {
        var buffer = RetransmissionBuffer(capacity: 4)
        for number in 0..<6 as Range<UInt16> {
            buffer.store(PacketBuffer([UInt8(number), 1, 2]), sequence: SequenceNumber(number), at: time(0))
        }
        let out = PacketBuffer()
        func retrieve(_ number: UInt16, at milliseconds: Int64) -> Bool {
            buffer.retrieve(SequenceNumber(number), roundTripTime: .milliseconds(50), at: time(milliseconds), into: out)
        }

        #expect(!retrieve(1, at: 100))
        #expect(retrieve(5, at: 100))
        #expect(out.bytes.copied() == [5, 1, 2])
        #expect(!retrieve(5, at: 110))
        #expect(retrieve(5, at: 130))
        #expect(buffer.retransmissions == 2)
        #expect(buffer.misses == 1)
    }
}

@Suite("Playout buffer")
struct PlayoutBufferTests {
    /// Plays a stream of 20 ms packets whose delays and fates come from `fate`, and tells what was played each tick.
    private func play(
        packets: Int,
        buffer: inout PlayoutBuffer,
        firstTimestamp: UInt32 = 0xFFFF_F000,
        fate: (Int) -> Double?
    ) -> [Playout] {
        var arrivals: [(time: MonotonicTime, number: Int)] = []
        for number in 0..<packets {
            guard let delay = fate(number) else { continue }
            arrivals.append((MonotonicTime(nanoseconds: Int64((Double(number) * 20 + delay) * 1e6)), number))
        }
        arrivals.sort { $0.time < $1.time }
        var next = 0
        var played: [Playout] = []
        for tick in 0..<packets {
            let now = MonotonicTime(nanoseconds: Int64(tick) * 20_000_000)
            while next < arrivals.count, arrivals[next].time <= now {
                let payload = PacketBuffer([UInt8(truncatingIfNeeded: arrivals[next].number)])
                let timestamp = firstTimestamp &+ UInt32(arrivals[next].number * 960)
                buffer.insert(payload.bytes, timestamp: timestamp, at: arrivals[next].time)
                next += 1
            }
            played.append(buffer.popFrame(at: now))
        }
        return played
    }

    @Test("plays every packet of a steady stream, a frame or two after it came")
    func steady() {
        var buffer = PlayoutBuffer(clockRate: 48_000)

        let played = play(packets: 500, buffer: &buffer) { _ in 5 }

        let start = played.firstIndex(of: .frame) ?? .max
        #expect(start <= 3)
        #expect(played[start...].allSatisfy { $0 == .frame })
        #expect(buffer.counters.concealed == 0)
        #expect(buffer.target <= .milliseconds(20))
    }

    @Test("conceals what is lost, from the next packet's FEC where that is here")
    func loss() {
        var buffer = PlayoutBuffer(clockRate: 48_000)

        let played = play(packets: 500, buffer: &buffer) { number in
            number % 50 == 49 ? nil : Double((number * 7919) % 60)
        }

        let counters = buffer.counters
        #expect(counters.recoveredByFEC + counters.concealed >= 8)
        #expect(counters.recoveredByFEC > 0)
        #expect(played.filter { $0 == .frame }.count > 450)
    }

    @Test("grows its delay for a shaky network, and shrinks it when calm returns")
    func adapts() {
        var random = SplitMix64(seed: 4)
        var buffer = PlayoutBuffer(clockRate: 48_000)

        _ = play(packets: 1000, buffer: &buffer) { _ in Double.random(in: 0...120, using: &random) }
        let shaky = buffer.target
        let late = buffer.counters.late

        #expect(shaky >= .milliseconds(100))
        #expect(shaky <= .milliseconds(400))
        #expect(late < 60)
        var calm = PlayoutBuffer(clockRate: 48_000)
        _ = play(packets: 9000, buffer: &calm) { number in
            number < 500 ? Double.random(in: 0...120, using: &random) : 2
        }
        #expect(calm.target < .milliseconds(40))
        #expect(calm.counters.dropped > 0)
    }

    @Test("waits in a pause of the sender instead of concealing for ever")
    func pause() {
        var buffer = PlayoutBuffer(clockRate: 48_000)

        let played = play(packets: 300, buffer: &buffer) { number in (100..<200).contains(number) ? nil : 1 }

        #expect(played[110..<200].filter { $0 == .conceal }.isEmpty)
        #expect(played[110..<200].filter { $0 == .wait }.count >= 88)
        #expect(played[205...].filter { $0 == .frame }.count >= 90)
    }

    @Test("starts anew when the sender's timestamps jump")
    func jump() {
        var buffer = PlayoutBuffer(clockRate: 48_000)
        _ = play(packets: 50, buffer: &buffer) { _ in 1 }
        var frames = 0
        for tick in 50..<100 {
            let now = MonotonicTime(nanoseconds: Int64(tick) * 20_000_000)
            buffer.insert(PacketBuffer([1]).bytes, timestamp: 0x4000_0000 &+ UInt32(tick * 960), at: now)
            if buffer.popFrame(at: now) == .frame { frames += 1 }
        }

        #expect(frames > 40)
    }
}
