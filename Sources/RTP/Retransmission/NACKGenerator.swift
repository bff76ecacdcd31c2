package import SansIO

/// Decides which missing packets to ask for, and when (RFC 4585 §6.2.1).
///
/// A gap is asked for after a short wait for mere reordering, then again once a round trip, until it is filled, has been
/// asked for often enough, or is too old to be of use.
package struct NACKGenerator: Sendable {
    private struct Missing {
        var sequence: Int64
        var since: MonotonicTime
        var next: MonotonicTime
        var requests = 0
    }

    private var missing: [Missing] = []
    private var highest: Int64?
    /// Round-trip time, as far as it is known.
    package var roundTripTime = Duration.milliseconds(100)
    /// Packets given up on.
    package private(set) var abandoned = 0

    package init() {}

    /// Reordering is commoner than loss: wait this long before asking.
    private static let reorderWait = Duration.milliseconds(10)
    private static let maximumRequests = 10
    /// Later than this, not even a recording has use for it.
    private static let maximumAge = Duration.milliseconds(800)
    /// A gap of more packets is a restart, not a loss.
    private static let maximumMissing = 512

    package var nextTimeout: MonotonicTime? { missing.map(\.next).min() }

    /// Notes a packet of the stream, by its extended number.
    package mutating func handle(_ sequence: Int64, at now: MonotonicTime) {
        guard let highest else {
            self.highest = sequence
            return
        }
        guard sequence > highest else {
            missing.removeAll { $0.sequence == sequence }
            return
        }
        if sequence - highest - 1 > Self.maximumMissing {
            missing.removeAll(keepingCapacity: true)
        } else {
            for number in highest + 1..<sequence {
                missing.append(Missing(sequence: number, since: now, next: now + Self.reorderWait))
            }
            if missing.count > Self.maximumMissing {
                abandoned += missing.count - Self.maximumMissing
                missing.removeFirst(missing.count - Self.maximumMissing)
            }
        }
        self.highest = sequence
    }

    /// The numbers to ask for now, ascending; empty when none is due.
    package mutating func takeDue(at now: MonotonicTime) -> [SequenceNumber] {
        guard let due = nextTimeout, due <= now else { return [] }
        let before = missing.count
        missing.removeAll { now - $0.since > Self.maximumAge || $0.requests >= Self.maximumRequests && $0.next <= now }
        abandoned += before - missing.count
        var numbers: [SequenceNumber] = []
        for index in missing.indices where missing[index].next <= now {
            missing[index].requests += 1
            missing[index].next = now + max(roundTripTime, .milliseconds(20))
            numbers.append(SequenceNumber(UInt16(truncatingIfNeeded: missing[index].sequence)))
        }
        return numbers
    }
}
