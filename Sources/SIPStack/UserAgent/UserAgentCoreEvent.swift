package import SIPMessages

/// What a ``UserAgentCore`` is told at birth.
package struct UserAgentCoreConfiguration: Sendable {
    package var identity: UserAgentIdentity
    package var registration: RegistrationConfiguration
    /// Registers each time the transport connects.
    package var registersOnConnect: Bool
    /// Unanswered incoming calls are refused with 408 after this.
    package var noAnswerTimeout: Duration
    package var credentials: DigestCredentials?
    /// One for each server of the transport.
    package var serverWeights: [Double]
    /// Seconds between connection attempts.
    package var recovery: ClosedRange<Int>

    package init(
        identity: UserAgentIdentity,
        registration: RegistrationConfiguration,
        registersOnConnect: Bool = true,
        noAnswerTimeout: Duration = .seconds(60),
        credentials: DigestCredentials? = nil,
        serverWeights: [Double] = [0],
        recovery: ClosedRange<Int> = 2...30
    ) {
        self.identity = identity
        self.registration = registration
        self.registersOnConnect = registersOnConnect
        self.noAnswerTimeout = noAnswerTimeout
        self.credentials = credentials
        self.serverWeights = serverWeights
        self.recovery = recovery
    }
}

/// Identifies an outgoing MESSAGE or OPTIONS: its Call-ID.
package struct RequestID: Hashable, Sendable {
    package var callID: String
}

/// What happens to a user agent, in JsSIP's words and order.
package enum UserAgentCoreEvent: Equatable, Sendable {
    /// A connection attempt begins; how many recovery attempts came before.
    case connecting(server: Int, attempts: Int)
    case connected
    /// On each close and each failed attempt.
    case disconnected(isError: Bool)
    /// Once, not on refresh.
    case registered(SIPResponse)
    case unregistered(SIPResponse?, SIPCause?)
    case registrationFailed(SIPResponse?, SIPCause)
    /// A call began; an incoming one waits for `ring`, `answer` or `terminate`.
    case newRTCSession(Originator, SessionID, SIPRequest)
    /// Something happened to a call.
    case session(SessionID, SessionEvent)
    /// A MESSAGE came; it waits for `respond(to:)`.
    case newMessage(TransactionKey, SIPRequest)
    /// An OPTIONS came; already answered.
    case newOptions(SIPRequest)
    /// A MESSAGE or OPTIONS of ours got a 2xx.
    case requestSucceeded(RequestID, SIPResponse)
    /// A MESSAGE or OPTIONS of ours failed.
    case requestFailed(RequestID, Originator, SIPResponse?, SIPCause)
    /// Every last thing after `stop()` is done.
    case stopped
}

/// A consequence of a ``UserAgentCore``'s inputs.
package enum UserAgentCoreOutput: Equatable, Sendable {
    /// Open a connection to the server of this index.
    case connect(server: Int)
    /// Close the connection; no `handleTransportClosed` is owed for it.
    case disconnect
    /// Send one message over the connection.
    case send([UInt8])
    case event(UserAgentCoreEvent)
}
