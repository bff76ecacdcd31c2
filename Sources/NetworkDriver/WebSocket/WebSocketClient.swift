internal import NIOConcurrencyHelpers
package import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import NIOWebSocket
internal import SansIO

/// Opens WebSocket connections to SIP servers (RFC 7118).
package final class WebSocketClient: Sendable {
    private let configuration: WebSocketConfiguration
    /// Made at the first secure connection: reading the system's authorities takes a while.
    private let tlsContext = NIOLockedValueBox<NIOSSLContext?>(nil)

    package init(configuration: WebSocketConfiguration = .init()) { self.configuration = configuration }

    /// Starts to connect.
    ///
    /// - Parameters:
    ///   - eventLoop: Where the connection lives and `handler` is called.
    ///   - handler: Gets ``WebSocketEvent/closed(_:)`` in any case, never before this function has returned.
    package func connect(
        to url: WebSocketURL,
        on eventLoop: any EventLoop,
        handler: @escaping WebSocketEventHandler
    ) -> WebSocketConnection {
        let connection = WebSocketConnection(
            eventLoop: eventLoop,
            request: .init(path: url.path, origin: configuration.origin),
            isSecure: url.isSecure,
            configuration: configuration,
            handler: handler
        )
        eventLoop.execute { self.start(connection, url) }
        return connection
    }

    private func start(_ connection: WebSocketConnection, _ url: WebSocketURL) {
        let deadline = connection.eventLoop.scheduleTask(in: TimeAmount(configuration.connectTimeout)) {
            connection.abandon(.connectTimeout)
        }
        let configuration = configuration
        let tls: NIOSSLContext?
        do throws(WebSocketError) {
            tls = url.isSecure ? try makeTLSContext() : nil
        } catch {
            deadline.cancel()
            return connection.finish(.failed(error))
        }
        ClientBootstrap(group: connection.eventLoop)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .connect(host: url.host, port: Int(url.port))
            .flatMapThrowing { channel in
                // Handlers join the attempt that won; the others must not report their end.
                guard connection.attempting(on: channel) else { return }
                channel.closeFuture.whenComplete { _ in deadline.cancel() }
                if let tls {
                    // Without a name, NIOSSL checks the certificate against the address.
                    let name = IPAddress(url.host) == nil ? url.host : nil
                    let handler = try NIOSSLClientHandler(context: tls, serverHostname: name)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
                try Self.addHandlers(to: channel, for: connection, url, configuration, deadline)
            }
            .whenFailure { error in
                deadline.cancel()
                connection.abandon(WebSocketError(connecting: error))
            }
    }

    private static func addHandlers(
        to channel: any Channel,
        for connection: WebSocketConnection,
        _ url: WebSocketURL,
        _ configuration: WebSocketConfiguration,
        _ deadline: Scheduled<Void>
    ) throws {
        let upgrader = NIOWebSocketClientUpgrader(
            maxFrameSize: configuration.messageLimit,
            automaticErrorHandling: false
        ) { channel, response in
            channel.eventLoop.makeCompletedFuture {
                // "the client MUST fail the WebSocket connection" without the subprotocol it needs (RFC 7118 §4.1).
                guard response.headers[WebSocketHandshake.subprotocolHeader] == [WebSocketHandshake.subprotocol] else {
                    return connection.abandon(.subprotocolRefused)
                }
                deadline.cancel()
                try channel.pipeline.syncOperations.addHandler(
                    WebSocketHandler(connection: connection, side: .client, configuration: configuration)
                )
            }
        }
        let handshake = WebSocketHandshake(connection: connection, url: url, configuration: configuration)
        try channel.pipeline.syncOperations.addHTTPClientHandlers(
            leftOverBytesStrategy: .forwardBytes,
            withClientUpgrade: (
                upgraders: [upgrader],
                completionHandler: { $0.pipeline.removeHandler(name: WebSocketHandshake.name, promise: nil) }
            )
        )
        try channel.pipeline.syncOperations.addHandler(handshake, name: WebSocketHandshake.name)
    }

    private func makeTLSContext() throws(WebSocketError) -> NIOSSLContext {
        let file = configuration.additionalAuthorities
        let result: Result<NIOSSLContext, any Error> = tlsContext.withLockedValue { context in
            Result {
                if let context { return context }
                var configuration = TLSConfiguration.makeClientConfiguration()
                configuration.minimumTLSVersion = .tlsv12
                configuration.applicationProtocols = ["http/1.1"]
                if let file { configuration.additionalTrustRoots = [.file(file)] }
                let made = try NIOSSLContext(configuration: configuration)
                context = made
                return made
            }
        }
        switch result {
        case .success(let context): return context
        case .failure(let error): throw .configuration("\(file ?? "system authorities"): \(error)")
        }
    }
}

/// Sends the upgrade request, and reports an answer that is no upgrade.
private final class WebSocketHandshake: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    static let name = "handshake"
    static let subprotocol = "sip"
    static let subprotocolHeader = "Sec-WebSocket-Protocol"

    private let connection: WebSocketConnection
    private let url: WebSocketURL
    private let configuration: WebSocketConfiguration

    init(connection: WebSocketConnection, url: WebSocketURL, configuration: WebSocketConfiguration) {
        self.connection = connection
        self.url = url
        self.configuration = configuration
    }

    func handlerAdded(context: ChannelHandlerContext) {
        var headers = HTTPHeaders([("Host", url.authority), (Self.subprotocolHeader, Self.subprotocol)])
        if let origin = configuration.origin { headers.add(name: "Origin", value: origin) }
        for (name, value) in configuration.headers { headers.add(name: name, value: value) }
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: url.path, headers: headers)
        context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = Self.unwrapInboundIn(data) else { return }
        end(.refused(status: Int(head.status.code)), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(WebSocketError(handshaking: error), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        connection.finish(.failed(.connectionLost))
        context.fireChannelInactive()
    }

    private func end(_ error: WebSocketError, _ context: ChannelHandlerContext) {
        connection.finish(.failed(error))
        context.close(promise: nil)
    }
}

extension WebSocketError {
    fileprivate init(connecting error: any Error) {
        switch error {
        case ChannelError.connectTimeout: self = .connectTimeout
        case let error as NIOConnectionError:
            let causes = error.connectionErrors.map { "\($0.target): \($0.error)" }
            let lookUps = [error.dnsAError, error.dnsAAAAError].compactMap { $0 }.map { "\($0)" }
            self = .cannotConnect((causes.isEmpty ? lookUps : causes).joined(separator: ", "))
        default: self = .cannotConnect("\(error)")
        }
    }

    fileprivate init(handshaking error: any Error) {
        switch error {
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: self = .tls("\(error)")
        case is NIOHTTPClientUpgradeError, is HTTPParserError: self = .protocolViolation("\(error)")
        default: self = .connectionLost
        }
    }
}
