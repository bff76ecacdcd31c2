internal import SIPMessages
internal import SansIO

extension UserAgentCore {
    // MARK: - Sending

    /// Sends a request of ours, with credentials where a realm is known already.
    mutating func send(_ request: SIPRequest, for purpose: Purpose, at now: MonotonicTime) {
        guard connection.isConnected else { return failUnsent(request, purpose, at: now) }
        var request = request
        if request.method != .cancel { digest.authorise(&request) }
        let key = transactions.send(request, at: now)
        purposes[key] = (purpose, request)
        if case .invite(let id) = purpose { sessions[id]?.noteRetry(request, key: key) }
    }

    private mutating func failUnsent(_ request: SIPRequest, _ purpose: Purpose, at now: MonotonicTime) {
        if request.method == .bye {
            // The peer still believes in the call: tell it over the next connection.
            guard deferred.count < Self.deferredLimit else { return }
            return deferred.append((request, now + SIPTimers.transactionTimeout))
        }
        deliverFailure(.connectionError, purpose, at: now)
    }

    /// Requests kept while there is no connection.
    private static let deferredLimit = 64

    // MARK: - Transactions

    mutating func drainTransactions(at now: MonotonicTime) {
        while let output = transactions.pollOutput() {
            switch output {
            case .transmit(let message): transmit(message)
            case .request(let key, let request): handleRequest(request, key: key, at: now)
            case .response(let key, let response): handleResponse(response, key: key, at: now)
            case .timedOut(let key): handleFailure(.requestTimeout, key: key, at: now)
            case .transportFailed(let key): handleFailure(.connectionError, key: key, at: now)
            case .notAcknowledged: break  // nothing is left of a call that was refused
            }
        }
    }

    private mutating func transmit(_ message: SIPMessage) {
        guard connection.isConnected else { return }
        switch message {
        case .request(let request): outputs.append(.send(request.serialised()))
        case .response(let response): outputs.append(.send(response.serialised()))
        }
    }

    private mutating func handleFailure(_ cause: SIPCause, key: TransactionKey, at now: MonotonicTime) {
        guard let (purpose, request) = purposes.removeValue(forKey: key) else { return }
        if cause == .connectionError, request.method == .bye, deferred.count < Self.deferredLimit {
            return deferred.append((request, now + SIPTimers.transactionTimeout))
        }
        deliverFailure(cause, purpose, at: now)
    }

    private mutating func deliverFailure(_ cause: SIPCause, _ purpose: Purpose, at now: MonotonicTime) {
        switch purpose {
        case .registration: registration.handleFailure(cause, factory: &factory, at: now)
        case .invite(let id): withSession(id, at: now) { session, _ in session.handleInviteFailure(cause) }
        case .standalone(let id): outputs.append(.event(.requestFailed(id, .system, nil, cause)))
        case .inDialog, .cancel: break
        }
    }

    private mutating func handleResponse(_ response: SIPResponse, key: TransactionKey?, at now: MonotonicTime) {
        guard let key, let (purpose, request) = purposes[key] else {
            // A 2xx after its transaction is gone still wants an ACK (§13.2.2.4).
            guard response.isSuccess, response.headers.cSeq?.method == .invite else { return }
            return handleStrayAnswer(response, at: now)
        }
        let staysOpen = !response.isFinal || request.method == .invite && response.isSuccess
        if !staysOpen { purposes[key] = nil }
        if response.isFinal, request.method != .cancel, answerChallenge(response, request, purpose, at: now) { return }
        switch purpose {
        case .registration: registration.handle(response, factory: &factory, at: now)
        case .invite(let id): withSession(id, at: now) { $0.handleInviteResponse(response, factory: &$1, at: now) }
        case .inDialog(let id) where response.isFinal:
            withSession(id, at: now) { $0.handleInDialogResponse(response, to: request, factory: &$1) }
        case .standalone(let id) where response.isFinal:
            outputs.append(
                .event(
                    response.isSuccess
                        ? .requestSucceeded(id, response)
                        : .requestFailed(id, .remote, response, SIPCause(standalone: response.statusCode))
                )
            )
        case .inDialog, .standalone, .cancel: break
        }
    }

    /// Tries again with credentials; false when the challenge is not ours to answer.
    private mutating func answerChallenge(
        _ response: SIPResponse,
        _ request: SIPRequest,
        _ purpose: Purpose,
        at now: MonotonicTime
    ) -> Bool {
        guard DigestClient.Challenger(statusCode: response.statusCode) != nil else { return false }
        if case .invite(let id) = purpose, sessions[id]?.isEnded ?? true { return false }
        do {
            try digest.handle(response, to: request)
        } catch {
            return false  // the caller learns of it by the response's cause
        }
        send(factory.retry(request), for: purpose, at: now)
        return true
    }

    private mutating func handleStrayAnswer(_ response: SIPResponse, at now: MonotonicTime) {
        guard let callID = response.headers.callID, let tag = response.headers.from?.tag else { return }
        let id = SessionID(callID: callID, fromTag: tag)
        withSession(id, at: now) { $0.handleInviteResponse(response, factory: &$1, at: now) }
    }

    // MARK: - Sessions and registration

    /// Gives a session one input and carries out what follows from it.
    mutating func withSession(
        _ id: SessionID,
        at now: MonotonicTime,
        _ body: (inout Session, inout RequestFactory) -> Void
    ) {
        guard var session = sessions[id] else { return }
        body(&session, &factory)
        var pending: [SessionOutput] = []
        while let output = session.pollOutput() { pending.append(output) }
        sessions[id] = session
        for output in pending {
            switch output {
            case .send(let request): send(request, for: purpose(of: request, id), at: now)
            case .sendACK(let request): transactions.sendStateless(.request(request))
            case .respond(let key, let response): respond(key, response, at: now)
            case .event(let event): outputs.append(.event(.session(id, event)))
            }
        }
    }

    private func purpose(of request: SIPRequest, _ id: SessionID) -> Purpose {
        switch request.method {
        case .invite where request.headers.to?.tag == nil: .invite(id)
        case .cancel: .cancel
        default: .inDialog(id)
        }
    }

    /// Carries out what registration and transactions still have to say, and forgets sessions that are done.
    mutating func settle(at now: MonotonicTime) {
        while let output = registration.pollOutput() {
            switch output {
            case .send(let request): send(request, for: .registration, at: now)
            case .registered(let response): outputs.append(.event(.registered(response)))
            case .unregistered(let response, let cause): outputs.append(.event(.unregistered(response, cause)))
            case .failed(let response, let cause): outputs.append(.event(.registrationFailed(response, cause)))
            }
        }
        drainTransactions(at: now)
        for (id, session) in sessions where session.isDisposable {
            sessions[id] = nil
            legs[Leg(callID: id.callID, localTag: session.localTag)] = nil
        }
        let alive = transactions
        purposes = purposes.filter { alive.isAlive($0.key) }
    }
}

extension SIPCause {
    /// The cause of a failed MESSAGE or OPTIONS, for which a 408 is a time-out.
    init(standalone statusCode: Int) { self = statusCode == 408 ? .requestTimeout : SIPCause(statusCode: statusCode) }
}
