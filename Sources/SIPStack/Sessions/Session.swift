package import SIPMessages
package import SansIO

/// One call: its state, its timers and its one terminal event (RFC 3261 §13–15).
///
/// Engine: hand in one input, drain ``pollOutput()``, sleep until ``nextTimeout``. Descriptions are opaque bodies; the
/// owner applies them and says whether they were good. How a call begins is in `Session+Outgoing` and
/// `Session+Incoming`, what happens within its dialog in `Session+Dialog`.
package struct Session {
    /// Where a call stands; the payload is what only that state needs.
    enum State {
        /// Outgoing: the INVITE is under way; whether a provisional response has come.
        case calling(isProceeding: Bool)
        /// Outgoing: a 2xx waits for the owner's word on its answer.
        case answerPending(SIPResponse)
        /// Incoming: ringing, or being answered.
        case ringing
        /// Incoming: a 2xx was sent and waits for its ACK; `endsOnACK` after a local hang-up meanwhile.
        case waitingForACK(SIPResponse, endsOnACK: Bool)
        /// Incoming, offerless INVITE: the ACK brought an answer that waits for the owner's word.
        case lateAnswerPending(SIPRequest)
        case confirmed
        /// Over; what still arrives is tidied up in silence.
        case terminated
    }

    enum Timer: Hashable { case noAnswer, ringRepeat, inviteExpires, okRepeat, ackTimeout, linger }

    package let id: SessionID
    package let direction: CallDirection
    /// The INVITE, as last sent or as received.
    package internal(set) var invite: SIPRequest
    /// The transaction of the INVITE.
    package internal(set) var inviteKey: TransactionKey
    /// The confirmed dialog, or the first early one.
    package internal(set) var dialog: Dialog?

    var state: State
    var timers = TimerTable<Timer>()
    var outputs = OutputQueue<SessionOutput>()
    let localTag: String
    var okInterval = SIPTimers.t1
    /// A CANCEL waits for the first provisional response (§9.1).
    var cancelWhenProceeding: SIPRequest?
    /// The peer's re-INVITE or UPDATE that the owner has not answered yet.
    var pendingReoffer: TransactionKey?
    /// Our own re-INVITE or UPDATE under way.
    var localReoffer: TransactionKey?

    init(
        id: SessionID,
        direction: CallDirection,
        invite: SIPRequest,
        key: TransactionKey,
        state: State,
        localTag: String
    ) {
        self.id = id
        self.direction = direction
        self.invite = invite
        inviteKey = key
        self.state = state
        self.localTag = localTag
    }

    package var nextTimeout: MonotonicTime? { timers.nextDeadline }

    package mutating func pollOutput() -> SessionOutput? { outputs.popFirst() }

    /// Whether the terminal event has been given.
    package var isEnded: Bool {
        if case .terminated = state { return true }
        return false
    }

    /// Whether the call has been accepted and goes on.
    package var isEstablished: Bool {
        switch state {
        case .waitingForACK(_, let endsOnACK): !endsOnACK
        case .lateAnswerPending, .confirmed: true
        case .calling, .answerPending, .ringing, .terminated: false
        }
    }

    /// Whether nothing more can come that this session would have to tidy up.
    package var isDisposable: Bool { isEnded && timers.isEmpty && cancelWhenProceeding == nil }

    // MARK: - Time

    package mutating func handleTimeout(factory: inout RequestFactory, at now: MonotonicTime) {
        while let timer = timers.popExpired(at: now) {
            switch (timer, state) {
            case (.noAnswer, .ringing):
                refuse(408, by: .local, message: nil, cause: .noAnswer, factory: factory)
            case (.inviteExpires, .ringing):
                refuse(487, by: .system, message: nil, cause: .expires, factory: factory)
            case (.ringRepeat, .ringing):
                respondRinging(factory: factory)
                timers.set(.ringRepeat, at: now + SIPTimers.provisionalRepeat)
            case (.okRepeat, .waitingForACK(let response, _)):
                outputs.append(.respond(inviteKey, response))
                okInterval = min(okInterval * 2, SIPTimers.t2)
                timers.set(.okRepeat, at: now + okInterval)
            case (.ackTimeout, .waitingForACK(_, let endsOnACK)):
                timers.cancelAll()
                sendBYE(statusCode: nil, reason: nil, factory: &factory)
                if endsOnACK { state = .terminated } else { finish(.ended(.remote, nil, .noACK)) }
            case (.noAnswer, _), (.inviteExpires, _), (.ringRepeat, _), (.okRepeat, _), (.ackTimeout, _): break
            case (.linger, _): cancelWhenProceeding = nil
            }
        }
    }

    /// The connection is gone.
    ///
    /// A call that is not established fails; an established one goes on over the next.
    package mutating func handleTransportClosed() {
        switch state {
        case .calling, .answerPending, .ringing:
            cancelWhenProceeding = nil
            finish(.failed(.system, nil, .connectionError))
        case .waitingForACK, .lateAnswerPending, .confirmed, .terminated: break
        }
    }

    // MARK: - Ending

    /// Hangs up in whatever way the state asks for: CANCEL, refusal or BYE.
    ///
    /// - Parameters:
    ///   - statusCode: Of the refusal of an incoming call (default 480), or for the Reason header of CANCEL and BYE.
    ///   - cause: Of the terminal event of an established call.
    package mutating func terminate(
        statusCode: Int? = nil,
        reason: String? = nil,
        cause: SIPCause = .terminated,
        factory: inout RequestFactory,
        at now: MonotonicTime
    ) {
        switch state {
        case .calling(let isProceeding):
            cancel(isProceeding: isProceeding, statusCode: statusCode, reason: reason, at: now)
        case .answerPending(let response):
            acknowledge(response, factory: &factory)
            sendBYE(statusCode: statusCode, reason: reason, factory: &factory)
            finish(.failed(.local, nil, .canceled))
        case .ringing:
            let code = statusCode ?? 480
            refuse(code, reason: reason, by: .local, message: nil, cause: .rejected, factory: factory)
        case .waitingForACK(let response, false):
            // The BYE waits until the ACK has come, or can come no more (§15).
            state = .waitingForACK(response, endsOnACK: true)
            outputs.append(.event(.ended(.local, nil, cause)))
        case .lateAnswerPending, .confirmed:
            sendBYE(statusCode: statusCode, reason: reason, factory: &factory)
            finish(.ended(.local, nil, cause))
        case .waitingForACK(_, true), .terminated: break
        }
    }

    /// Gives the terminal event and forgets what was planned.
    mutating func finish(_ event: SessionEvent) {
        if isEnded { return }
        timers.cancelAll()
        state = .terminated
        outputs.append(.event(event))
    }

    mutating func sendBYE(statusCode: Int?, reason: String?, factory: inout RequestFactory) {
        guard var request = dialog?.makeRequest(.bye, factory: &factory) else { return }
        Self.addReason(to: &request, statusCode: statusCode, reason: reason)
        factory.finish(&request, supported: ["outbound"])
        outputs.append(.send(request))
    }

    /// `Reason: SIP ;cause=…; text="…"` (RFC 3326).
    static func addReason(to request: inout SIPRequest, statusCode: Int?, reason: String?) {
        guard let statusCode else { return }
        let text = (reason ?? ReasonPhrase.standard(statusCode)).filter { $0 != "\"" && $0 != "\\" && !$0.isNewline }
        request.headers.append("Reason", "SIP ;cause=\(statusCode); text=\"\(text)\"")
    }
}
