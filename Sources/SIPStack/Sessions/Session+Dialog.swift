package import SIPMessages
package import SansIO

extension Session {
    /// A request within the session's dialog, ACK and CANCEL excepted.
    package mutating func handleInDialog(
        _ request: SIPRequest,
        key: TransactionKey,
        factory: inout RequestFactory,
        at now: MonotonicTime
    ) {
        guard dialog?.accept(request) == true else {
            return reply(500, to: request, key, reason: "CSeq Out Of Order", factory: factory)
        }
        switch request.method {
        case .bye: handleBYE(request, key, factory: factory)
        case .invite, .update: handleReoffer(request, key, factory: &factory)
        case .info: handleInfo(request, key, factory: factory)
        case .options: reply(200, to: request, key, factory: factory)
        default:
            let isKnown = RequestFactory.allowedMethods.contains(request.method)
            reply(isKnown ? 405 : 501, to: request, key, factory: factory)
        }
    }

    private mutating func handleBYE(_ request: SIPRequest, _ key: TransactionKey, factory: RequestFactory) {
        reply(200, to: request, key, factory: factory)
        switch state {
        case .ringing:
            var response = SIPResponse(to: invite, statusCode: 487, reason: "BYE Received", toTag: localTag)
            for field in factory.identity.extraHeaders { response.headers.append(field.name, field.value) }
            outputs.append(.respond(inviteKey, response))
            finish(.ended(.remote, .request(request), .terminated))
        case .waitingForACK(_, true):
            timers.cancelAll()
            state = .terminated
        case .waitingForACK, .lateAnswerPending, .confirmed:
            finish(.ended(.remote, .request(request), .terminated))
        case .calling, .answerPending:
            // The answer overtaken by the hang-up: what the caller sees is a call that did not come about.
            finish(.failed(.remote, .request(request), .terminated))
        case .terminated: break
        }
    }

    private mutating func handleReoffer(_ request: SIPRequest, _ key: TransactionKey, factory: inout RequestFactory) {
        guard case .confirmed = state else {
            return reply(request.method == .invite ? 491 : 500, to: request, key, factory: factory)
        }
        guard localReoffer == nil else { return reply(491, to: request, key, factory: factory) }
        guard pendingReoffer == nil else {
            // Theirs is pending: try again within ten seconds (§14.2).
            var response = makeReply(500, to: request, factory: factory)
            response.headers.append("Retry-After", String(factory.random(in: 1...10)))
            return outputs.append(.respond(key, response))
        }
        if request.method == .update, request.body.isEmpty {
            dialog?.refreshTarget(request.headers.contact)
            return reply(200, to: request, key, factory: factory)
        }
        pendingReoffer = key
        outputs.append(.event(.reoffer(key, request)))
    }

    /// The owner's word on a re-offer: a body accepts it, `nil` refuses it with the code.
    package mutating func respondToReoffer(
        _ key: TransactionKey,
        request: SIPRequest,
        body: SessionBody?,
        statusCode: Int = 488,
        factory: RequestFactory
    ) {
        guard pendingReoffer == key else { return }
        pendingReoffer = nil
        guard let body else { return reply(statusCode, to: request, key, factory: factory) }
        dialog?.refreshTarget(request.headers.contact)
        var response = makeReply(200, to: request, factory: factory)
        response.headers.append("Contact", NameAddress(uri: factory.identity.contact).description)
        response.headers.append("Content-Type", body.contentType.description)
        response.body = body.bytes
        outputs.append(.respond(key, response))
    }

    private mutating func handleInfo(_ request: SIPRequest, _ key: TransactionKey, factory: RequestFactory) {
        guard request.headers.contentType != nil else {
            return reply(415, to: request, key, factory: factory)
        }
        reply(200, to: request, key, factory: factory)
        if let signal = DTMFSignal(request) {
            outputs.append(.event(.newDTMF(signal)))
        } else {
            outputs.append(.event(.newInfo(request)))
        }
    }

    /// Sends an INFO; false when the call is not established.
    package mutating func sendInfo(_ body: SessionBody, factory: inout RequestFactory) -> Bool {
        guard isEstablished, var request = dialog?.makeRequest(.info, factory: &factory) else { return false }
        request.headers.append("Content-Type", body.contentType.description)
        request.body = body.bytes
        factory.finish(&request, supported: ["outbound"])
        outputs.append(.send(request))
        return true
    }

    /// The final response to a request of ours within the dialog.
    package mutating func handleInDialogResponse(
        _ response: SIPResponse,
        to request: SIPRequest,
        factory: inout RequestFactory
    ) {
        if let number = response.headers.cSeq?.number { dialog?.noteLocalSequence(number) }
        guard isEstablished, request.method != .bye, response.statusCode == 481 else { return }
        // The peer knows no such dialog (§12.2.1.2).
        sendBYE(statusCode: 500, reason: "Dialog Error", factory: &factory)
        finish(.ended(.local, .response(response), .dialogError))
    }

    private mutating func reply(
        _ statusCode: Int,
        to request: SIPRequest,
        _ key: TransactionKey,
        reason: String? = nil,
        factory: RequestFactory
    ) {
        outputs.append(.respond(key, makeReply(statusCode, to: request, reason: reason, factory: factory)))
    }

    private func makeReply(
        _ statusCode: Int,
        to request: SIPRequest,
        reason: String? = nil,
        factory: RequestFactory
    ) -> SIPResponse {
        var response = SIPResponse(to: request, statusCode: statusCode, reason: reason, toTag: localTag)
        if statusCode == 405 || request.method == .options { response.headers.append("Allow", RequestFactory.allow) }
        if statusCode == 415 { response.headers.append("Accept", "application/sdp, application/dtmf-relay") }
        for field in factory.identity.extraHeaders { response.headers.append(field.name, field.value) }
        return response
    }
}
