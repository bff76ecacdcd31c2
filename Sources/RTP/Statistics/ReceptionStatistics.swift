package import MediaTypes
package import SansIO

/// What has arrived of one stream (RFC 3550 §6.4, appendices A.1, A.3 and A.8).
///
/// Deviation: no probation of two packets (A.1). The stream is authenticated by SRTP, so its first packet is its own.
package struct ReceptionStatistics: Sendable {
    /// What became of a packet.
    package enum Verdict: Hashable, Sendable {
        case new
        case duplicate
        /// Arrived after one with a higher number.
        case late
    }

    package let ssrc: SSRC
    private let clockRate: Int
    private var extender = SequenceExtender()
    private var first: Int64 = 0
    private var highest: Int64 = 0
    /// Which of the last 64 numbers up to the highest have come; bit 0 is the highest.
    private var window: UInt64 = 0
    private var transit: Int64?
    /// Sixteen times the jitter, in clock units (A.8).
    private var scaledJitter: Int64 = 0
    private var expectedAtLastReport: Int64 = 0
    private var receivedAtLastReport: Int64 = 0
    private var lastSenderReport: (middleBits: UInt32, arrival: MonotonicTime)?

    /// Packets, duplicates not counted.
    package private(set) var received: Int64 = 0
    package private(set) var duplicates: Int64 = 0
    package private(set) var reordered: Int64 = 0
    package private(set) var payloadOctets: Int64 = 0

    package init(ssrc: SSRC, clockRate: Int) {
        self.ssrc = ssrc
        self.clockRate = clockRate
    }

    /// Packets that should have arrived by the highest number seen.
    package var expected: Int64 { received == 0 ? 0 : highest - first + 1 }

    /// Packets missing so far; late ones that come are taken off again.
    package var lost: Int64 { max(0, expected - received) }

    /// Interarrival jitter.
    package var jitter: Duration { .nanoseconds(scaledJitter * 1_000_000_000 / 16 / Int64(clockRate)) }

    /// Counts a packet, and extends its number.
    package mutating func handle(
        _ number: SequenceNumber,
        timestamp: UInt32,
        payloadSize: Int,
        at arrival: MonotonicTime
    ) -> (sequence: Int64, verdict: Verdict) {
        let sequence = extender.extend(number)
        guard received > 0 else {
            (first, highest, window, received) = (sequence, sequence, 1, 1)
            payloadOctets = Int64(payloadSize)
            updateJitter(timestamp, at: arrival)
            return (sequence, .new)
        }
        let ahead = sequence - highest
        if ahead > 0 {
            window = ahead < 64 ? window << UInt64(ahead) | 1 : 1
            highest = sequence
        } else {
            // Older than the window: SRTP's replay protection has let it pass, so it is no duplicate.
            if ahead > -64 {
                let bit: UInt64 = 1 << UInt64(-ahead)
                guard window & bit == 0 else {
                    duplicates += 1
                    return (sequence, .duplicate)
                }
                window |= bit
            }
            first = min(first, sequence)
            reordered += 1
        }
        received += 1
        payloadOctets += Int64(payloadSize)
        // A packet sent again would count its detour as jitter.
        if ahead > 0 { updateJitter(timestamp, at: arrival) }
        return (sequence, ahead > 0 ? .new : .late)
    }

    /// A sender report of the stream arrived.
    package mutating func handle(_ report: SenderInformation, at arrival: MonotonicTime) {
        lastSenderReport = (NTPTime(bits: report.ntpTime).middleBits, arrival)
    }

    /// The block for the next report; starts a new interval for the fraction lost (A.3).
    package mutating func makeReportBlock(at now: MonotonicTime) -> ReportBlock {
        let expectedNow = expected - expectedAtLastReport
        let lostNow = expectedNow - (received - receivedAtLastReport)
        (expectedAtLastReport, receivedAtLastReport) = (expected, received)
        let fraction = expectedNow > 0 && lostNow > 0 ? UInt8(min(255, lostNow * 256 / expectedNow)) : 0
        var delay: UInt32 = 0
        if let lastSenderReport {
            delay = UInt32(truncatingIfNeeded: (now - lastSenderReport.arrival).nanoseconds / 1000 * 65_536 / 1_000_000)
        }
        return ReportBlock(
            ssrc: ssrc,
            fractionLost: fraction,
            cumulativeLost: Int32(clamping: expected - received),
            // The extended number starts one cycle up; a report's cycles start at zero.
            highestSequence: UInt32(truncatingIfNeeded: highest - 0x1_0000),
            jitter: UInt32(truncatingIfNeeded: scaledJitter / 16),
            lastSenderReport: lastSenderReport?.middleBits ?? 0,
            delaySinceLastSenderReport: delay
        )
    }

    /// A.8, in integers, with the transit time on the stream's own clock.
    private mutating func updateJitter(_ timestamp: UInt32, at arrival: MonotonicTime) {
        let (seconds, rest) = arrival.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        let arrivalUnits = seconds &* Int64(clockRate) &+ rest * Int64(clockRate) / 1_000_000_000
        let now = Int64(Int32(truncatingIfNeeded: arrivalUnits &- Int64(timestamp)))
        defer { transit = now }
        guard let transit else { return }
        // The difference of two 32-bit transit times wraps.
        let difference = abs(Int64(Int32(truncatingIfNeeded: now &- transit)))
        // A jump of more than ten seconds is a new timeline, not jitter.
        guard difference < 10 * Int64(clockRate) else { return }
        scaledJitter += difference - (scaledJitter + 8) / 16
    }
}

/// Round-trip time out of a report block on our own stream (RFC 3550 §6.4.1).
package func roundTripTime(_ block: ReportBlock, receivedAt now: NTPTime) -> Duration? {
    guard block.lastSenderReport != 0 else { return nil }
    let units = Int32(bitPattern: now.middleBits &- block.lastSenderReport &- block.delaySinceLastSenderReport)
    guard units >= 0 else { return nil }  // clocks of different steps; a negative time is none
    return .nanoseconds(Int64(units) * 1_000_000_000 / 65_536)
}
