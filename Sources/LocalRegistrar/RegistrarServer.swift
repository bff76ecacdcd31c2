package import NetworkDriver
package import SansIO

/// The embedded registrar on a WebSocket listener: a ``RegistrarCore`` with sockets and a clock.
///
/// Runs on a signalling loop of its own; connections, timers and the core are all there.
package actor RegistrarServer {
    /// Something a log would tell.
    package enum Event: Sendable, Equatable {
        case registered(user: String, contact: String)
        case unregistered(user: String)
    }

    nonisolated private let loop: SignallingLoop
    private var core: RegistrarCore
    private var connections: [ConnectionID: WebSocketConnection] = [:]
    private var identifiers: [ObjectIdentifier: ConnectionID] = [:]
    private var nextConnection: UInt64 = 1
    private var timer: (deadline: MonotonicTime, handle: SignallingLoop.Timer)?
    private var server: WebSocketServer?
    private let onEvent: @Sendable (Event) -> Void

    nonisolated package var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.executor.asUnownedSerialExecutor()
    }

    private init(loop: SignallingLoop, core: RegistrarCore, onEvent: @escaping @Sendable (Event) -> Void) {
        self.loop = loop
        self.core = core
        self.onEvent = onEvent
    }

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - domain: The domain it is responsible for.
    ///   - random: Must be cryptographic in production.
    ///   - onEvent: Called on the server's loop.
    /// - Throws: When the address cannot be used.
    package static func start(
        domain: String,
        users: [String: Redacted<String>],
        listener: WebSocketServerConfiguration = .init(),
        random: sending RandomSource,
        onEvent: @escaping @Sendable (Event) -> Void = { _ in }
    ) async throws(WebSocketError) -> RegistrarServer {
        let loop = SignallingLoop()
        let configuration = RegistrarConfiguration(domain: domain, host: domain, users: users)
        let registrar = RegistrarServer(
            loop: loop,
            core: RegistrarCore(configuration: configuration, random: random),
            onEvent: onEvent
        )
        do {
            let server = try await WebSocketServer.start(listener, on: loop.eventLoop) { connection, event in
                registrar.assumeIsolated { $0.handle(event, of: connection) }
            }
            await registrar.adopt(server)
        } catch {
            await loop.shutDown()
            throw error
        }
        return registrar
    }

    /// Where it listens.
    package var address: SocketAddress? { server?.address }

    /// Closes every connection and the listener, and ends the loop.
    ///
    /// Not isolated: once its loop has ended, the actor could not return from here.
    package nonisolated func shutDown() async {
        await close()
        await loop.shutDown()
    }

    private func close() async {
        timer?.handle.cancel()
        timer = nil
        let server = server
        self.server = nil
        await server?.shutDown()
    }

    private func adopt(_ server: WebSocketServer) { self.server = server }

    private func handle(_ event: WebSocketEvent, of connection: WebSocketConnection) {
        let now = SystemClock.now
        let object = ObjectIdentifier(connection)
        switch event {
        case .connected:
            let id = ConnectionID(nextConnection)
            nextConnection += 1
            (connections[id], identifiers[object]) = (connection, id)
            core.handleConnected(id)
        case .message(let bytes):
            guard let id = identifiers[object] else { return }
            core.handleMessage(bytes, from: id, at: now)
        case .closed:
            guard let id = identifiers.removeValue(forKey: object) else { return }
            connections[id] = nil
            core.handleDisconnected(id, at: now)
        }
        drain()
    }

    private func drain() {
        while let output = core.pollOutput() {
            switch output {
            case .send(let bytes, let id):
                // A client that does not read is closed by its ping; what it did not take is lost with it.
                _ = connections[id]?.send(bytes)
            case .registered(let user, let contact): onEvent(.registered(user: user, contact: contact))
            case .unregistered(let user): onEvent(.unregistered(user: user))
            }
        }
        arm()
    }

    private func arm() {
        guard let deadline = core.nextTimeout else {
            timer?.handle.cancel()
            timer = nil
            return
        }
        guard timer?.deadline != deadline else { return }
        timer?.handle.cancel()
        let handle = loop.schedule(at: deadline) { [weak self] in
            self?.assumeIsolated { $0.timeout() }
        }
        timer = (deadline, handle)
    }

    private func timeout() {
        timer = nil
        core.handleTimeout(at: SystemClock.now)
        drain()
    }
}
