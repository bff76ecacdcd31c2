package import NetworkDriver
package import SIPStack
package import SansIO

/// A ``UserAgentCore`` with its connection and its clock, on a signalling loop.
///
/// Core, timers and WebSocket are confined to the loop; the handler is called there, too, and may give the next command
/// at once through ``perform(_:)``.
package actor UserAgentDriver {
    /// Called on the loop with each event, in order; `driver` is isolated to the caller there.
    package typealias EventHandler = @Sendable (isolated UserAgentDriver, UserAgentCoreEvent) -> Void

    nonisolated private let loop: SignallingLoop
    private var core: UserAgentCore
    private let servers: [WebSocketURL]
    private let client: WebSocketClient
    private var connection: WebSocketConnection?
    private var timer: (deadline: MonotonicTime, handle: SignallingLoop.Timer)?
    private let handler: EventHandler

    nonisolated package var unownedExecutor: UnownedSerialExecutor {
        unsafe loop.executor.asUnownedSerialExecutor()
    }

    /// - Parameters:
    ///   - loop: May be shared by several user agents.
    ///   - servers: One for each weight of the core's configuration, in its order.
    package init(
        loop: SignallingLoop,
        core: sending UserAgentCore,
        servers: [WebSocketURL],
        webSocket: WebSocketConfiguration = .init(),
        handler: @escaping EventHandler
    ) {
        precondition(!servers.isEmpty, "a user agent has at least one server")
        self.loop = loop
        self.core = core
        self.servers = servers
        client = WebSocketClient(configuration: webSocket)
        self.handler = handler
    }

    /// Connects, and registers if the core is configured to.
    package func start() { perform { core, now in core.start(at: now) } }

    /// Un-registers, ends the calls and disconnects; the core's `stopped` event says when.
    package func stop() { perform { core, now in core.stop(at: now) } }

    /// Gives the core a command and carries out what follows.
    package func perform<Result>(_ body: (inout UserAgentCore, MonotonicTime) -> Result) -> Result {
        let result = body(&core, SystemClock.now)
        drain()
        return result
    }

    private func drain() {
        while let output = core.pollOutput() {
            switch output {
            case .connect(let server): connect(to: servers[server])
            case .disconnect: disconnect()
            case .send(let bytes):
                // A full buffer means a peer that does not read: the ping ends such a connection.
                _ = connection?.send(bytes)
            case .event(let event): handler(self, event)
            }
        }
        arm()
    }

    private func connect(to server: WebSocketURL) {
        connection = client.connect(to: server, on: loop.eventLoop) { [weak self] connection, event in
            self?.assumeIsolated { $0.handle(event, of: connection) }
        }
    }

    private func disconnect() {
        connection?.close()
        connection = nil
    }

    private func handle(_ event: WebSocketEvent, of source: WebSocketConnection) {
        // An old connection's last words are of no interest.
        guard source === connection else { return }
        switch event {
        case .connected: core.handleTransportConnected(at: SystemClock.now)
        case .message(let bytes): core.handleMessage(bytes, at: SystemClock.now)
        case .closed:
            connection = nil
            core.handleTransportClosed(at: SystemClock.now)
        }
        drain()
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
