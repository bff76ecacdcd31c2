internal import SIPMessages
package import SansIO

extension UserAgentCore {
    /// One message arrived over the connection.
    package mutating func handleMessage(_ bytes: [UInt8], at now: MonotonicTime) {
        switch SIPMessageParser.parse(bytes) {
        case .message(let message):
            transactions.handle(message, at: now)
        case .rejected(let response, _):
            transactions.sendStateless(.response(response))
        case .keepAlive(isPing: true):
            outputs.append(.send([0x0D, 0x0A]))  // the pong (RFC 5626 §4.4.1)
        case .keepAlive(isPing: false), .discarded: break
        }
        drainTransactions(at: now)
        settle(at: now)
    }

    mutating func handleRequest(_ request: SIPRequest, key: TransactionKey, at now: MonotonicTime) {
        switch request.method {
        case .ack:
            guard let id = session(of: request) else { return }
            withSession(id, at: now) { $0.handleACK(request, factory: &$1) }
        case .cancel: handleCancel(request, key: key, at: now)
        default:
            guard request.headers.to?.tag == nil else { return handleInDialog(request, key: key, at: now) }
            guard status == .running else { return }  // after stop() only responses count
            if request.method == .bye { return reply(481, to: request, key, at: now) }
            if isMerged(request, key: key) || isLoop(request) { return reply(482, to: request, key, at: now) }
            if let refusal = RequestSanity(users: ownUsers).refusal(request, tag: factory.makeTag()) {
                return respond(key, refusal, at: now)
            }
            handleInitial(request, key: key, at: now)
        }
    }

    private mutating func handleInitial(_ request: SIPRequest, key: TransactionKey, at now: MonotonicTime) {
        switch request.method {
        case .invite: handleInvite(request, key: key, at: now)
        case .options:
            var response = SIPResponse(to: request, statusCode: 200, toTag: factory.makeTag())
            response.headers.append("Allow", RequestFactory.allow)
            response.headers.append("Accept", "application/sdp, application/dtmf-relay")
            response.headers.append("Supported", "outbound")
            respond(key, response, at: now)
            outputs.append(.event(.newOptions(request)))
        default:
            outputs.append(.event(.newMessage(key, request)))
        }
    }

    private mutating func handleInvite(_ request: SIPRequest, key: TransactionKey, at now: MonotonicTime) {
        guard let session = Session(invite: request, key: key, factory: &factory) else {
            return reply(500, to: request, key, reason: "Missing Contact header field", at: now)
        }
        respond(key, SIPResponse(to: request, statusCode: 100), at: now)
        sessions[session.id] = session
        legs[Leg(callID: session.id.callID, localTag: session.localTag)] = session.id
        outputs.append(.event(.newRTCSession(.remote, session.id, request)))
    }

    private mutating func handleCancel(_ request: SIPRequest, key: TransactionKey, at now: MonotonicTime) {
        let inviteKey = key.with(method: .invite)
        guard transactions.serverRequest(inviteKey) != nil else { return reply(481, to: request, key, at: now) }
        let target = sessions.first { $0.value.direction == .incoming && $0.value.inviteKey == inviteKey }
        // The To tag is that of the INVITE's own responses (§9.2).
        let tag = target?.value.localTag ?? factory.makeTag()
        respond(key, SIPResponse(to: request, statusCode: 200, toTag: tag), at: now)
        if let id = target?.key { withSession(id, at: now) { $0.handleCancel(request, factory: $1) } }
    }

    private mutating func handleInDialog(_ request: SIPRequest, key: TransactionKey, at now: MonotonicTime) {
        guard let id = session(of: request), sessions[id]?.isEnded == false else {
            // OPTIONS and MESSAGE are welcome anywhere.
            if request.method == .options || request.method == .message, status == .running {
                return handleInitial(request, key: key, at: now)
            }
            return reply(481, to: request, key, at: now)
        }
        if request.method == .message { return outputs.append(.event(.newMessage(key, request))) }
        withSession(id, at: now) { $0.handleInDialog(request, key: key, factory: &$1, at: now) }
    }

    // MARK: - Whose request

    private func session(of request: SIPRequest) -> SessionID? {
        guard let dialog = DialogID(request: request),
            let id = legs[Leg(callID: dialog.callID, localTag: dialog.localTag)],
            sessions[id]?.dialog.map({ $0.id.remoteTag == dialog.remoteTag }) ?? true
        else { return nil }
        return id
    }

    private var ownUsers: Set<String> {
        let gruu = registration.publicGRUU.flatMap(SIPURI.init)
        return Set(
            [configuration.identity.uri.user, configuration.identity.contact.user, gruu?.user].compactMap(\.self)
        )
    }

    /// The same request by another path: same From tag, Call-ID and CSeq under another branch (§8.2.2.2).
    private func isMerged(_ request: SIPRequest, key: TransactionKey) -> Bool {
        transactions.hasOther(than: key, like: request)
    }

    /// Our own request has come back to us.
    private func isLoop(_ request: SIPRequest) -> Bool {
        guard let id = SessionID(invite: request) else { return false }
        return sessions[id]?.direction == .outgoing
    }

    private mutating func reply(
        _ statusCode: Int,
        to request: SIPRequest,
        _ key: TransactionKey,
        reason: String? = nil,
        at now: MonotonicTime
    ) {
        respond(
            key,
            SIPResponse(to: request, statusCode: statusCode, reason: reason, toTag: factory.makeTag()),
            at: now
        )
    }

    mutating func respond(_ key: TransactionKey, _ response: SIPResponse, at now: MonotonicTime) {
        transactions.respond(key, response, at: now)
    }
}
