package import SansIO

/// What is to be played next.
package enum Playout: Equatable, Sendable {
    /// Decode this payload, of ``PlayoutBuffer/payload``.
    case frame
    /// The frame is lost but the next one is here: decode the lost one out of its in-band FEC (RFC 6716 §2.1.7), from
    /// ``PlayoutBuffer/payload``.
    case forwardErrorCorrection
    /// Nothing came: conceal one frame.
    case conceal
    /// Before the first frame, or in a pause of the sender: play silence.
    case wait
}

/// A counter for each way a packet misses its playout.
package struct PlayoutCounters: Equatable, Sendable {
    package var played = 0
    package var recoveredByFEC = 0
    package var concealed = 0
    /// Came after their turn.
    package var late = 0
    /// Dropped to make room, or to shorten the delay.
    package var dropped = 0
    /// Frames concealed only to lengthen the delay.
    package var stretched = 0

    package init() {}
}

/// The conversational jitter buffer of an audio stream: adapts its delay in time, not in packets.
///
/// Call ``popFrame(at:)`` once a tick of one frame. Its delay follows ``DelayEstimator``, between 20 ms and 400 ms: it
/// grows by concealing a frame, and shrinks by dropping one, at most one in ten. Payloads are copied once, into storage
/// that is used again.
package struct PlayoutBuffer: Sendable {
    private struct Entry {
        var timestamp: Int64
        var slot: Int
    }

    private let clockRate: Int
    private let frameTicks: Int64
    private let bounds: ClosedRange<Duration>
    private var estimator = DelayEstimator()
    private var extender = TimestampExtender()
    private var entries: [Entry] = []
    private var slots: [[UInt8]]
    private var freeSlots: [Int]
    /// The timestamp whose turn it is; `nil` before the first frame.
    private var next: Int64?
    private var ticksSinceAdjustment = 0
    private var missedInARow = 0
    package private(set) var counters = PlayoutCounters()
    /// The payload that the last ``popFrame(at:)`` spoke of.
    package private(set) var payload: [UInt8] = []

    /// - Parameters:
    ///   - clockRate: Of the RTP clock.
    ///   - frame: Length of one frame, the tick of ``popFrame(at:)``.
    ///   - bounds: Least and greatest delay.
    package init(
        clockRate: Int,
        frame: Duration = .milliseconds(20),
        bounds: ClosedRange<Duration> = .milliseconds(20) ... .milliseconds(400)
    ) {
        self.clockRate = clockRate
        frameTicks = frame.nanoseconds * Int64(clockRate) / 1_000_000_000
        self.bounds = bounds
        // Packets may be shorter than a tick; 2.5 ms is Opus's least.
        let capacity = Int(bounds.upperBound / .milliseconds(5)) + 1
        slots = Array(repeating: [], count: capacity)
        freeSlots = Array(0..<capacity)
    }

    /// The delay aimed at.
    package var target: Duration { min(max(estimator.target, bounds.lowerBound), bounds.upperBound) }

    /// Takes a packet of the stream.
    package mutating func insert(_ payload: RawSpan, timestamp: UInt32, at arrival: MonotonicTime) {
        let extended = extender.extend(timestamp)
        if let next, abs(extended - next) > Int64(clockRate) * 2 { restart() }
        estimator.handle(sent: duration(extended), arrival: arrival)
        if let next, extended < next {
            counters.late += 1
            return
        }
        guard !entries.contains(where: { $0.timestamp == extended }) else { return }
        if freeSlots.isEmpty { dropOldest() }
        guard let slot = freeSlots.popLast() else { return }
        slots[slot].removeAll(keepingCapacity: true)
        for offset in 0..<payload.byteCount { slots[slot].append(payload.byte(at: offset)) }
        let index = entries.lastIndex { $0.timestamp < extended }.map { $0 + 1 } ?? 0
        entries.insert(Entry(timestamp: extended, slot: slot), at: index)
    }

    /// What to play in the tick that begins `now`.
    package mutating func popFrame(at now: MonotonicTime) -> Playout {
        ticksSinceAdjustment += 1
        guard let turn = next ?? firstTurn(at: now) else { return .wait }
        if let adjusted = adjust(turn, at: now) { return adjusted }
        let due = next ?? turn
        next = due + frameTicks
        if let first = entries.first, first.timestamp < due + frameTicks {
            take(0)
            missedInARow = 0
            counters.played += 1
            return .frame
        }
        missedInARow += 1
        // After a pause of this length the sender has stopped (DTX) or gone; concealment would be noise.
        guard missedInARow <= Self.maximumConcealed else {
            if entries.isEmpty { next = nil }
            return .wait
        }
        if let first = entries.first, first.timestamp < due + 2 * frameTicks {
            payload = slots[first.slot]
            counters.recoveredByFEC += 1
            return .forwardErrorCorrection
        }
        counters.concealed += 1
        return .conceal
    }

    /// Frames of 20 ms that are concealed in a row.
    private static let maximumConcealed = 5
    /// Ticks between two changes of the delay.
    private static let adjustmentInterval = 10

    /// Playout begins when the oldest packet has been here for the target delay.
    private mutating func firstTurn(at now: MonotonicTime) -> Int64? {
        guard let first = entries.first, let delay = delay(of: first.timestamp, at: now), delay >= target else {
            return nil
        }
        next = first.timestamp
        missedInARow = 0
        return next
    }

    /// Lengthens or shortens the delay by a frame when it is off the target by more than one.
    private mutating func adjust(_ turn: Int64, at now: MonotonicTime) -> Playout? {
        guard ticksSinceAdjustment >= Self.adjustmentInterval, let delay = delay(of: turn, at: now) else { return nil }
        let frame = duration(frameTicks)
        if delay + frame < target, let last = entries.last, last.timestamp >= turn {
            ticksSinceAdjustment = 0
            counters.stretched += 1
            return .conceal
        }
        // Hysteresis of two frames; only where the frame after next is here already.
        guard delay > target + frame * 2, entries.count >= 2, entries[0].timestamp < turn + frameTicks else {
            return nil
        }
        ticksSinceAdjustment = 0
        counters.dropped += 1
        take(0)
        next = turn + frameTicks
        return nil
    }

    /// How long after its fastest possible arrival the frame of a timestamp would be played now.
    private func delay(of timestamp: Int64, at now: MonotonicTime) -> Duration? {
        estimator.fastestTransit.map { .nanoseconds(now.nanoseconds - duration(timestamp).nanoseconds - $0) }
    }

    private func duration(_ ticks: Int64) -> Duration {
        let (seconds, rest) = ticks.quotientAndRemainder(dividingBy: Int64(clockRate))
        return .nanoseconds(seconds * 1_000_000_000 + rest * 1_000_000_000 / Int64(clockRate))
    }

    private mutating func take(_ index: Int) {
        let entry = entries.remove(at: index)
        swap(&payload, &slots[entry.slot])
        freeSlots.append(entry.slot)
    }

    private mutating func dropOldest() {
        counters.dropped += 1
        let oldest = entries.removeFirst()
        freeSlots.append(oldest.slot)
        if let next { self.next = max(next, (entries.first?.timestamp ?? oldest.timestamp + frameTicks)) }
    }

    /// The sender began a new timeline.
    private mutating func restart() {
        counters.dropped += entries.count
        freeSlots += entries.map(\.slot)
        entries = []
        next = nil
        estimator = DelayEstimator()
    }
}
