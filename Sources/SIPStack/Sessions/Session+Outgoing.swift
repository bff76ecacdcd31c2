package import SIPMessages
package import SansIO

/// What a caller may add to an INVITE.
package struct InviteOptions: Sendable {
    /// Checked for line ends already.
    package var extraHeaders: [SIPHeaders.Field]
    /// Calls as nobody (RFC 3323, RFC 3325).
    package var isAnonymous: Bool

    package init(extraHeaders: [SIPHeaders.Field] = [], isAnonymous: Bool = false) {
        self.extraHeaders = extraHeaders
        self.isAnonymous = isAnonymous
    }
}

extension Session {
    /// A call to `target`; the INVITE is the first output.
    package init(
        to target: SIPURI,
        offer: SessionBody?,
        options: InviteOptions,
        contact: SIPURI,
        factory: inout RequestFactory
    ) {
        var from = factory.makeFrom()
        if options.isAnonymous {
            let nobody = SIPURI(user: "anonymous", host: "anonymous.invalid")
            from = NameAddress(displayName: "Anonymous", uri: nobody, parameters: from.parameters)
        }
        let callID = factory.makeCallID()
        let recipient = NameAddress(uri: target)
        var request = factory.makeRequest(
            .invite,
            uri: .sip(target),
            from: from,
            to: recipient,
            callID: callID,
            sequence: factory.makeSequence()
        )
        if options.isAnonymous {
            request.headers.append("P-Preferred-Identity", "<\(factory.identity.uri)>")
            request.headers.append("Privacy", "id")
        }
        for field in options.extraHeaders { request.headers.append(field.name, field.value) }
        request.headers.append("Contact", NameAddress(uri: contact).description)
        if let offer {
            request.headers.append("Content-Type", offer.contentType.description)
            request.body = offer.bytes
        }
        factory.finish(&request, supported: ["ice", "replaces", "outbound"])
        let tag = from.tag ?? ""
        self.init(
            id: SessionID(callID: callID, fromTag: tag),
            direction: .outgoing,
            invite: request,
            key: TransactionKey(clientBranch: request.headers.topVia?.branch ?? "", method: .invite),
            state: .calling(isProceeding: false),
            localTag: tag
        )
        outputs.append(.send(request))
    }

    /// The INVITE went out again, with credentials.
    package mutating func noteRetry(_ request: SIPRequest, key: TransactionKey) {
        (invite, inviteKey) = (request, key)
        if case .calling = state { state = .calling(isProceeding: false) }
    }

    /// A response to our INVITE.
    package mutating func handleInviteResponse(
        _ response: SIPResponse,
        factory: inout RequestFactory,
        at now: MonotonicTime
    ) {
        if response.isSuccess, isAnotherLeg(response) { return endLeg(response, factory: &factory) }
        switch state {
        case .calling where response.isSuccess: handleAnswer(response, factory: &factory)
        case .calling where response.isFinal:
            finish(.failed(.remote, .response(response), SIPCause(statusCode: response.statusCode)))
        case .calling: handleProvisional(response)
        case .answerPending, .ringing, .waitingForACK, .lateAnswerPending: break
        case .confirmed:
            // Our ACK was lost (§13.2.2.4).
            if response.isSuccess { acknowledge(response, factory: &factory) }
        case .terminated:
            handleAfterEnd(response, factory: &factory, at: now)
        }
    }

    /// The INVITE got no final response, or could not be sent.
    package mutating func handleInviteFailure(_ cause: SIPCause) {
        switch state {
        case .calling, .answerPending: finish(.failed(.system, nil, cause))
        // After a 2xx the transaction only lingers for other forks; its end is none of the call's.
        case .ringing, .waitingForACK, .lateAnswerPending, .confirmed, .terminated: break
        }
        cancelWhenProceeding = nil
        timers.cancel(.linger)
    }

    /// The owner has applied the answer: acknowledges the 2xx, or takes the ACK's answer as good.
    package mutating func acceptAnswer(factory: inout RequestFactory) {
        switch state {
        case .answerPending(let response):
            state = .confirmed
            outputs.append(.event(.accepted(.remote, response)))
            acknowledge(response, factory: &factory)
            outputs.append(.event(.confirmed(.local, nil)))
        case .lateAnswerPending(let ack):
            state = .confirmed
            outputs.append(.event(.confirmed(.remote, ack)))
        case .calling, .ringing, .waitingForACK, .confirmed, .terminated: break
        }
    }

    /// The owner cannot use the answer: the call that the peer believes in is ended properly.
    package mutating func refuseAnswer(factory: inout RequestFactory) {
        switch state {
        case .answerPending(let response):
            acknowledge(response, factory: &factory)
            sendBYE(statusCode: 488, reason: nil, factory: &factory)
            finish(.failed(.remote, .response(response), .badMediaDescription))
        case .lateAnswerPending:
            sendBYE(statusCode: 488, reason: nil, factory: &factory)
            finish(.ended(.local, nil, .badMediaDescription))
        case .calling, .ringing, .waitingForACK, .confirmed, .terminated: break
        }
    }

    // MARK: - Responses

    private mutating func handleProvisional(_ response: SIPResponse) {
        state = .calling(isProceeding: true)
        // 100 carries no tag and is no progress; 199 announces the end of a fork (RFC 6228).
        guard response.statusCode > 100, response.statusCode != 199, response.headers.to?.tag != nil else { return }
        if dialog == nil { dialog = Dialog(response: response, to: invite) }
        if let body = Self.body(response.headers, response.body) { outputs.append(.event(.earlyAnswer(body))) }
        outputs.append(.event(.progress(.remote, response)))
    }

    private mutating func handleAnswer(_ response: SIPResponse, factory: inout RequestFactory) {
        dialog = Dialog(response: response, to: invite) ?? dialog
        state = .answerPending(response)
        guard let body = Self.body(response.headers, response.body) else {
            acknowledge(response, factory: &factory)
            sendBYE(statusCode: 400, reason: "Missing SDP", factory: &factory)
            return finish(.failed(.remote, .response(response), .badMediaDescription))
        }
        outputs.append(.event(.answer(body)))
    }

    private mutating func handleAfterEnd(
        _ response: SIPResponse,
        factory: inout RequestFactory,
        at now: MonotonicTime
    ) {
        if response.isSuccess {
            // The 2xx crossed our CANCEL: the peer believes in a call (§15.1.1).
            cancelWhenProceeding = nil
            endLeg(response, factory: &factory)
        } else if response.isFinal {
            cancelWhenProceeding = nil
            timers.cancel(.linger)
        } else if let cancel = cancelWhenProceeding {
            cancelWhenProceeding = nil
            outputs.append(.send(cancel))
        }
    }

    /// A 2xx from another fork than the one we talk to.
    private func isAnotherLeg(_ response: SIPResponse) -> Bool {
        switch state {
        case .answerPending, .confirmed: response.headers.to?.tag != dialog?.id.remoteTag
        case .calling, .ringing, .waitingForACK, .lateAnswerPending, .terminated: false
        }
    }

    private mutating func endLeg(_ response: SIPResponse, factory: inout RequestFactory) {
        guard var leg = Dialog(response: response, to: invite) else { return }
        outputs.append(.sendACK(leg.makeACK(sequence: invite.headers.cSeq?.number ?? 0, factory: &factory)))
        var bye = leg.makeRequest(.bye, factory: &factory)
        factory.finish(&bye, supported: ["outbound"])
        outputs.append(.send(bye))
    }

    mutating func acknowledge(_ response: SIPResponse, factory: inout RequestFactory) {
        guard let leg = Dialog(response: response, to: invite) else { return }
        var ack = leg.makeACK(sequence: invite.headers.cSeq?.number ?? 0, factory: &factory)
        // The ACK carries the credentials of the INVITE (§22.1).
        for name in ["Authorization", "Proxy-Authorization"] {
            for value in invite.headers.lines(name) { ack.headers.append(name, value) }
        }
        outputs.append(.sendACK(ack))
    }

    mutating func cancel(isProceeding: Bool, statusCode: Int?, reason: String?, at now: MonotonicTime) {
        var cancel = SIPRequest(method: .cancel, uri: invite.uri)
        // Same branch, same number, no tag that the INVITE did not have (§9.1).
        if let via = invite.headers.list("Via").first { cancel.headers.append("Via", via) }
        cancel.headers.append("Max-Forwards", invite.headers["Max-Forwards"] ?? "69")
        for route in invite.headers.lines("Route") { cancel.headers.append("Route", route) }
        for name in ["To", "From", "Call-ID"] { cancel.headers.append(name, invite.headers[name] ?? "") }
        cancel.headers.append("CSeq", CSeq(number: invite.headers.cSeq?.number ?? 0, method: .cancel).description)
        Self.addReason(to: &cancel, statusCode: statusCode, reason: reason)
        finish(.failed(.local, nil, .canceled))
        if isProceeding {
            outputs.append(.send(cancel))
        } else {
            cancelWhenProceeding = cancel
        }
        // For as long as a 2xx may cross the CANCEL.
        timers.set(.linger, at: now + SIPTimers.transactionTimeout)
    }

    static func body(_ headers: SIPHeaders, _ bytes: [UInt8]) -> SessionBody? {
        guard !bytes.isEmpty, let type = headers.contentType else { return nil }
        return SessionBody(contentType: type, bytes: bytes)
    }
}
