internal import STUN
internal import SansIO

// The peer's requests (RFC 8445 §7.3).
extension ICEAgent {
    func handleRequest(
        _ message: STUNMessage,
        _ datagram: RawSpan,
        from source: SocketAddress,
        on base: SocketAddress,
        at now: MonotonicTime
    ) {
        func reject(_ error: STUNErrorCode, key: [UInt8]?, _ attributes: [STUNAttribute] = []) {
            let response = STUNMessage(
                .errorResponse,
                transactionID: message.transactionID,
                attributes: [.errorCode(error)] + attributes
            )
            emit(.transmit(response.encoded(integrityKey: key), from: base, to: source))
        }

        // RFC 8489 §9.1.3.
        guard let username = message.username, let algorithm = message.integrityAlgorithm else {
            counters.unauthenticated += 1
            return reject(.badRequest, key: nil)
        }
        let fragments = username.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard fragments.count == 2, let (credentials, isCurrent) = credentials(of: fragments[0]),
            message.integrity(in: datagram, key: credentials.key) == .valid
        else {
            counters.badIntegrity += 1
            return reject(.unauthenticated, key: nil)
        }
        let unknown = message.unknownComprehensionRequired
        guard unknown.isEmpty else {
            counters.unknownAttributes += 1
            return reject(.unknownAttribute, key: credentials.key, [.unknownAttributes(unknown)])
        }
        guard !isCurrent || resolveConflict(with: message) else { return reject(.roleConflict, key: credentials.key) }

        let response = STUNMessage(
            .successResponse,
            transactionID: message.transactionID,
            attributes: [.xorMappedAddress(source.unscoped)]
        )
        let bytes = response.encoded(integrityKey: credentials.key, algorithm: algorithm)
        emit(.transmit(bytes, from: base, to: source))
        noteHeard(CandidatePair.Key(base: base, remote: source), at: now)
        guard isCurrent else { return }
        take(
            InboundCheck(
                base: base,
                source: source,
                priority: message.priority,
                useCandidate: message.useCandidate,
                remoteFragment: String(fragments[1])
            ),
            at: now
        )
    }

    private func credentials(of fragment: Substring) -> (ICECredentials, isCurrent: Bool)? {
        if fragment == localCredentials.usernameFragment { return (localCredentials, true) }
        guard let previous = memory.previousCredentials, fragment == previous.usernameFragment else { return nil }
        return (previous, false)
    }

    /// Detects and repairs role conflicts (RFC 8445 §7.3.1.1); false when the peer has to switch.
    private func resolveConflict(with message: STUNMessage) -> Bool {
        let ours = memory.tieBreaker
        let isOursLarger: Bool
        switch role {
        case .controlling:
            guard let theirs = message.iceControlling else { return true }
            isOursLarger = ours >= theirs
        case .controlled:
            guard let theirs = message.iceControlled else { return true }
            isOursLarger = ours >= theirs
        }
        counters.roleConflicts += 1
        // The larger tie-breaker controls.
        guard isOursLarger == (role == .controlled) else { return false }
        switchRole()
        return true
    }

    func switchRole() {
        role = role.opposite
        checkList.updatePriorities(role: role)
        if case .done = nomination { return }
        nomination = .undecided
    }

    /// Keeps a check until the remote credentials are known, or lets it have its consequences.
    private func take(_ check: InboundCheck, at now: MonotonicTime) {
        guard remote.credentials == nil else { return process(check, at: now) }
        let isKnown = { (early: InboundCheck) in
            early.base == check.base && early.source == check.source && early.remoteFragment == check.remoteFragment
        }
        if let index = memory.earlyChecks.firstIndex(where: isKnown) {
            memory.earlyChecks[index].useCandidate = memory.earlyChecks[index].useCandidate || check.useCandidate
        } else if memory.earlyChecks.count < configuration.earlyCheckLimit {
            memory.earlyChecks.append(check)
            learnPath(CandidatePair.Key(base: check.base, remote: check.source))
        } else {
            counters.overLimit += 1
        }
    }

    /// Peer-reflexive candidates, triggered checks, nomination by the peer (RFC 8445 §7.3.1.3 to §7.3.1.5).
    func process(_ check: InboundCheck, at now: MonotonicTime) {
        guard check.remoteFragment == remote.credentials?.usernameFragment else {
            counters.foreignFragment += 1
            return
        }
        let key = CandidatePair.Key(base: check.base, remote: check.source)
        // Once we have nominated, other pairs are answered and need no checks of ours.
        if role == .controlling, case .done = nomination { return learnPath(key) }
        guard let host = gatherer.host(at: check.base), let candidate = remoteCandidate(of: check) else { return }
        if checkList[key] == nil {
            guard CandidatePair.canForm(check.base, check.source) else { return }
            let pair = CandidatePair(local: host, remote: candidate, role: role, state: .waiting)
            guard checkList.insert(pair, limit: configuration.pairLimit) else {
                counters.overLimit += 1
                return
            }
        }
        learnPath(key)
        checkList.update(key) {
            $0.lastHeard = now
            if check.useCandidate, role == .controlled, $0.nomination == .none { $0.nomination = .requested }
        }
        switch checkList[key]?.state {
        case .succeeded:
            if check.useCandidate, role == .controlled { acceptNomination(key, at: now) }
        case .inProgress:
            transactions.cancelChecks(until: now + Self.cancelledLifetime) { $0 == key }
            checkList.trigger(key)
        case .frozen, .waiting, .failed:
            checkList.trigger(key)
        case nil:
            break
        }
    }

    private func remoteCandidate(of check: InboundCheck) -> ICECandidate? {
        if let known = remote.candidate(at: check.source) { return known }
        let made = remote.addPeerReflexive(
            at: check.source,
            priority: check.priority,
            limit: configuration.peerReflexiveLimit
        )
        if made == nil { counters.overLimit += 1 }
        return made
    }

    func learnPath(_ key: CandidatePair.Key) {
        guard !memory.learntPaths.contains(key) else { return }
        guard memory.learntPaths.count < configuration.learntPathLimit else {
            counters.overLimit += 1
            return
        }
        memory.learntPaths.insert(key)
        emit(.pathLearnt(local: key.base, remote: key.remote))
    }

    private func noteHeard(_ key: CandidatePair.Key, at now: MonotonicTime) {
        guard selection?.key == key else { return }
        selection?.lastHeard = now
        _ = selection?.consent.handle(.validRequest, at: now, random: &random)
    }

    /// How long the response to a check that was sent anew is still worth something.
    private static let cancelledLifetime = Duration.seconds(4)
}
