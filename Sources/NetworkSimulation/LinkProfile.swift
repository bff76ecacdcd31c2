package import SansIO

/// What one direction of a path does to the datagrams on it.
///
/// The default is a perfect link: everything arrives at once. Set what should go wrong; a ``PacketShaper`` carries it out.
package struct LinkProfile: Sendable, Equatable {
    /// Probability that a datagram is lost, each on its own.
    package var loss = 0.0
    /// Loss that comes in bursts, on top of ``loss``.
    package var burstLoss: BurstLoss?
    /// Time every datagram takes.
    package var delay = Duration.zero
    /// Variation of the time, on top of ``delay``.
    package var jitter = Jitter.none
    /// Probability that a datagram is held back by ``reorderHold``, so that later ones overtake it.
    ///
    /// Jitter alone never reorders: a queue that is late is late for everybody.
    package var reordering = 0.0
    /// How long a datagram picked for reordering is held back.
    package var reorderHold = Duration.milliseconds(20)
    /// Probability that a second copy of a datagram arrives.
    package var duplication = 0.0
    /// A bottleneck with a queue in front.
    package var rateLimit: RateLimit?
    /// Intervals in which every datagram sent is lost.
    package var blackouts: [Range<MonotonicTime>] = []

    package init() {}

    package init(
        loss: Double = 0,
        burstLoss: BurstLoss? = nil,
        delay: Duration = .zero,
        jitter: Jitter = .none,
        reordering: Double = 0,
        duplication: Double = 0,
        rateLimit: RateLimit? = nil,
        blackouts: [Range<MonotonicTime>] = []
    ) {
        self.loss = loss
        self.burstLoss = burstLoss
        self.delay = delay
        self.jitter = jitter
        self.reordering = reordering
        self.duplication = duplication
        self.rateLimit = rateLimit
        self.blackouts = blackouts
    }

    /// Delivers everything at once.
    package static let perfect = LinkProfile()
}

/// The variation of the delay of a link.
package enum Jitter: Sendable, Equatable {
    case none
    /// Adds zero to `maximum`, every value equally likely.
    case uniform(maximum: Duration)
    /// Adds a normally distributed time, cut off at minus the fixed delay and at six standard deviations.
    case normal(standardDeviation: Duration)
}

/// Loss in bursts: a chain of a good and a bad state that moves once per datagram (Gilbert 1960, Elliott 1963).
package struct BurstLoss: Sendable, Equatable {
    /// Probability of moving from good to bad.
    package var enterBad: Double
    /// Probability of moving from bad to good; its inverse is the mean length of a bad period in datagrams.
    package var leaveBad: Double
    /// Probability of loss in the good state.
    package var lossInGood = 0.0
    /// Probability of loss in the bad state.
    package var lossInBad = 1.0

    package init(enterBad: Double, leaveBad: Double, lossInGood: Double = 0, lossInBad: Double = 1) {
        self.enterBad = enterBad
        self.leaveBad = leaveBad
        self.lossInGood = lossInGood
        self.lossInBad = lossInBad
    }

    /// The chain that loses everything in the bad state and nothing in the good one, from what one would measure.
    ///
    /// - Parameters:
    ///   - averageLoss: Share of all datagrams lost, from 0 to below 1.
    ///   - meanBurstLength: Mean number of datagrams lost in a row, at least 1.
    package init(averageLoss: Double, meanBurstLength: Double) {
        precondition((0..<1).contains(averageLoss), "average loss lies in 0..<1")
        precondition(meanBurstLength >= 1, "a burst has at least one datagram")
        leaveBad = 1 / meanBurstLength
        enterBad = min(1, leaveBad * averageLoss / (1 - averageLoss))
    }
}

/// A bottleneck: datagrams leave it one after the other at the given rate, and wait in a bounded queue.
package struct RateLimit: Sendable, Equatable {
    package var bitsPerSecond: Int
    /// Octets that may wait, including the one on its way out; what does not fit is dropped at the tail.
    package var queueInBytes: Int

    package init(bitsPerSecond: Int, queueInBytes: Int) {
        precondition(bitsPerSecond > 0 && queueInBytes > 0, "a bottleneck passes something")
        self.bitsPerSecond = bitsPerSecond
        self.queueInBytes = queueInBytes
    }
}
