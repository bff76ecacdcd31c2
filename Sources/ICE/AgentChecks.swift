internal import STUN
internal import SansIO

// Our own requests: to STUN servers, connectivity checks, consent (RFC 8445 §7.2).
extension ICEAgent {
    var canCheck: Bool {
        guard remote.credentials != nil else { return false }
        if case .failed = state { return false }
        return true
    }

    func addPair(_ host: ICECandidate, _ candidate: ICECandidate) {
        guard CandidatePair.canForm(host.base, candidate.address) else { return }
        let pair = CandidatePair(local: host, remote: candidate, role: role)
        if !checkList.insert(pair, limit: configuration.pairLimit) { counters.overLimit += 1 }
    }

    /// Starts at most one new transaction per Ta (RFC 8445 §14.2).
    func runPaced(at now: MonotonicTime) {
        if gatherer.deadline != nil, !gatherer.hasRequests, !transactions.contains(where: { $0 == .gathering }) {
            finishGathering()
        }
        guard now >= pacing.nextStart else { return }
        if let request = gatherer.popRequest() {
            askServer(request, at: now)
        } else if canCheck, let key = checkList.popNext() {
            checkList.update(key) { $0.state = .inProgress }
            sendCheck(of: key, nominating: false, at: now)
        } else {
            return
        }
        pacing.nextStart = now + configuration.pacing
    }

    // MARK: STUN servers

    private func askServer(_ request: CandidateGatherer.Request, at now: MonotonicTime) {
        // Deviation: RFC 8445 §14.3 has 500 ms at least, in which time the answer to a call is due; a few small
        // datagrams more to a server of our own choosing hurt nobody.
        let retransmission = STUNRetransmission(rto: Self.gatheringRTO, sentAt: now)
        send(
            STUNMessage(.request, transactionID: STUNTransactionID(random: &random)),
            purpose: .gathering,
            from: request.base,
            to: request.server,
            key: nil,
            retransmission: retransmission,
            at: now
        )
    }

    func finishGathering() {
        guard gatherer.finish() else { return }
        transactions.removeAll { $0.purpose == .gathering }
        emit(.gatheringComplete)
    }

    private static let gatheringRTO = Duration.milliseconds(100)

    // MARK: Requests to the peer

    func sendCheck(of key: CandidatePair.Key, nominating: Bool, at now: MonotonicTime) {
        guard let pair = checkList[key], let credentials = remote.credentials else { return }
        guard transactions.count < Self.transactionLimit else {
            counters.overLimit += 1
            checkList.update(key) { $0.state = .failed }
            return
        }
        var message = request(
            username: "\(credentials.usernameFragment):\(localCredentials.usernameFragment)",
            priority: pair.local.peerReflexivePriority
        )
        if nominating { message.attributes.append(.useCandidate) }
        send(
            message,
            purpose: .check(key, nominating: nominating, role: role),
            from: key.base,
            to: key.remote,
            key: credentials.key,
            retransmission: STUNRetransmission(rto: retransmissionTimeout(of: pair), sentAt: now),
            at: now
        )
    }

    func sendConsentRequest(at now: MonotonicTime) {
        guard let selection, transactions.count < Self.transactionLimit else { return }
        send(
            request(username: selection.username, priority: selection.local.peerReflexivePriority),
            purpose: .consent(selection.key),
            from: selection.key.base,
            to: selection.key.remote,
            key: selection.remoteKey,
            // Each request is sent once only (RFC 7675 §5.1), and worth nothing after the consent has expired.
            retransmission: STUNRetransmission(
                rto: ConsentMonitor.lifetime,
                requests: 1,
                finalWaitFactor: 1,
                sentAt: now
            ),
            at: now
        )
    }

    private func request(username: String, priority: UInt32) -> STUNMessage {
        let tieBreaker = memory.tieBreaker
        return STUNMessage(
            .request,
            transactionID: STUNTransactionID(random: &random),
            attributes: [
                .username(username), .priority(priority),
                role == .controlling ? .iceControlling(tieBreaker) : .iceControlled(tieBreaker),
            ]
        )
    }

    private func send(
        _ message: STUNMessage,
        purpose: Transaction.Purpose,
        from base: SocketAddress,
        to remote: SocketAddress,
        key: [UInt8]?,
        retransmission: STUNRetransmission,
        at now: MonotonicTime
    ) {
        let bytes = message.encoded(integrityKey: key)
        let transaction = Transaction(
            id: message.transactionID,
            purpose: purpose,
            bytes: bytes,
            base: base,
            remote: remote,
            key: key,
            sentAt: now,
            retransmission: retransmission
        )
        transactions.insert(transaction)
        emit(.transmit(bytes, from: base, to: remote))
    }

    /// RFC 8445 §14.3, and twice the round trip where that has been measured.
    private func retransmissionTimeout(of pair: CandidatePair) -> Duration {
        // Deviation: 500 ms at least for what is known to be a faster path only costs time when a nomination is lost.
        if let roundTrip = pair.roundTrip { return max(roundTrip * 2, Self.measuredRTO) }
        return max(configuration.minimumRTO, configuration.pacing * checkList.loadCount)
    }

    private static let measuredRTO = Duration.milliseconds(100)
    /// Requests under way at most; 100 pairs need no more than one and a few cancelled ones each.
    private static let transactionLimit = 256

    // MARK: Responses

    /// False when the response is to nothing we asked.
    func handleResponse(
        _ message: STUNMessage,
        _ datagram: RawSpan,
        from source: SocketAddress,
        on base: SocketAddress,
        at now: MonotonicTime
    ) -> Bool {
        guard let transaction = transactions[message.transactionID] else {
            counters.unmatchedResponses += 1
            return false
        }
        if let key = transaction.key {
            // What fails this, errors without integrity among it, counts as not received (RFC 8489 §9.1.4).
            guard message.integrity(in: datagram, key: key) == .valid else {
                counters.badIntegrity += 1
                return true
            }
        }
        guard message.unknownComprehensionRequired.isEmpty else {
            counters.unknownAttributes += 1
            return true
        }
        let isSymmetric = source == transaction.remote && base == transaction.base
        switch transaction.purpose {
        case .gathering:
            guard isSymmetric else {
                counters.asymmetricResponses += 1
                return true
            }
            transactions.remove(transaction.id)
            addReflexive(message, base: base, server: source)
        case .consent(let key):
            guard isSymmetric, message.messageClass == .successResponse else { return true }
            transactions.remove(transaction.id)
            refreshConsent(of: key, at: now)
        case .check(let key, let nominating, let sentRole):
            transactions.remove(transaction.id)
            guard isSymmetric else {
                counters.asymmetricResponses += 1
                fail(transaction, at: now)
                return true
            }
            if let error = message.errorCode, message.messageClass == .errorResponse {
                handleError(error, of: transaction, key: key, sentRole: sentRole, at: now)
            } else if message.messageClass == .successResponse {
                succeed(key, nominating: nominating, transaction: transaction, message, at: now)
            }
        }
        return true
    }

    private func addReflexive(_ message: STUNMessage, base: SocketAddress, server: SocketAddress) {
        guard message.messageClass == .successResponse, let address = message.mappedAddress,
            let candidate = gatherer.addReflexive(.serverReflexive, address: address, base: base, server: server)
        else { return }
        emit(.candidate(candidate))
    }

    private func handleError(
        _ error: STUNErrorCode,
        of transaction: Transaction,
        key: CandidatePair.Key,
        sentRole: ICERole,
        at now: MonotonicTime
    ) {
        guard error.code == STUNErrorCode.roleConflict.code else { return fail(transaction, at: now) }
        counters.roleConflicts += 1
        // Only a request in the present role can lose it; the conflict may have been settled meanwhile (§7.2.5.1).
        if sentRole == role { switchRole() } else if checkList[key]?.state == .succeeded { return }
        checkList.trigger(key)
    }

    /// A check has succeeded (RFC 8445 §7.2.5.3).
    private func succeed(
        _ key: CandidatePair.Key,
        nominating: Bool,
        transaction: Transaction,
        _ message: STUNMessage,
        at now: MonotonicTime
    ) {
        guard let pair = checkList[key] else { return }
        if let mapped = message.mappedAddress {
            // A local peer-reflexive candidate (§7.2.5.3.1); it is not signalled, and has the base of the pair.
            _ = gatherer.addReflexive(.peerReflexive, address: mapped, base: key.base, server: nil)
        }
        checkList.update(key) {
            $0.state = .succeeded
            $0.lastHeard = now
            if !transaction.isRetransmitted { $0.roundTrip = now - transaction.sentAt }
        }
        learnPath(key)
        refreshConsent(of: key, at: now)
        if selection?.generation != memory.generation { select(key, nominated: false, at: now) }
        switch role {
        case .controlling where nominating: finishNomination(key, at: now)
        case .controlled where pair.nomination != .none: acceptNomination(key, at: now)
        case .controlling, .controlled: break
        }
    }

    /// A check has failed, by timeout or by its response.
    func fail(_ transaction: Transaction, at now: MonotonicTime) {
        guard case .check(let key, let nominating, _) = transaction.purpose else { return }
        if nominating {
            if case .requested(key) = nomination { nomination = .undecided }
        } else {
            // A newer check of the pair, or its success, outweighs the failure of an older one.
            guard checkList[key]?.state == .inProgress, transaction.cancelledUntil == nil else { return }
        }
        checkList.update(key) { $0.state = .failed }
    }
}
