package import SIPMessages
package import SansIO

/// What a client transaction wants done; several per input, in order.
package enum ClientTransactionAction: Equatable {
    /// Put the request (or the ACK to a failure) on the wire.
    case send(SIPRequest)
    /// A response for the transaction's user: each provisional one, one final; for INVITE each 2xx, also repeated ones.
    case deliver(SIPResponse)
    /// No final response came in time (timers B, F).
    case timedOut
    /// The transaction is over; nothing will come of it any more.
    case terminated
}

/// A client transaction: INVITE (RFC 3261 §17.1.1, RFC 6026 §8.4) or any other method (§17.1.2).
///
/// Small machine: each input returns its actions.
package struct ClientTransaction {
    private enum State: Equatable {
        case calling
        case proceeding
        case completed
        /// A 2xx came; more of them, from other forks, may follow (RFC 6026 §7.2).
        case accepted
        case terminated
    }

    private enum Timer: Hashable { case retransmission, timeout, linger }

    /// The request as sent.
    package let request: SIPRequest
    private let isReliable: Bool
    private var state = State.calling
    private var timers = TimerTable<Timer>()
    private var interval = SIPTimers.t1

    private var isInvite: Bool { request.method == .invite }

    /// - Parameter isReliable: Whether the transport retransmits by itself, as TCP and WebSocket do.
    package init(request: SIPRequest, isReliable: Bool) {
        precondition(request.method != .ack, "an ACK to a 2xx belongs to no transaction")
        self.request = request
        self.isReliable = isReliable
    }

    package var nextTimeout: MonotonicTime? { timers.nextDeadline }

    package var isTerminated: Bool { state == .terminated }

    /// Whether a provisional response has come, so that a CANCEL may be sent (§9.1).
    package var hasProvisionalResponse: Bool { state == .proceeding }

    package mutating func start(at now: MonotonicTime) -> [ClientTransactionAction] {
        timers.set(.timeout, at: now + SIPTimers.transactionTimeout)
        if !isReliable { timers.set(.retransmission, at: now + interval) }
        return [.send(request)]
    }

    package mutating func handle(_ response: SIPResponse, at now: MonotonicTime) -> [ClientTransactionAction] {
        switch state {
        case .calling, .proceeding:
            guard response.isFinal else {
                state = .proceeding
                if isInvite {
                    timers.cancelAll()  // from here on the user decides how long to wait
                } else if !isReliable {
                    interval = SIPTimers.t2
                }
                return [.deliver(response)]
            }
            timers.cancelAll()
            if isInvite, response.isSuccess {
                state = .accepted
                timers.set(.linger, at: now + SIPTimers.transactionTimeout)  // timer M
                return [.deliver(response)]
            }
            let acknowledgement: [ClientTransactionAction] = isInvite ? [.send(acknowledge(response))] : []
            return acknowledgement + [.deliver(response)] + complete(at: now)
        case .completed:
            return isInvite && response.isFinal && !response.isSuccess ? [.send(acknowledge(response))] : []
        case .accepted:
            return response.isSuccess ? [.deliver(response)] : []
        case .terminated:
            return []
        }
    }

    package mutating func handleTimeout(at now: MonotonicTime) -> [ClientTransactionAction] {
        var actions: [ClientTransactionAction] = []
        while let timer = timers.popExpired(at: now) {
            switch timer {
            case .retransmission:
                actions.append(.send(request))
                // Timer A doubles without a limit, timer E up to T2 (§17.1.1.2, §17.1.2.2).
                interval = isInvite ? interval * 2 : min(interval * 2, SIPTimers.t2)
                timers.set(.retransmission, at: now + interval)
            case .timeout:
                timers.cancelAll()
                state = .terminated
                actions += [.timedOut, .terminated]
            case .linger:
                state = .terminated
                actions.append(.terminated)
            }
        }
        return actions
    }

    private mutating func complete(at now: MonotonicTime) -> [ClientTransactionAction] {
        guard !isReliable else {
            state = .terminated  // timers D and K are zero
            return [.terminated]
        }
        state = .completed
        timers.set(.linger, at: now + (isInvite ? SIPTimers.d : SIPTimers.t4))
        return []
    }

    /// The ACK to a final response other than 2xx (§17.1.1.3): same branch, same CSeq number, the response's To.
    private func acknowledge(_ response: SIPResponse) -> SIPRequest {
        var ack = SIPRequest(method: .ack, uri: request.uri)
        if let via = request.headers.list("Via").first { ack.headers.append("Via", via) }
        ack.headers.append("Max-Forwards", "70")
        for route in request.headers.lines("Route") { ack.headers.append("Route", route) }
        ack.headers.append("To", response.headers["To"] ?? request.headers["To"] ?? "")
        for name in ["From", "Call-ID"] { ack.headers.append(name, request.headers[name] ?? "") }
        let number = request.headers.cSeq?.number ?? 0
        ack.headers.append("CSeq", CSeq(number: number, method: .ack).description)
        return ack
    }
}
