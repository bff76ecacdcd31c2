package import SIPMessages

/// Which end of a call a session is.
package enum CallDirection: Sendable { case incoming, outgoing }

/// The session's identifier: Call-ID and the From tag of the INVITE.
package struct SessionID: Hashable, Sendable {
    package var callID: String
    package var fromTag: String

    package init(callID: String, fromTag: String) {
        self.callID = callID
        self.fromTag = fromTag
    }

    package init?(invite: SIPRequest) {
        guard let callID = invite.headers.callID, let tag = invite.headers.from?.tag else { return nil }
        self.init(callID: callID, fromTag: tag)
    }
}

/// A body and its type, opaque to signalling.
package struct SessionBody: Hashable, Sendable {
    package var contentType: ContentType
    package var bytes: [UInt8]

    package init(contentType: ContentType = .sdp, bytes: [UInt8]) {
        self.contentType = contentType
        self.bytes = bytes
    }
}

/// What happens to a session, in JsSIP's words; `ended` or `failed` comes exactly once and last.
package enum SessionEvent: Equatable, Sendable {
    /// A provisional response was received, or sent when the originator is local.
    case progress(Originator, SIPResponse?)
    /// A description in a provisional response: early media.
    case earlyAnswer(SessionBody)
    /// The peer's answer is here: apply it, then call `acceptAnswer` or `refuseAnswer`.
    case answer(SessionBody)
    /// A 2xx was received, or sent.
    case accepted(Originator, SIPResponse?)
    /// The ACK was sent, or received.
    case confirmed(Originator, SIPRequest?)
    /// The peer wants to change the session; answer with `respondToReoffer`. Without a body it wants an offer.
    case reoffer(TransactionKey, SIPRequest)
    /// DTMF in an INFO.
    case newDTMF(DTMFSignal)
    /// Any other INFO, already answered 200.
    case newInfo(SIPRequest)
    /// Over before it was accepted.
    case failed(Originator, SIPMessage?, SIPCause)
    /// Over after it was accepted.
    case ended(Originator, SIPMessage?, SIPCause)
}

/// A consequence of a session's inputs.
package enum SessionOutput: Equatable {
    /// Send in a client transaction.
    case send(SIPRequest)
    /// Send outside any transaction: the ACK to a 2xx.
    case sendACK(SIPRequest)
    /// Answer a request.
    case respond(TransactionKey, SIPResponse)
    /// Tell the user.
    case event(SessionEvent)
}
