/// The bounds and timers of WebSocket connections, clients' and servers'.
package struct WebSocketConfiguration: Sendable {
    /// Time for name resolution, TCP, TLS and the upgrade together.
    package var connectTimeout: Duration = .seconds(5)
    /// How often a connection is pinged; `nil` for never.
    package var pingInterval: Duration? = .seconds(30)
    /// How long the answer to a ping may take; then the connection counts as dead.
    package var pongTimeout: Duration = .seconds(10)
    /// How long the peer may take to answer a close.
    package var closeTimeout: Duration = .seconds(2)
    /// Octets of a message, whole or in fragments.
    package var messageLimit = 64 << 10
    /// Octets that may wait to be sent before ``WebSocketConnection/send(_:)`` refuses.
    package var outboundLimit = 1 << 20
    /// Headers a client adds to its request, such as a cookie.
    package var headers: [(name: String, value: String)] = []
    /// The Origin header of a client; browsers send one, others need not.
    package var origin: String?
    /// A PEM file of certificate authorities to trust besides the system's.
    package var additionalAuthorities: String?

    package init() {}
}
