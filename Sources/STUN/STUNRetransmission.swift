package import SansIO

/// When a request over UDP is sent again, and when it has failed (RFC 8489 §6.2.1).
package struct STUNRetransmission: Sendable {
    /// What is due.
    package enum Action: Equatable, Sendable {
        case retransmit, timeOut
    }

    /// When ``advance(at:)`` has something to say next.
    package private(set) var deadline: MonotonicTime
    private var interval: Duration
    private var requestsLeft: Int
    private let finalWait: Duration

    /// Starts with a request that has just been sent.
    ///
    /// - Parameters:
    ///   - rto: Wait before the first retransmission; doubles each time.
    ///   - requests: How often the request is sent in all (Rc).
    ///   - finalWaitFactor: Wait after the last one, in units of `rto` (Rm).
    package init(rto: Duration, requests: Int = 7, finalWaitFactor: Int = 16, sentAt now: MonotonicTime) {
        precondition(requests >= 1 && rto > .zero, "a request is sent at least once, and waited for")
        interval = rto
        requestsLeft = requests - 1
        finalWait = rto * finalWaitFactor
        deadline = now + (requests == 1 ? finalWait : rto)
    }

    /// Moves past a deadline; `nil` when none has passed.
    package mutating func advance(at now: MonotonicTime) -> Action? {
        guard now >= deadline else { return nil }
        guard requestsLeft > 0 else { return .timeOut }
        requestsLeft -= 1
        interval *= 2
        deadline = now + (requestsLeft == 0 ? finalWait : interval)
        return .retransmit
    }
}
