internal import NIOConcurrencyHelpers
package import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOSSL
internal import NIOWebSocket
package import SansIO

/// Where and how a ``WebSocketServer`` listens.
package struct WebSocketServerConfiguration: Sendable {
    /// A name or literal address; loopback, so that nothing is exposed by accident.
    package var host = "127.0.0.1"
    /// 0 lets the kernel choose.
    package var port: UInt16 = 0
    /// Connections at a time, of both kinds; more are closed at once.
    package var connectionLimit = 1024
    /// Time for a whole request, from the connection or the answer before it on: the upgrade, or a page.
    package var requestTimeout: Duration = .seconds(10)
    /// Octets of a POST body.
    package var bodyLimit = 64 << 10
    /// PEM files of the certificate chain and its key; `nil` for plain ws:// and http://.
    package var certificate: (chain: String, key: String)?
    package var connections = WebSocketConfiguration()

    package init() {}
}

/// Accepts SIP over WebSocket, at any path, and serves plain HTTP on the same port.
package final class WebSocketServer: Sendable {
    /// Where it listens.
    package let address: SansIO.SocketAddress
    private let listener: any Channel
    private let connections: ConnectionRegister

    private init(address: SansIO.SocketAddress, listener: any Channel, connections: ConnectionRegister) {
        self.address = address
        self.listener = listener
        self.connections = connections
    }

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - group: The event loops for the connections; a single loop is a group of its own.
    ///   - route: Answers requests that are no upgrades; 404 without one.
    ///   - handler: Called on the loop of the connection concerned.
    /// - Throws: `WebSocketError.cannotConnect` when the address cannot be used, `.configuration` for the certificate.
    package static func start(
        _ configuration: WebSocketServerConfiguration = .init(),
        on group: any EventLoopGroup,
        route: HTTPRoute? = nil,
        handler: @escaping WebSocketEventHandler
    ) async throws(WebSocketError) -> WebSocketServer {
        let connections = ConnectionRegister(limit: configuration.connectionLimit)
        let tls = try makeTLSContext(configuration)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelInitializer { channel in
                guard connections.add(channel) else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    try addHandlers(to: channel, configuration, route, handler)
                }
            }
        do {
            let listener = try await bootstrap.bind(host: configuration.host, port: Int(configuration.port)).get()
            guard let address = listener.localAddress.flatMap({ SansIO.SocketAddress($0) }) else {
                throw WebSocketError.cannotConnect("\(configuration.host) is no address to listen on")
            }
            return WebSocketServer(address: address, listener: listener, connections: connections)
        } catch {
            throw .cannotConnect("\(configuration.host):\(configuration.port): \(error)")
        }
    }

    /// Connections open now, of both kinds.
    package var connectionCount: Int { connections.count }

    /// Stops listening and closes every connection.
    package func shutDown() async {
        // The listener may have failed before; then there is nothing left to close.
        _ = try? await listener.close().get()
        for channel in connections.all { _ = try? await channel.close().get() }
    }

    private static func addHandlers(
        to channel: any Channel,
        _ configuration: WebSocketServerConfiguration,
        _ route: HTTPRoute?,
        _ handler: @escaping WebSocketEventHandler
    ) throws {
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: configuration.connections.messageLimit,
            automaticErrorHandling: false,
            shouldUpgrade: { channel, head in
                let offered = head.headers[canonicalForm: "Sec-WebSocket-Protocol"]
                let headers: HTTPHeaders? = offered.contains("sip") ? ["Sec-WebSocket-Protocol": "sip"] : nil
                return channel.eventLoop.makeSucceededFuture(headers)
            },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    let connection = WebSocketConnection(
                        eventLoop: channel.eventLoop,
                        request: .init(path: head.uri, origin: head.headers.first(name: "Origin")),
                        isSecure: configuration.certificate != nil,
                        configuration: configuration.connections,
                        handler: handler
                    )
                    try channel.pipeline.syncOperations.addHandler(
                        WebSocketHandler(
                            connection: connection,
                            side: .server,
                            configuration: configuration.connections
                        )
                    )
                }
            }
        )
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withServerUpgrade: (
                upgraders: [upgrader],
                completionHandler: { $0.pipeline.removeHandler(name: HTTPRouteHandler.name, promise: nil) }
            )
        )
        try channel.pipeline.syncOperations.addHandler(
            HTTPRouteHandler(
                route: route,
                requestTimeout: configuration.requestTimeout,
                bodyLimit: configuration.bodyLimit
            ),
            name: HTTPRouteHandler.name
        )
    }

    private static func makeTLSContext(
        _ configuration: WebSocketServerConfiguration
    ) throws(WebSocketError) -> NIOSSLContext? {
        guard let certificate = configuration.certificate else { return nil }
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate.chain).map(NIOSSLCertificateSource.certificate)
            let key = try NIOSSLPrivateKey(file: certificate.key, format: .pem)
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain,
                privateKey: .privateKey(key)
            )
            tls.minimumTLSVersion = .tlsv12
            tls.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: tls)
        } catch {
            throw .configuration("\(certificate.chain), \(certificate.key): \(error)")
        }
    }
}

/// The connections of a server, counted and bounded.
private final class ConnectionRegister: Sendable {
    private let channels = NIOLockedValueBox<[ObjectIdentifier: any Channel]>([:])
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var count: Int { channels.withLockedValue { $0.count } }
    var all: [any Channel] { channels.withLockedValue { Array($0.values) } }

    /// Keeps the channel until it closes; false when there are too many.
    func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isAdded = channels.withLockedValue { channels in
            guard channels.count < limit else { return false }
            channels[id] = channel
            return true
        }
        if isAdded { channel.closeFuture.whenComplete { _ in self.remove(id) } }
        return isAdded
    }

    private func remove(_ id: ObjectIdentifier) { channels.withLockedValue { $0[id] = nil } }
}
