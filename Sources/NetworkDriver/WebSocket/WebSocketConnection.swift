internal import NIOConcurrencyHelpers
package import NIOCore
package import SansIO
internal import Synchronization

/// A handle on a WebSocket connection with subprotocol `sip`; may be used from any thread.
package final class WebSocketConnection: Sendable {
    /// What the client asked for in its upgrade request.
    package struct Request: Sendable, Equatable {
        package let path: String
        package let origin: String?
    }

    private enum State {
        case connecting((any Channel)?)
        case open(any Channel)
        case closed
    }

    /// Where the connection's events are delivered.
    package let eventLoop: any EventLoop
    package let request: Request
    /// Whether TLS protects it.
    package let isSecure: Bool
    private let state = NIOLockedValueBox(State.connecting(nil))
    private let unsent = Atomic<Int>(0)
    private let configuration: WebSocketConfiguration
    private let handler: WebSocketEventHandler

    init(
        eventLoop: any EventLoop,
        request: Request,
        isSecure: Bool,
        configuration: WebSocketConfiguration,
        handler: @escaping WebSocketEventHandler
    ) {
        self.eventLoop = eventLoop
        self.request = request
        self.isSecure = isSecure
        self.configuration = configuration
        self.handler = handler
    }

    /// Sends a text message; false, and nothing is sent, when the connection is not open or too much waits already.
    @discardableResult
    package func send(_ message: [UInt8]) -> Bool {
        guard case .open(let channel) = state.withLockedValue({ $0 }) else { return false }
        let (_, waiting) = unsent.add(message.count, ordering: .relaxed)
        guard waiting <= configuration.outboundLimit else {
            unsent.subtract(message.count, ordering: .relaxed)
            return false
        }
        let promise = channel.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenComplete { [self] _ in _ = unsent.subtract(message.count, ordering: .relaxed) }
        channel.writeAndFlush(ByteBuffer(bytes: message), promise: promise)
        return true
    }

    /// Closes the connection, with a closing handshake when it is open; ``WebSocketEvent/closed(_:)`` follows.
    package func close(code: UInt16 = 1000) {
        switch state.withLockedValue({ $0 }) {
        case .connecting(let channel):
            onLoop { $0.finish(.requested) }
            channel?.close(promise: nil)
        case .open(let channel): channel.triggerUserOutboundEvent(WebSocketHandler.Close(code: code), promise: nil)
        case .closed: break
        }
    }

    /// The peer's address, while the connection is open.
    package var remoteAddress: SansIO.SocketAddress? { openChannel?.remoteAddress.flatMap { .init($0) } }
    /// Our address, while the connection is open.
    package var localAddress: SansIO.SocketAddress? { openChannel?.localAddress.flatMap { .init($0) } }

    private var openChannel: (any Channel)? {
        guard case .open(let channel) = state.withLockedValue({ $0 }) else { return nil }
        return channel
    }

    private func onLoop(_ body: @escaping @Sendable (WebSocketConnection) -> Void) {
        if eventLoop.inEventLoop { body(self) } else { eventLoop.execute { body(self) } }
    }
}

// What the channel's handlers report; on the event loop.

extension WebSocketConnection {
    /// A TCP connection under way, which ``close(code:)`` must end.
    ///
    /// - Returns: Whether the connection is still wanted; `channel` is closed otherwise.
    func attempting(on channel: any Channel) -> Bool {
        let isWanted = state.withLockedValue { state in
            guard case .connecting = state else { return false }
            state = .connecting(channel)
            return true
        }
        if !isWanted { channel.close(promise: nil) }
        return isWanted
    }

    /// Ends a connection that is not open yet.
    func abandon(_ error: WebSocketError) {
        let channel = state.withLockedValue { state -> (any Channel)? in
            if case .connecting(let channel) = state { return channel }
            return nil
        }
        finish(.failed(error))
        channel?.close(promise: nil)
    }

    func opened(on channel: any Channel) {
        eventLoop.preconditionInEventLoop()
        let isNews = state.withLockedValue { state in
            guard case .connecting = state else { return false }
            state = .open(channel)
            return true
        }
        if isNews { handler(self, .connected) } else { channel.close(promise: nil) }
    }

    func received(_ message: [UInt8]) {
        eventLoop.preconditionInEventLoop()
        if openChannel != nil { handler(self, .message(message)) }
    }

    /// Delivers the end, once; later reasons are consequences of the first.
    func finish(_ reason: WebSocketCloseReason) {
        eventLoop.preconditionInEventLoop()
        let isNews = state.withLockedValue { state in
            if case .closed = state { return false }
            state = .closed
            return true
        }
        if isNews { handler(self, .closed(reason)) }
    }
}

extension SansIO.SocketAddress {
    /// Fails for Unix domain sockets.
    init?(_ address: NIOCore.SocketAddress) {
        guard let text = address.ipAddress, let port = address.port, let port = UInt16(exactly: port),
            let ip = IPAddress(text.prefix { $0 != "%" }.description)
        else { return nil }
        self.init(ip: ip, port: port)
    }
}
