package import SIPMessages
package import SansIO

/// What a server transaction wants done.
package enum ServerTransactionAction: Equatable {
    /// Put the response on the wire.
    case send(SIPResponse)
    /// The ACK to a failure came (INVITE only).
    case acknowledged
    /// No ACK to a failure came within 64·T1 (timer H).
    case notAcknowledged
    /// The transaction is over.
    case terminated
}

/// A server transaction: INVITE (RFC 3261 §17.2.1, RFC 6026 §8.5) or any other method (§17.2.2).
package struct ServerTransaction {
    private enum State: Equatable {
        case proceeding(last: SIPResponse?)
        case completed(SIPResponse)
        /// A 2xx was sent: the user repeats it until the ACK comes, the transaction absorbs repeated INVITEs.
        case accepted
        case confirmed
        case terminated
    }

    private enum Timer: Hashable { case retransmission, timeout, linger }

    /// The request that began it.
    package let request: SIPRequest
    private let isReliable: Bool
    private var state = State.proceeding(last: nil)
    private var timers = TimerTable<Timer>()
    private var interval = SIPTimers.t1

    private var isInvite: Bool { request.method == .invite }

    package init(request: SIPRequest, isReliable: Bool) {
        self.request = request
        self.isReliable = isReliable
    }

    package var nextTimeout: MonotonicTime? { timers.nextDeadline }

    package var isTerminated: Bool { state == .terminated }

    /// Whether a final response has been sent.
    package var isAnswered: Bool {
        if case .proceeding = state { return false }
        return true
    }

    /// The request came again, or the ACK to a failure came.
    package mutating func handle(_ request: SIPRequest, at now: MonotonicTime) -> [ServerTransactionAction] {
        if request.method == .ack {
            guard case .completed = state, isInvite else { return [] }
            timers.cancelAll()
            guard !isReliable else {
                state = .terminated
                return [.acknowledged, .terminated]
            }
            state = .confirmed
            timers.set(.linger, at: now + SIPTimers.t4)  // timer I
            return [.acknowledged]
        }
        switch state {
        case .proceeding(let last): return last.map { [.send($0)] } ?? []
        case .completed(let response): return [.send(response)]
        case .accepted, .confirmed, .terminated: return []
        }
    }

    /// The user answers; a second final response to anything but a 2xx INVITE changes nothing.
    package mutating func respond(_ response: SIPResponse, at now: MonotonicTime) -> [ServerTransactionAction] {
        switch state {
        case .proceeding:
            guard response.isFinal else {
                state = .proceeding(last: response)
                return [.send(response)]
            }
            return [.send(response)] + finish(with: response, at: now)
        case .accepted:
            return response.isSuccess ? [.send(response)] : []
        case .completed, .confirmed, .terminated:
            return []
        }
    }

    private mutating func finish(with response: SIPResponse, at now: MonotonicTime) -> [ServerTransactionAction] {
        if isInvite {
            if response.isSuccess {
                state = .accepted
                timers.set(.linger, at: now + SIPTimers.transactionTimeout)  // timer L
            } else {
                state = .completed(response)
                timers.set(.timeout, at: now + SIPTimers.transactionTimeout)  // timer H
                if !isReliable { timers.set(.retransmission, at: now + interval) }  // timer G
            }
            return []
        }
        guard !isReliable else {
            state = .terminated  // timer J is zero
            return [.terminated]
        }
        state = .completed(response)
        timers.set(.linger, at: now + SIPTimers.transactionTimeout)
        return []
    }

    package mutating func handleTimeout(at now: MonotonicTime) -> [ServerTransactionAction] {
        var actions: [ServerTransactionAction] = []
        while let timer = timers.popExpired(at: now) {
            switch (timer, state) {
            case (.retransmission, .completed(let response)):
                actions.append(.send(response))
                interval = min(interval * 2, SIPTimers.t2)
                timers.set(.retransmission, at: now + interval)
            case (.timeout, _):
                timers.cancelAll()
                state = .terminated
                actions += [.notAcknowledged, .terminated]
            case (.linger, _):
                state = .terminated
                actions.append(.terminated)
            case (.retransmission, _): break
            }
        }
        return actions
    }
}
