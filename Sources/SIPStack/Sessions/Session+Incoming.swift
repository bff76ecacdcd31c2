package import SIPMessages
package import SansIO

extension Session {
    /// A call to us; `nil` when the INVITE lacks what a dialog needs, a Contact above all.
    package init?(invite: SIPRequest, key: TransactionKey, factory: inout RequestFactory) {
        let tag = factory.makeTag()
        guard let id = SessionID(invite: invite),
            let dialog = Dialog(request: invite, localTag: tag, firstSequence: factory.makeSequence())
        else { return nil }
        self.init(id: id, direction: .incoming, invite: invite, key: key, state: .ringing, localTag: tag)
        self.dialog = dialog
    }

    /// The offer in the INVITE; `nil` when the peer wants us to offer.
    package var remoteOffer: SessionBody? { Self.body(invite.headers, invite.body) }

    /// Rings: 180, the no-answer timer, the INVITE's own expiry.
    package mutating func ring(noAnswerTimeout: Duration, factory: RequestFactory, at now: MonotonicTime) {
        guard case .ringing = state else { return }
        timers.set(.noAnswer, at: now + noAnswerTimeout)
        timers.set(.ringRepeat, at: now + SIPTimers.provisionalRepeat)
        if let seconds = invite.headers.expires { timers.set(.inviteExpires, at: now + .seconds(seconds)) }
        respondRinging(factory: factory)
        outputs.append(.event(.progress(.local, nil)))
    }

    mutating func respondRinging(factory: RequestFactory) {
        outputs.append(.respond(inviteKey, response(180, factory: factory)))
    }

    /// Accepts the call with an answer, or with an offer when the INVITE had none.
    package mutating func answer(
        _ body: SessionBody,
        extraHeaders: [SIPHeaders.Field] = [],
        factory: RequestFactory,
        at now: MonotonicTime
    ) {
        guard case .ringing = state else { return }
        var response = response(200, factory: factory)
        for field in extraHeaders { response.headers.append(field.name, field.value) }
        response.headers.append("Content-Type", body.contentType.description)
        response.body = body.bytes
        timers.cancelAll()
        state = .waitingForACK(response, endsOnACK: false)
        // Repeated whatever the transport: a proxy further on may run over UDP (§13.3.1.4).
        timers.set(.okRepeat, at: now + okInterval)
        timers.set(.ackTimeout, at: now + SIPTimers.transactionTimeout)
        outputs.append(.respond(inviteKey, response))
        outputs.append(.event(.accepted(.local, nil)))
    }

    /// Refuses the call because answering failed within.
    package mutating func fail(statusCode: Int, cause: SIPCause, factory: RequestFactory) {
        guard case .ringing = state else { return }
        refuse(statusCode, by: .system, message: nil, cause: cause, factory: factory)
    }

    /// The peer gives up ringing; its CANCEL is answered by the owner.
    package mutating func handleCancel(_ request: SIPRequest, factory: RequestFactory) {
        guard case .ringing = state else { return }
        refuse(487, by: .remote, message: .request(request), cause: .canceled, factory: factory)
    }

    /// The ACK to our 2xx.
    package mutating func handleACK(_ ack: SIPRequest, factory: inout RequestFactory) {
        guard case .waitingForACK(_, let endsOnACK) = state else { return }
        timers.cancelAll()
        if endsOnACK {
            sendBYE(statusCode: nil, reason: nil, factory: &factory)
            state = .terminated  // `ended` was given when the user hung up
        } else if remoteOffer != nil {
            state = .confirmed
            outputs.append(.event(.confirmed(.remote, ack)))
        } else if let body = Self.body(ack.headers, ack.body) {
            state = .lateAnswerPending(ack)
            outputs.append(.event(.answer(body)))
        } else {
            sendBYE(statusCode: 400, reason: "Missing SDP", factory: &factory)
            finish(.ended(.local, .request(ack), .missingSDP))
        }
    }

    mutating func refuse(
        _ statusCode: Int,
        reason: String? = nil,
        by originator: Originator,
        message: SIPMessage?,
        cause: SIPCause,
        factory: RequestFactory
    ) {
        var response = SIPResponse(to: invite, statusCode: statusCode, reason: reason, toTag: localTag)
        for field in factory.identity.extraHeaders { response.headers.append(field.name, field.value) }
        outputs.append(.respond(inviteKey, response))
        finish(.failed(originator, message, cause))
    }

    private func response(_ statusCode: Int, factory: RequestFactory) -> SIPResponse {
        var response = SIPResponse(to: invite, statusCode: statusCode, toTag: localTag)
        for route in invite.headers.lines("Record-Route") { response.headers.append("Record-Route", route) }
        response.headers.append("Contact", NameAddress(uri: factory.identity.contact).description)
        response.headers.append("Allow", RequestFactory.allow)
        response.headers.append("Supported", "ice,replaces,outbound")
        for field in factory.identity.extraHeaders { response.headers.append(field.name, field.value) }
        return response
    }
}
