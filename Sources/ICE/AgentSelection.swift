internal import SansIO

// Nomination, the selected pair and its consent, the state (RFC 8445 §8, RFC 7675).
extension ICEAgent {
    // MARK: Nomination by us

    /// Nominates the best valid pair once no better one is in sight (RFC 8445 §8.1.1).
    func considerNomination(at now: MonotonicTime) {
        guard role == .controlling, canCheck, let best = checkList.bestValid else {
            if case .waiting = nomination { nomination = .undecided }
            return
        }
        switch nomination {
        case .requested, .done:
            return
        case .undecided, .waiting:
            let mayImprove = checkList.pairs.contains { $0.priority > best.priority && $0.state.isPending }
            let deadline = nomination.deadline ?? now + configuration.nominationPatience
            guard !mayImprove || now >= deadline else {
                nomination = .waiting(deadline: deadline)
                return
            }
            nomination = .requested(best.key)
            // Deviation: not paced (§14.2). The path has just answered, so it is no new one that might be overloaded,
            // and media need not wait for Ta.
            sendCheck(of: best.key, nominating: true, at: now)
        }
    }

    /// The check with USE-CANDIDATE has succeeded (RFC 8445 §8.1.1, §8.1.2).
    func finishNomination(_ key: CandidatePair.Key, at now: MonotonicTime) {
        guard case .requested(key) = nomination else { return }
        nomination = .done
        checkList.update(key) { $0.nomination = .done }
        select(key, nominated: true, at: now)
        dropPairs { $0.key != key && $0.state != .succeeded }
    }

    // MARK: Nomination by the peer

    /// Selects a valid pair that the controlling peer nominates (RFC 8445 §8.1.2), perhaps not as the first.
    func acceptNomination(_ key: CandidatePair.Key, at now: MonotonicTime) {
        guard let pair = checkList[key] else { return }
        checkList.update(key) { $0.nomination = .done }
        if let selection, selection.isNominated, selection.generation == memory.generation, selection.key != key {
            // An aggressive peer nominates several pairs and means the highest (RFC 5245 §8.1.1.2); one that has left
            // a network nominates a lower one and no longer uses the first.
            let isHigher = pair.priority > checkList[selection.key]?.priority ?? 0
            let isStale = now - selection.lastHeard >= configuration.staleSelection
            guard isHigher || isStale else { return }
        }
        select(key, nominated: true, at: now)
        dropPairs { $0.priority < pair.priority && $0.state != .succeeded && $0.nomination == .none }
    }

    private func dropPairs(where condition: (CandidatePair) -> Bool) {
        checkList.remove(where: condition)
        transactions.removeAll {
            guard case .check(let key, _, _) = $0.purpose else { return false }
            return checkList[key] == nil
        }
    }

    // MARK: The selected pair

    /// Sends packets over a valid pair from now on.
    ///
    /// The first valid pair is used before any nomination (RFC 8445 §12.1); then only a nomination changes it.
    func select(_ key: CandidatePair.Key, nominated: Bool, at now: MonotonicTime) {
        guard let pair = checkList[key], let credentials = remote.credentials else { return }
        if selection?.key == key, selection?.generation == memory.generation {
            selection?.isNominated = nominated
            return
        }
        transactions.removeAll { if case .consent = $0.purpose { true } else { false } }
        selection = Selection(
            key: key,
            generation: memory.generation,
            local: pair.local,
            username: "\(credentials.usernameFragment):\(localCredentials.usernameFragment)",
            remoteKey: credentials.key,
            isNominated: nominated,
            consent: ConsentMonitor(silenceLimit: configuration.disconnectTimeout, at: now, random: &random),
            lastHeard: now
        )
        emit(.selectedPair(local: key.base, remote: key.remote))
    }

    func refreshConsent(of key: CandidatePair.Key, at now: MonotonicTime) {
        guard selection?.key == key else { return }
        selection?.lastHeard = now
        _ = selection?.consent.handle(.validResponse, at: now, random: &random)
    }

    func handleConsentTimeout(at now: MonotonicTime) {
        while let action = selection?.consent.handle(.timeout, at: now, random: &random) {
            switch action {
            case .sendBindingRequest: sendConsentRequest(at: now)
            case .silent: break  // updateState sees it
            case .expired: expireConsent()
            }
        }
    }

    private func expireConsent() {
        let isCurrent = selection?.generation == memory.generation
        selection = nil
        transactions.removeAll { if case .consent = $0.purpose { true } else { false } }
        if isCurrent { giveUp(.consentExpired) }
    }

    // MARK: State

    /// Fails when nothing is left to try and the peer has had its time (RFC 8863 §4).
    func considerFailure(at now: MonotonicTime) {
        guard selection == nil, canCheck, let deadline = pacing.failure, now >= deadline, !checkList.hasPending else {
            return
        }
        giveUp(.noValidPair)
    }

    private func giveUp(_ failure: ICEFailure) {
        transactions.removeAll { $0.purpose != .gathering }
        checkList = CheckList()
        nomination = .undecided
        setState(.failed(failure))
    }

    func updateState() {
        if case .failed = state { return }
        guard let selection else { return setState(remote.credentials == nil ? .new : .checking) }
        if selection.consent.isSilent { return setState(.disconnected) }
        setState(selection.isNominated ? .completed : .connected)
    }

    func setState(_ new: ICEState) {
        guard state != new else { return }
        // Whoever waits for "connected" sees it, even when the nomination came along.
        if new == .completed, state != .connected, state != .disconnected { emit(.state(.connected)) }
        state = new
        emit(.state(new))
    }
}
