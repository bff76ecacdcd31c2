package import STUN
package import SansIO

/// A full ICE agent for one component (RFC 8445), with consent freshness (RFC 7675).
///
/// Does no I/O: give one input, drain ``pollOutput()`` to `nil`, then sleep until ``nextTimeout``. Checks are answered
/// as soon as a host candidate is added, before anything is known of the peer. Confined to one loop; not `Sendable`.
///
/// Not implemented, and why: RTCP on a component of its own, as rtcp-mux is required of WebRTC endpoints (RFC 8834
/// §4.5); being lite, as a full agent works in every place; TCP candidates (RFC 6544) and aggressive nomination,
/// obsolete with RFC 8445; names as candidates, as a peer that hides its addresses becomes a peer-reflexive candidate
/// by its own checks; keeping alive reflexive candidates before the checks begin (§5.1.1.4), as a call is answered
/// within a NAT binding's lifetime or waits for a fresh offer; a second nomination of ours in one generation, which
/// §8.1.1 forbids: a lost path takes a restart; relayed candidates, for which base and candidate type have room.
package final class ICEAgent {
    package let configuration: ICEConfiguration
    package internal(set) var role: ICERole
    package internal(set) var localCredentials: ICECredentials
    package internal(set) var state = ICEState.new
    package internal(set) var counters = ICECounters()
    /// When ``handleTimeout(at:)`` wants to be called; kept up to date, so reading it costs nothing.
    package private(set) var nextTimeout: MonotonicTime?

    var random: RandomSource
    var gatherer = CandidateGatherer()
    var remote = RemoteParty()
    var checkList = CheckList()
    var transactions = TransactionTable()
    var nomination = Nomination.undecided
    var selection: Selection?
    var memory = Memory()
    var pacing = Pacing()
    private var outputs = OutputQueue<ICEOutput>()

    /// - Parameters:
    ///   - role: The offerer controls (RFC 8445 §6.1.1), unless a lite peer or a conflict decides otherwise.
    ///   - random: Must be cryptographic in production: credentials and transaction identifiers come from it.
    package init(configuration: ICEConfiguration = ICEConfiguration(), role: ICERole, random: RandomSource) {
        precondition(configuration.pacing >= .milliseconds(5), "Ta is not below 5 ms (RFC 8445 §14.2)")
        self.configuration = configuration
        self.role = role
        self.random = random
        localCredentials = ICECredentials(random: &self.random)
        memory.tieBreaker = self.random.next()
    }

    // MARK: Local side

    /// Local candidates to signal, found so far.
    package var localCandidates: [ICECandidate] { gatherer.candidates.filter { $0.type != .peerReflexive } }

    package var gatheringState: ICEGatheringState { gatherer.gatheringState }

    /// The pair packets travel over.
    package var selectedPair: (local: SocketAddress, remote: SocketAddress)? {
        selection.map { ($0.key.base, $0.key.remote) }
    }

    /// Adds an address of ours; those added first are preferred.
    package func addHostCandidate(base: SocketAddress, at now: MonotonicTime) {
        guard let host = gatherer.addHost(base) else { return }
        emit(.candidate(host))
        for candidate in remote.candidates { addPair(host, candidate) }
        step(at: now)
    }

    /// Adds a server to ask for our reflexive addresses; before ``startGathering(at:)``.
    package func addSTUNServer(_ server: SocketAddress) { gatherer.addServer(server) }

    /// Asks the servers; without any, gathering is complete at once.
    package func startGathering(at now: MonotonicTime) {
        guard gatherer.start(deadline: now + configuration.gatheringTimeout) else { return }
        step(at: now)
    }

    // MARK: Remote side

    /// Sets what the peer's description says about it; checks begin when candidates, or checks of the peer, are there.
    ///
    /// Other credentials than before are a new generation: the remote candidates are forgotten. A restart needs
    /// ``restart(at:)`` first.
    package func setRemote(credentials: ICECredentials, isLite: Bool = false, at now: MonotonicTime) {
        guard remote.credentials != credentials else { return }
        if remote.credentials != nil { forgetRemote() }
        remote.credentials = credentials
        remote.isLite = isLite
        // "A lite agent takes the controlled role" when its peer is full (RFC 8445 §6.1.1).
        if isLite, role == .controlled { switchRole() }
        pacing.failure = now + configuration.failureTimeout
        for check in memory.takeEarlyChecks() { process(check, at: now) }
        step(at: now)
    }

    /// Takes a candidate of the peer's; what cannot be used is counted and ignored.
    package func addRemoteCandidate(_ description: ICECandidateDescription, at now: MonotonicTime) {
        guard description.transport.lowercased() == "udp", description.component == 1,
            let type = ICECandidateType(token: description.type)
        else {
            counters.unusableCandidates += 1
            return
        }
        guard let address = SocketAddress(description.address, port: description.port) else {
            counters.namedCandidates += 1
            return
        }
        let candidate = ICECandidate(
            foundation: description.foundation,
            priority: description.priority,
            address: address,
            type: type
        )
        addRemoteCandidate(candidate, at: now)
    }

    /// Takes a candidate of the peer's whose address is known to be literal.
    package func addRemoteCandidate(_ candidate: ICECandidate, at now: MonotonicTime) {
        guard candidate.address.isUnicast else {
            counters.unusableCandidates += 1
            return
        }
        if var known = remote.candidate(at: candidate.address) {
            guard known.type == .peerReflexive, candidate.type != .peerReflexive else { return }
            (known.type, known.priority, known.foundation) = (candidate.type, candidate.priority, candidate.foundation)
            remote.replace(known)
            checkList.replaceRemote(known, role: role)
        } else {
            guard remote.candidates.count < configuration.remoteCandidateLimit else {
                counters.overLimit += 1
                return
            }
            remote.append(candidate)
            // A peer that still trickles has its time from its last candidate on.
            if !remote.hasEnded, pacing.failure != nil { pacing.failure = now + configuration.failureTimeout }
            for host in gatherer.hosts { addPair(host, candidate) }
        }
        step(at: now)
    }

    /// The peer will signal no more candidates.
    package func endOfCandidates(at now: MonotonicTime) {
        remote.hasEnded = true
        step(at: now)
    }

    /// Sets the role, as when an answer shows who offered.
    package func setRole(_ role: ICERole, at now: MonotonicTime) {
        if self.role != role { switchRole() }
        step(at: now)
    }

    // MARK: Restart

    /// Starts a new generation with new credentials (RFC 8445 §9), ours or in response to the peer's.
    ///
    /// Host candidates and servers stay; call ``startGathering(at:)`` and, when the description comes,
    /// ``setRemote(credentials:isLite:at:)`` again. The selected pair keeps working, with consent under the old
    /// credentials, until a pair of the new generation is valid.
    package func restart(at now: MonotonicTime) {
        memory.previousCredentials = localCredentials
        memory.generation += 1
        _ = memory.takeEarlyChecks()
        localCredentials = ICECredentials(random: &random)
        transactions.removeAll { if case .consent = $0.purpose { false } else { true } }
        gatherer.restart()
        forgetRemote()
        if case .failed = state { setState(.new) }
        step(at: now)
    }

    private func forgetRemote() {
        remote = RemoteParty()
        checkList = CheckList()
        transactions.removeAll { if case .check = $0.purpose { true } else { false } }
        nomination = .undecided
        pacing.failure = nil
    }

    // MARK: Datagrams and time

    /// Takes a datagram.
    ///
    /// - Parameter base: The address of ours that it was sent to.
    /// - Returns: False when it is not STUN, or a response to nothing this agent asked.
    package func handle(
        stun datagram: RawSpan,
        from source: SocketAddress,
        on base: SocketAddress,
        at now: MonotonicTime
    ) -> Bool {
        guard STUNMessage.isSTUN(datagram) else { return false }
        guard gatherer.host(at: base) != nil else {
            counters.unknownBase += 1
            return true
        }
        guard let message = try? STUNMessage(parsing: datagram) else {
            counters.malformed += 1
            return true
        }
        guard message.fingerprint(in: datagram) != .invalid else {
            counters.badFingerprint += 1
            return true
        }
        guard message.method == .binding else {
            counters.unknownMethod += 1
            return message.messageClass == .request || message.messageClass == .indication
        }
        defer { step(at: now) }
        switch message.messageClass {
        case .request:
            handleRequest(message, datagram, from: source, on: base, at: now)
            return true
        case .indication:
            return true  // a keepalive (RFC 8445 §11)
        case .successResponse, .errorResponse:
            return handleResponse(message, datagram, from: source, on: base, at: now)
        }
    }

    /// Whether a response with this identifier answers a request of ours; for routers of shared sockets.
    package func awaitsResponse(to id: STUNTransactionID) -> Bool { transactions[id] != nil }

    /// Time has passed.
    package func handleTimeout(at now: MonotonicTime) {
        if let deadline = gatherer.deadline, now >= deadline { finishGathering() }
        while let event = transactions.popDue(at: now) {
            switch event {
            case .retransmit(let transaction):
                emit(.transmit(transaction.bytes, from: transaction.base, to: transaction.remote))
            case .timedOut(let transaction): fail(transaction, at: now)
            case .dropped: break
            }
        }
        handleConsentTimeout(at: now)
        step(at: now)
    }

    /// The next consequence of the inputs so far.
    package func pollOutput() -> ICEOutput? { outputs.popFirst() }

    // MARK: Common end of every input

    /// Does what has become possible or due, and sets the alarm.
    func step(at now: MonotonicTime) {
        runPaced(at: now)
        considerNomination(at: now)
        considerFailure(at: now)
        updateState()
        let hasPaced = gatherer.hasRequests || (canCheck && checkList.hasWork)
        nextTimeout = [
            gatherer.deadline, transactions.nextDeadline, selection?.consent.nextTimeout, nomination.deadline,
            hasPaced ? pacing.nextStart : nil, failureAlarm(after: now),
        ].lazy.compactMap(\.self).min()
    }

    /// Once the time has passed, what the failure still waits for has alarms of its own.
    private func failureAlarm(after now: MonotonicTime) -> MonotonicTime? {
        guard state == .checking, let failure = pacing.failure, failure > now else { return nil }
        return failure
    }

    func emit(_ output: ICEOutput) { outputs.append(output) }
}

extension ICEAgent {
    /// How far the controlling agent is with nominating (RFC 8445 §8.1.1).
    enum Nomination {
        case undecided
        /// A pair is valid; a better one may become so until then.
        case waiting(deadline: MonotonicTime)
        case requested(CandidatePair.Key)
        case done

        var deadline: MonotonicTime? {
            guard case .waiting(let deadline) = self else { return nil }
            return deadline
        }
    }

    /// The pair packets travel over, with the credentials its consent is asked with.
    struct Selection {
        let key: CandidatePair.Key
        let generation: Int
        let local: ICECandidate
        let username: String
        let remoteKey: [UInt8]
        var isNominated: Bool
        var consent: ConsentMonitor
        var lastHeard: MonotonicTime
    }

    /// What the agent remembers across checks.
    struct Memory {
        var tieBreaker: UInt64 = 0
        var generation = 0
        /// Requests under the old credentials are still answered after a restart.
        var previousCredentials: ICECredentials?
        var earlyChecks: [InboundCheck] = []
        var learntPaths: Set<CandidatePair.Key> = []

        mutating func takeEarlyChecks() -> [InboundCheck] {
            defer { earlyChecks = [] }
            return earlyChecks
        }
    }

    /// When things may or must happen.
    struct Pacing {
        /// The earliest time for another new transaction (RFC 8445 §14.2).
        var nextStart = MonotonicTime(nanoseconds: .min)
        /// From then on the agent may fail (RFC 8863 §4).
        var failure: MonotonicTime?
    }
}
