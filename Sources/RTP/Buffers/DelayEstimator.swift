package import SansIO

/// Learns how late packets come, and says how long playout should wait for them.
///
/// Keeps a histogram of each packet's delay relative to the fastest of late, in steps of 5 ms with exponential
/// forgetting, and answers with its 99.5th percentile: one packet in two hundred may come too late.
package struct DelayEstimator: Sendable {
    private var histogram = [Double](repeating: 0, count: DelayEstimator.steps)
    private var total = 0.0
    /// The smallest transit time of the present and of the last stretch, so that a faster path or a drifting clock is
    /// followed within twice the stretch.
    private var minimum: (current: Int64, last: Int64)?
    private var stretchStart = MonotonicTime.zero

    private static let steps = 100
    private static let step = Duration.milliseconds(5)
    private static let stretch = Duration.seconds(10)
    /// What a packet's weight is worth 700 packets later is half: 14 s of audio.
    private static let forgetting = 0.999
    private static let percentile = 0.995

    package init() {}

    /// Notes a packet: when it came, and when it was sent by its timestamp on any clock of ours.
    package mutating func handle(sent: Duration, arrival: MonotonicTime) {
        let transit = arrival.nanoseconds &- sent.nanoseconds
        if let known = minimum {
            if arrival - stretchStart > Self.stretch {
                minimum = (transit, known.current)
                stretchStart = arrival
            } else {
                minimum = (min(known.current, transit), known.last)
            }
        } else {
            minimum = (transit, transit)
            stretchStart = arrival
        }
        let floor = minimum.map { min($0.current, $0.last) } ?? transit
        let index = min(Self.steps - 1, Int((transit - floor) / Self.step.nanoseconds))
        for slot in histogram.indices { histogram[slot] *= Self.forgetting }
        histogram[index] += 1
        total = total * Self.forgetting + 1
    }

    /// The transit time of the fastest packets, which playout counts from.
    package var fastestTransit: Int64? { minimum.map { min($0.current, $0.last) } }

    /// How much later than the fastest a packet may come and still be waited for; the upper edge of its step.
    package var target: Duration {
        guard total > 0 else { return .zero }
        var sum = 0.0
        for (index, weight) in histogram.enumerated() {
            sum += weight
            if sum >= total * Self.percentile { return Self.step * (index + 1) }
        }
        return Self.step * Self.steps
    }
}
