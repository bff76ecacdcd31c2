package import SIPMessages
package import SansIO

/// One SIP user agent without its sockets: connection, registration, calls and messages of one account.
///
/// Engine: hand in one input, drain ``pollOutput()`` to `nil`, then sleep until ``nextTimeout``. Events come in JsSIP's
/// order. What comes in from the network is in `UserAgentCore+Requests` and `UserAgentCore+Responses`.
package struct UserAgentCore {
    enum Status: Equatable {
        case stopped
        case running
        /// `stop()` was called: the wire is given until then to become quiet.
        case stopping(deadline: MonotonicTime)
    }

    /// What a request of ours was for, until its final response.
    enum Purpose {
        case registration
        case invite(SessionID)
        case inDialog(SessionID)
        case standalone(RequestID)
        case cancel
    }

    /// Finds the session of a request within a dialog: the Call-ID and our tag, whatever the peer's fork.
    struct Leg: Hashable {
        var callID: String
        var localTag: String
    }

    let configuration: UserAgentCoreConfiguration
    var status = Status.stopped
    var factory: RequestFactory
    var transactions = TransactionLayer(isReliable: true)
    var digest: DigestClient
    var registration: Registration
    var connection: ConnectionManager
    var sessions: [SessionID: Session] = [:]
    var legs: [Leg: SessionID] = [:]
    var purposes: [TransactionKey: (purpose: Purpose, request: SIPRequest)] = [:]
    /// Requests that survive a lost connection: BYEs, each with the time after which it is pointless.
    var deferred: [(request: SIPRequest, deadline: MonotonicTime)] = []
    var outputs = OutputQueue<UserAgentCoreOutput>()

    package init(configuration: UserAgentCoreConfiguration, random: RandomSource) {
        var random = random
        self.configuration = configuration
        factory = RequestFactory(identity: configuration.identity, random: random.fork())
        digest = DigestClient(credentials: configuration.credentials, random: random.fork())
        registration = Registration(configuration: configuration.registration, factory: &factory)
        connection = ConnectionManager(
            weights: configuration.serverWeights,
            recovery: configuration.recovery,
            random: random.fork()
        )
    }

    package mutating func pollOutput() -> UserAgentCoreOutput? { outputs.popFirst() }

    package var nextTimeout: MonotonicTime? {
        var deadlines = sessions.values.compactMap(\.nextTimeout)
        deadlines += [transactions.nextTimeout, registration.nextTimeout, connection.nextTimeout].compactMap(\.self)
        deadlines += deferred.map(\.deadline)
        if case .stopping(let deadline) = status { deadlines.append(deadline) }
        return deadlines.min()
    }

    package var isConnected: Bool { connection.isConnected }
    package var isRegistered: Bool { registration.isRegistered }
    /// Sessions and transactions alive, for leak tests.
    package var liveObjects: Int { sessions.count + legs.count + transactions.count + purposes.count + deferred.count }

    // MARK: - Life

    package mutating func start(at now: MonotonicTime) {
        status = .running
        if let server = connection.start() { connect(to: server) }
    }

    /// Un-registers, ends every call, and disconnects when the wire is quiet, after two seconds at the latest.
    package mutating func stop(at now: MonotonicTime) {
        guard status == .running else { return }
        status = .stopping(deadline: now + Self.stopGrace)
        registration.unregister(factory: &factory)
        for id in sessions.keys { withSession(id, at: now) { $0.terminate(factory: &$1, at: now) } }
        settle(at: now)
    }

    /// JsSIP's grace period after `stop()`.
    private static let stopGrace = Duration.seconds(2)

    package mutating func handleTransportConnected(at now: MonotonicTime) {
        connection.handleConnected()
        outputs.append(.event(.connected))
        for (request, _) in deferred { send(factory.retry(request), for: .cancel, at: now) }
        deferred = []
        if configuration.registersOnConnect, status == .running { registration.register(factory: &factory) }
        settle(at: now)
    }

    package mutating func handleTransportClosed(at now: MonotonicTime) {
        transactions.handleTransportFailure()
        drainTransactions(at: now)
        for id in sessions.keys { withSession(id, at: now) { session, _ in session.handleTransportClosed() } }
        connection.handleFailure(at: now)
        outputs.append(.event(.disconnected(isError: true)))
        registration.handleTransportClosed()
        if case .stopping = status { finishStop() }
        settle(at: now)
    }

    package mutating func handleTimeout(at now: MonotonicTime) {
        transactions.handleTimeout(at: now)
        drainTransactions(at: now)
        for (id, session) in sessions where session.nextTimeout.map({ $0 <= now }) ?? false {
            withSession(id, at: now) { $0.handleTimeout(factory: &$1, at: now) }
        }
        registration.handleTimeout(factory: &factory, at: now)
        deferred.removeAll { $0.deadline <= now }
        if let server = connection.handleTimeout(at: now) { connect(to: server) }
        settle(at: now)
        if case .stopping(let deadline) = status, deadline <= now { finishStop() }
    }

    private mutating func connect(to server: Int) {
        outputs.append(.event(.connecting(server: server, attempts: connection.attempts)))
        outputs.append(.connect(server: server))
    }

    private mutating func finishStop() {
        let wasConnected = connection.isConnected
        status = .stopped
        connection.stop()
        sessions = [:]
        legs = [:]
        purposes = [:]
        deferred = []
        transactions = TransactionLayer(isReliable: true)
        if wasConnected {
            outputs.append(.disconnect)
            outputs.append(.event(.disconnected(isError: false)))
        }
        outputs.append(.event(.stopped))
    }

    // MARK: - Registration

    package mutating func register(at now: MonotonicTime) {
        guard connection.isConnected else {
            return outputs.append(.event(.registrationFailed(nil, .connectionError)))
        }
        registration.register(factory: &factory)
        settle(at: now)
    }

    package mutating func unregister(all: Bool = false, at now: MonotonicTime) {
        registration.unregister(all: all, factory: &factory)
        settle(at: now)
    }

    // MARK: - Calls

    /// Calls `target`; the session's events follow.
    package mutating func invite(
        _ target: SIPURI,
        offer: SessionBody?,
        options: InviteOptions = InviteOptions(),
        at now: MonotonicTime
    ) -> SessionID {
        let contact = registration.publicGRUU.flatMap(SIPURI.init) ?? outgoingContact
        let session = Session(to: target, offer: offer, options: options, contact: contact, factory: &factory)
        let id = session.id
        sessions[id] = session
        legs[Leg(callID: id.callID, localTag: id.fromTag)] = id
        outputs.append(.event(.newRTCSession(.local, id, session.invite)))
        withSession(id, at: now) { _, _ in }
        settle(at: now)
        return id
    }

    /// Without a GRUU a call's Contact asks to be reached over this very flow (RFC 5626 §4.3).
    private var outgoingContact: SIPURI {
        var contact = factory.identity.contact
        contact.parameters.set("ob", to: nil)
        return contact
    }

    package mutating func ring(_ id: SessionID, at now: MonotonicTime) {
        let timeout = configuration.noAnswerTimeout
        command(id, at: now) { $0.ring(noAnswerTimeout: timeout, factory: $1, at: now) }
    }

    package mutating func answer(
        _ id: SessionID,
        body: SessionBody,
        extraHeaders: [SIPHeaders.Field] = [],
        at now: MonotonicTime
    ) {
        command(id, at: now) { $0.answer(body, extraHeaders: extraHeaders, factory: $1, at: now) }
    }

    /// Refuses an incoming call because the media side failed.
    package mutating func fail(_ id: SessionID, statusCode: Int, cause: SIPCause, at now: MonotonicTime) {
        command(id, at: now) { $0.fail(statusCode: statusCode, cause: cause, factory: $1) }
    }

    package mutating func acceptAnswer(_ id: SessionID, at now: MonotonicTime) {
        command(id, at: now) { $0.acceptAnswer(factory: &$1) }
    }

    package mutating func refuseAnswer(_ id: SessionID, at now: MonotonicTime) {
        command(id, at: now) { $0.refuseAnswer(factory: &$1) }
    }

    package mutating func terminate(
        _ id: SessionID,
        statusCode: Int? = nil,
        reason: String? = nil,
        cause: SIPCause = .terminated,
        at now: MonotonicTime
    ) {
        command(id, at: now) {
            $0.terminate(statusCode: statusCode, reason: reason, cause: cause, factory: &$1, at: now)
        }
    }

    package mutating func respondToReoffer(
        _ id: SessionID,
        key: TransactionKey,
        request: SIPRequest,
        body: SessionBody?,
        at now: MonotonicTime
    ) {
        command(id, at: now) { $0.respondToReoffer(key, request: request, body: body, factory: $1) }
    }

    package mutating func sendInfo(_ id: SessionID, body: SessionBody, at now: MonotonicTime) {
        command(id, at: now) { _ = $0.sendInfo(body, factory: &$1) }
    }

    private mutating func command(
        _ id: SessionID,
        at now: MonotonicTime,
        _ body: (inout Session, inout RequestFactory) -> Void
    ) {
        withSession(id, at: now, body)
        settle(at: now)
    }

    // MARK: - Messages

    /// Sends a MESSAGE (RFC 3428) or OPTIONS outside any dialog.
    package mutating func sendRequest(
        _ method: SIPMethod,
        to target: SIPURI,
        body: SessionBody?,
        extraHeaders: [SIPHeaders.Field] = [],
        at now: MonotonicTime
    ) -> RequestID {
        let id = RequestID(callID: factory.makeCallID())
        var request = factory.makeRequest(
            method,
            uri: .sip(target),
            from: factory.makeFrom(),
            to: NameAddress(uri: target),
            callID: id.callID,
            sequence: factory.makeSequence()
        )
        for field in extraHeaders { request.headers.append(field.name, field.value) }
        if let body {
            request.headers.append("Content-Type", body.contentType.description)
            request.body = body.bytes
        }
        factory.finish(&request, supported: ["outbound"])
        send(request, for: .standalone(id), at: now)
        settle(at: now)
        return id
    }

    /// Answers a MESSAGE.
    package mutating func respond(
        to key: TransactionKey,
        statusCode: Int,
        reason: String? = nil,
        body: SessionBody? = nil,
        at now: MonotonicTime
    ) {
        guard let request = transactions.serverRequest(key) else { return }
        var response = SIPResponse(to: request, statusCode: statusCode, reason: reason, toTag: factory.makeTag())
        if let body {
            response.headers.append("Content-Type", body.contentType.description)
            response.body = body.bytes
        }
        respond(key, response, at: now)
        settle(at: now)
    }
}
