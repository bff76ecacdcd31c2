/// What happens on a WebSocket connection, in order, on its event loop.
package enum WebSocketEvent: Sendable, Equatable {
    /// The handshake has succeeded; at most once, and first.
    case connected
    /// A whole text or binary message; each carries one SIP message (RFC 7118 §5.2) or a keep-alive.
    case message([UInt8])
    /// The end of every connection, also of one that never came about; exactly once, and last.
    case closed(WebSocketCloseReason)
}

/// Why a WebSocket connection ended.
package enum WebSocketCloseReason: Sendable, Equatable {
    /// We closed it.
    case requested
    /// The peer closed it with this status (RFC 6455 §7.4); `nil` without one.
    case remote(code: UInt16?, reason: String)
    case failed(WebSocketError)
}

/// What can go wrong with a WebSocket connection.
package enum WebSocketError: Error, Sendable, Equatable {
    /// The name does not resolve, or no address of it accepts a connection.
    case cannotConnect(String)
    /// The handshake was not over in time.
    case connectTimeout
    /// The TLS handshake failed, for instance because the certificate is not trusted.
    case tls(String)
    /// The server answered the upgrade with this HTTP status.
    case refused(status: Int)
    /// The server does not speak SIP over WebSocket (RFC 7118 §4).
    case subprotocolRefused
    /// The connection ended without a closing handshake.
    case connectionLost
    /// The peer answered no ping in time.
    case pingTimeout
    /// The peer sent a message longer than is allowed.
    case messageTooLong
    /// The peer broke RFC 6455.
    case protocolViolation(String)
    /// A file of the TLS configuration cannot be used.
    case configuration(String)
}

/// Receives the events of a connection on the connection's event loop.
package typealias WebSocketEventHandler = @Sendable (WebSocketConnection, WebSocketEvent) -> Void
