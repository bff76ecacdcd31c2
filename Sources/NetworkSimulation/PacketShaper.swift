package import SansIO

/// Decides when, and whether, the datagrams of one direction arrive, after a ``LinkProfile``.
///
/// The same seed and the same inputs give the same fates. Every datagram costs the same number of random draws, so
/// that turning one knob does not change which datagrams the others hit.
package struct PacketShaper {
    /// What happens; may be changed while datagrams are under way.
    package var profile: LinkProfile
    private var random: RandomSource
    private var isInBadState = false
    /// When the bottleneck has sent off everything it holds.
    private var bottleneckFree = MonotonicTime.zero
    /// Latest arrival of a datagram that keeps its place.
    private var lastArrival = MonotonicTime(nanoseconds: .min)

    package init(profile: LinkProfile, random: RandomSource) {
        self.profile = profile
        self.random = random
    }

    /// Decides about one datagram; call in the order of sending.
    ///
    /// - Parameters:
    ///   - size: Octets that count against the rate limit.
    ///   - now: When it is sent.
    package mutating func shape(size: Int, at now: MonotonicTime) -> PacketFate {
        precondition(size >= 0, "a datagram has no negative size")
        let draws = Draws(from: &random)

        guard !profile.blackouts.contains(where: { $0.contains(now) }) else { return .dropped(.blackout) }
        guard !losesInBurst(draws) else { return .dropped(.burst) }
        guard draws.loss >= profile.loss else { return .dropped(.loss) }
        guard let departure = passBottleneck(size: size, at: now) else { return .dropped(.queueFull) }

        var arrival = departure + travelTime(draws.jitter)
        let isReordered = draws.reordering < profile.reordering
        if isReordered {
            arrival = arrival + profile.reorderHold
        } else {
            arrival = max(arrival, lastArrival)
            lastArrival = arrival
        }
        guard draws.duplication < profile.duplication else {
            return .delivered(arrival, isReordered: isReordered)
        }
        return .duplicated(arrival, max(arrival, departure + travelTime(draws.duplicateJitter)))
    }

    private mutating func losesInBurst(_ draws: Draws) -> Bool {
        guard let burst = profile.burstLoss else {
            isInBadState = false
            return false
        }
        isInBadState = isInBadState ? draws.transition >= burst.leaveBad : draws.transition < burst.enterBad
        return draws.burst < (isInBadState ? burst.lossInBad : burst.lossInGood)
    }

    /// When the datagram has left the bottleneck; `nil` when its queue is full.
    private mutating func passBottleneck(size: Int, at now: MonotonicTime) -> MonotonicTime? {
        guard let limit = profile.rateLimit else { return now }
        let start = max(now, bottleneckFree)
        let waiting = (start - now).inSeconds * Double(limit.bitsPerSecond) / 8
        guard waiting + Double(size) <= Double(limit.queueInBytes) else { return nil }
        let serialisation = Double(size) * 8 / Double(limit.bitsPerSecond)
        bottleneckFree = start + .nanoseconds(Int64(serialisation * 1e9))
        return bottleneckFree
    }

    private func travelTime(_ draw: Draws.Variate) -> Duration {
        let jitter: Duration
        switch profile.jitter {
        case .none: jitter = .zero
        case .uniform(let maximum): jitter = maximum * draw.uniform
        case .normal(let deviation): jitter = deviation * draw.normal
        }
        return max(.zero, profile.delay + jitter)
    }
}

/// What becomes of one datagram.
package enum PacketFate: Equatable, Sendable {
    case delivered(MonotonicTime, isReordered: Bool)
    /// Two copies arrive, the first no later than the second.
    case duplicated(MonotonicTime, MonotonicTime)
    case dropped(DropCause)

    /// The times of arrival: none, one or two.
    package var deliveries: [MonotonicTime] {
        switch self {
        case .delivered(let time, _): [time]
        case .duplicated(let first, let second): [first, second]
        case .dropped: []
        }
    }
}

/// Why a link dropped a datagram.
package enum DropCause: Hashable, Sendable {
    case loss, burst, blackout, queueFull
}

/// The random numbers of one datagram.
private struct Draws {
    struct Variate {
        /// From 0 to below 1.
        let uniform: Double
        /// Mean 0, standard deviation 1.
        let normal: Double
    }

    let loss: Double
    let transition: Double
    let burst: Double
    let reordering: Double
    let duplication: Double
    let jitter: Variate
    let duplicateJitter: Variate

    init(from random: inout RandomSource) {
        loss = Self.uniform(&random)
        transition = Self.uniform(&random)
        burst = Self.uniform(&random)
        reordering = Self.uniform(&random)
        duplication = Self.uniform(&random)
        jitter = Self.variate(&random)
        duplicateJitter = Self.variate(&random)
    }

    private static func uniform(_ random: inout RandomSource) -> Double { Double(random.next() >> 11) * 0x1p-53 }

    /// The sum of twelve uniform variates less six has mean 0, variance 1, and is near enough to normal; it needs no
    /// logarithm, so it is the same number on every machine.
    private static func variate(_ random: inout RandomSource) -> Variate {
        var sum = 0.0
        for _ in 0..<3 {
            let bits = random.next()
            for shift in stride(from: 0, to: 64, by: 16) { sum += Double(bits >> UInt64(shift) & 0xFFFF) * 0x1p-16 }
        }
        return Variate(uniform: uniform(&random), normal: sum - 6)
    }
}
