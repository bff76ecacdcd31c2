/// A request method; any token, by case (RFC 3261 §7.1).
public struct SIPMethod: Hashable, Sendable, CustomStringConvertible {
    /// The token.
    public var rawValue: String

    /// Wraps a token.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The token.
    public var description: String { rawValue }

    /// Begins a session (RFC 3261 §13).
    public static let invite = SIPMethod("INVITE")
    /// Acknowledges the final response to an INVITE (RFC 3261 §13.2.2.4).
    public static let ack = SIPMethod("ACK")
    /// Ends a session (RFC 3261 §15).
    public static let bye = SIPMethod("BYE")
    /// Cancels a pending request (RFC 3261 §9).
    public static let cancel = SIPMethod("CANCEL")
    /// Binds an address of record to a contact (RFC 3261 §10).
    public static let register = SIPMethod("REGISTER")
    /// Asks for capabilities (RFC 3261 §11).
    public static let options = SIPMethod("OPTIONS")
    /// Carries an instant message (RFC 3428).
    public static let message = SIPMethod("MESSAGE")
    /// Carries application data within a session (RFC 6086).
    public static let info = SIPMethod("INFO")
    /// Changes a session before or after its answer (RFC 3311).
    public static let update = SIPMethod("UPDATE")
    /// Asks the peer to call somebody (RFC 3515).
    public static let refer = SIPMethod("REFER")
    /// Reports an event (RFC 6665).
    public static let notify = SIPMethod("NOTIFY")
    /// Asks for reports of an event (RFC 6665).
    public static let subscribe = SIPMethod("SUBSCRIBE")
    /// Acknowledges a reliable provisional response (RFC 3262).
    public static let prack = SIPMethod("PRACK")
    /// Publishes event state (RFC 3903).
    public static let publish = SIPMethod("PUBLISH")
}
