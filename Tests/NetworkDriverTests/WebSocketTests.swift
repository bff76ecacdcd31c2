internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import NIOWebSocket
internal import SansIO
internal import Testing

@testable import NetworkDriver

@Suite("WebSocket client and server, RFC 6455 and RFC 7118", .timeLimit(.minutes(1)))
struct WebSocketTests {
    @Test("carries messages both ways between connected and closed")
    func conversation() async throws {
        try await withServer { peers in
            var configuration = WebSocketConfiguration()
            configuration.origin = "https://example.org"
            var (client, events) = try peers.connect(configuration)

            #expect(await events.nextEvent() == .connected)
            let accepted = try #require(await peers.accepted.next())
            #expect(accepted.event == .connected)
            #expect(accepted.connection.request == .init(path: "/sip", origin: "https://example.org"))
            #expect(accepted.connection.remoteAddress == client.localAddress)

            client.send(Array("OPTIONS".utf8))
            client.send(Array("\r\n\r\n".utf8))
            #expect(await peers.accepted.nextEvent() == .message(Array("OPTIONS".utf8)))
            #expect(await peers.accepted.nextEvent() == .message(Array("\r\n\r\n".utf8)))
            accepted.connection.send([UInt8](repeating: 0x41, count: 60_000))
            #expect(await events.nextEvent() == .message([UInt8](repeating: 0x41, count: 60_000)))

            client.close()
            #expect(await events.nextEvent() == .closed(.requested))
            #expect(await peers.accepted.nextEvent() == .closed(.remote(code: 1000, reason: "")))
            #expect(!client.send([1]), "a closed connection sends nothing")
        }
    }

    @Test("a close by the server reaches the client with its code")
    func closedByServer() async throws {
        try await withServer { peers in
            var (_, events) = try peers.connect()
            #expect(await events.nextEvent() == .connected)

            try #require(await peers.accepted.next()).connection.close(code: 1001)

            #expect(await events.nextEvent() == .closed(.remote(code: 1001, reason: "")))
            #expect(await peers.accepted.nextEvent() == .closed(.requested))
        }
    }

    @Test("a server that goes away without a word is a lost connection")
    func serverGone() async throws {
        try await withServer { peers in
            var (_, events) = try peers.connect()
            #expect(await events.nextEvent() == .connected)

            await peers.server.shutDown()

            #expect(await events.nextEvent() == .closed(.failed(.connectionLost)))
        }
    }

    @Test("a port where nobody listens is an error that says so")
    func refused() async throws {
        try await withServer { peers in
            await peers.server.shutDown()
            var (client, events) = try peers.connect()

            guard case .closed(.failed(.cannotConnect(let text))) = await events.nextEvent() else {
                Issue.record("expected cannotConnect")
                return
            }
            #expect(text.contains("refused"))
            #expect(!client.send([1]))
        }
    }

    @Test("a server that never answers the upgrade costs the connect timeout")
    func connectTimeout() async throws {
        let loop = SignallingLoop()
        let silent = try await ServerBootstrap(group: loop.eventLoop).bind(host: "127.0.0.1", port: 0).get()
        var configuration = WebSocketConfiguration()
        configuration.connectTimeout = .milliseconds(50)
        var events = EventInbox()
        let url = try #require(WebSocketURL("ws://127.0.0.1:\(silent.localAddress?.port ?? 0)"))

        _ = WebSocketClient(configuration: configuration).connect(to: url, on: loop.eventLoop, handler: events.handler)

        #expect(await events.nextEvent() == .closed(.failed(.connectTimeout)))
        await loop.shutDown()
    }

    @Test("closing a connection before it is open ends it as requested")
    func closedEarly() async throws {
        try await withServer { peers in
            var (client, events) = try peers.connect()
            client.close()
            #expect(await events.nextEvent() == .closed(.requested))
        }
    }

    @Test("the server refuses an upgrade without the subprotocol sip", arguments: [nil, "chat"])
    func serverRefusesSubprotocol(offer: String?) async throws {
        try await withServer { peers in
            let raw = try await RawConnection(to: peers.server.address, on: peers.loop.eventLoop)
            raw.write(RawConnection.upgradeRequest(subprotocol: offer))
            #expect(await raw.readAll().hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test("the client refuses a server that does not choose the subprotocol sip")
    func clientRefusesSubprotocol() async throws {
        let loop = SignallingLoop()
        let server = try await ServerBootstrap(group: loop.eventLoop)
            .childChannelInitializer { channel in
                let upgrader = NIOWebSocketServerUpgrader(
                    shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture([:]) },
                    upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
                )
                return channel.pipeline.configureHTTPServerPipeline(
                    withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in })
                )
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var events = EventInbox()
        let url = try #require(WebSocketURL("ws://127.0.0.1:\(server.localAddress?.port ?? 0)/"))

        _ = WebSocketClient().connect(to: url, on: loop.eventLoop, handler: events.handler)

        #expect(await events.nextEvent() == .closed(.failed(.subprotocolRefused)))
        await loop.shutDown()
    }

    @Test("an answer that is no upgrade is refused with its status")
    func notAnUpgrade() async throws {
        let loop = SignallingLoop()
        let server = try await ServerBootstrap(group: loop.eventLoop)
            .childChannelInitializer { channel in
                channel.pipeline.configureHTTPServerPipeline().flatMapThrowing {
                    let routes = HTTPRouteHandler(route: nil, requestTimeout: .seconds(5), bodyLimit: 0)
                    try channel.pipeline.syncOperations.addHandler(routes)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var events = EventInbox()
        let url = try #require(WebSocketURL("ws://127.0.0.1:\(server.localAddress?.port ?? 0)/"))

        _ = WebSocketClient().connect(to: url, on: loop.eventLoop, handler: events.handler)

        #expect(await events.nextEvent() == .closed(.failed(.refused(status: 400))))
        await loop.shutDown()
    }

    @Test("fragments become one message, also with a ping between them and with text in binary frames")
    func fragments() async throws {
        try await withServer { peers in
            let raw = try await upgraded(peers)
            #expect(await peers.accepted.nextEvent() == .connected)

            raw.write(
                RawConnection.frame(opcode: 1, fin: false, [1, 2]) + RawConnection.frame(opcode: 9, [7])
                    + RawConnection.frame(opcode: 0, fin: false, []) + RawConnection.frame(opcode: 0, [3])
                    + RawConnection.frame(opcode: 2, [4])
            )

            #expect(await peers.accepted.nextEvent() == .message([1, 2, 3]))
            #expect(await peers.accepted.nextEvent() == .message([4]))
            #expect(await raw.read { $0.count >= 3 } == RawConnection.frame(opcode: 10, masked: false, [7]))
            raw.close()
            #expect(await peers.accepted.nextEvent() == .closed(.failed(.connectionLost)))
        }
    }

    enum Offence: CaseIterable, CustomTestStringConvertible {
        case longFrame, longMessage, manyFragments, unmasked, strayContinuation, interleaved, reservedOpcode, longPing
        case fragmentedPing, reservedBit

        var frames: [UInt8] {
            typealias Raw = RawConnection
            switch self {
            case .longFrame: return Raw.frame(opcode: 1, [UInt8](repeating: 0, count: 70_000))
            case .longMessage:
                let half = [UInt8](repeating: 0, count: 40_000)
                return Raw.frame(opcode: 1, fin: false, half) + Raw.frame(opcode: 0, half)
            case .manyFragments:
                return Raw.frame(opcode: 1, fin: false, [])
                    + (0..<2000).flatMap { _ in Raw.frame(opcode: 0, fin: false, []) }
            case .unmasked: return Raw.frame(opcode: 1, masked: false, [1])
            case .strayContinuation: return Raw.frame(opcode: 0, [1])
            case .interleaved: return Raw.frame(opcode: 1, fin: false, [1]) + Raw.frame(opcode: 1, [2])
            case .reservedOpcode: return Raw.frame(opcode: 3, [1])
            case .longPing: return Raw.frame(opcode: 9, [UInt8](repeating: 0, count: 126))
            case .fragmentedPing: return Raw.frame(opcode: 9, fin: false, [1])
            case .reservedBit: return Raw.frame(opcode: 0x41, [1])
            }
        }

        var testDescription: String { "\(self)".split(separator: ".").last.map(String.init) ?? "" }
        var isTooLong: Bool { [.longFrame, .longMessage, .manyFragments].contains(self) }
    }

    @Test("closes on frames that RFC 6455 forbids and on messages beyond the limit", arguments: Offence.allCases)
    func offences(_ offence: Offence) async throws {
        try await withServer { peers in
            let raw = try await upgraded(peers)
            #expect(await peers.accepted.nextEvent() == .connected)

            raw.write(offence.frames)

            switch await peers.accepted.nextEvent() {
            case .closed(.failed(.messageTooLong)): #expect(offence.isTooLong)
            case .closed(.failed(.protocolViolation)): #expect(!offence.isTooLong)
            case let other: Issue.record("unexpected: \(String(describing: other))")
            }
            _ = await raw.read()  // the server hangs up
        }
    }

    @Test("a peer that answers no ping is dead")
    func missingPong() async throws {
        var configuration = WebSocketServerConfiguration()
        configuration.connections.pingInterval = .milliseconds(20)
        configuration.connections.pongTimeout = .milliseconds(20)
        try await withServer(configuration) { peers in
            _ = try await upgraded(peers)
            #expect(await peers.accepted.nextEvent() == .connected)
            #expect(await peers.accepted.nextEvent() == .closed(.failed(.pingTimeout)))
        }
    }

    @Test("a peer that answers is pinged again and again")
    func pongs() async throws {
        var configuration = WebSocketServerConfiguration()
        configuration.connections.pingInterval = .milliseconds(5)
        try await withServer(configuration) { peers in
            let living = try await upgraded(peers)
            #expect(await peers.accepted.nextEvent() == .connected)
            for round in 1...4 {
                let ping = RawConnection.frame(opcode: 9, masked: false, [])
                #expect(await living.read { $0.count >= ping.count } == ping, "round \(round)")
                living.write(RawConnection.frame(opcode: 10, []))
            }
            living.close()
            #expect(await peers.accepted.nextEvent() == .closed(.failed(.connectionLost)))
        }
    }

    @Test("refuses to send more than may wait")
    func outboundLimit() async throws {
        try await withServer { peers in
            var configuration = WebSocketConfiguration()
            configuration.outboundLimit = 10
            var (client, events) = try peers.connect(configuration)
            #expect(!client.send([1]), "not open yet")
            #expect(await events.nextEvent() == .connected)
            #expect(await peers.accepted.nextEvent() == .connected)

            #expect(!client.send([UInt8](repeating: 0, count: 11)))
            #expect(client.send([UInt8](repeating: 1, count: 10)))
            #expect(await peers.accepted.nextEvent() == .message([UInt8](repeating: 1, count: 10)))
        }
    }

    private func upgraded(_ peers: borrowing Peers) async throws -> RawConnection {
        let raw = try await RawConnection(to: peers.server.address, on: peers.loop.eventLoop)
        raw.write(RawConnection.upgradeRequest(subprotocol: "sip"))
        let head = await raw.readHead()
        #expect(head.hasPrefix("HTTP/1.1 101 "))
        #expect(head.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the accept value of RFC 6455 §1.3")
        return raw
    }
}

@Suite("WebSocket over TLS", .timeLimit(.minutes(1)))
struct SecureWebSocketTests {
    @Test("connects by name and by address to a server whose authority it is told to trust", arguments: [true, false])
    func trusted(byName: Bool) async throws {
        try await withServer(try secure()) { peers in
            var configuration = WebSocketConfiguration()
            configuration.additionalAuthorities = try certificate("ca")
            let host = byName ? "localhost" : "127.0.0.1"
            var (client, events) = try peers.connect(configuration, to: "wss://\(host):\(peers.server.address.port)/")

            #expect(await events.nextEvent() == .connected)
            #expect(await peers.accepted.nextEvent() == .connected)
            client.send([1, 2])
            #expect(await peers.accepted.nextEvent() == .message([1, 2]))
            client.close()
            #expect(await events.nextEvent() == .closed(.requested))
        }
    }

    @Test("refuses an unknown authority")
    func untrusted() async throws {
        try await withServer(try secure()) { peers in
            var (_, events) = try peers.connect(to: "wss://localhost:\(peers.server.address.port)/")
            guard case .closed(.failed(.tls)) = await events.nextEvent() else {
                Issue.record("expected a TLS failure")
                return
            }
        }
    }

    @Test("refuses a certificate for another host")
    func wrongHost() async throws {
        var server = try secure()
        server.host = "::1"
        try await withServer(server) { peers in
            var configuration = WebSocketConfiguration()
            configuration.additionalAuthorities = try certificate("ca")
            var (_, events) = try peers.connect(configuration, to: "wss://[::1]:\(peers.server.address.port)/")
            guard case .closed(.failed(.tls)) = await events.nextEvent() else {
                Issue.record("expected a TLS failure")
                return
            }
        }
    }

    @Test("names the file of a configuration that cannot be used")
    func missingFiles() async throws {
        try await withServer { peers in
            var configuration = WebSocketConfiguration()
            configuration.additionalAuthorities = "/nonexistent.pem"
            var (_, events) = try peers.connect(configuration, to: "wss://localhost:1/")
            guard case .closed(.failed(.configuration(let text))) = await events.nextEvent() else {
                Issue.record("expected a configuration error")
                return
            }
            #expect(text.contains("/nonexistent.pem"))
        }
        var server = WebSocketServerConfiguration()
        server.certificate = (chain: "/nonexistent.pem", key: "/nonexistent.key")
        await #expect(throws: WebSocketError.self) { try await withServer(server) { _ in } }
    }

    private func secure() throws -> WebSocketServerConfiguration {
        var configuration = WebSocketServerConfiguration()
        configuration.certificate = (chain: try certificate("server"), key: try certificate("server-key"))
        return configuration
    }

    private func certificate(_ name: String) throws -> String {
        try #require(Fixtures.certificate(name))
    }
}

@Suite("WebSocket URL, RFC 6455 §3")
struct WebSocketURLTests {
    @Test(
        "reads host, port and path",
        arguments: [
            ("ws://example.org", "example.org", 80, "/"), ("wss://example.org/a?b", "example.org", 443, "/a?b"),
            ("WS://127.0.0.1:8088/sip", "127.0.0.1", 8088, "/sip"), ("wss://[::1]:5063", "::1", 5063, "/"),
            ("ws://host?x", "host", 80, "/?x"),
        ] as [(String, String, UInt16, String)]
    )
    func valid(text: String, host: String, port: UInt16, path: String) throws {
        let url = try #require(WebSocketURL(text))

        #expect((url.host, url.port, url.path) == (host, port, path))
        #expect(url.isSecure == text.lowercased().hasPrefix("wss"))
        #expect(WebSocketURL(url.description) == url)
    }

    @Test(
        "refuses what is none",
        arguments: [
            "", "http://a", "ws://", "ws:///x", "ws://a:0", "ws://a:70000", "ws://a:x", "ws://[::1", "ws://[1.2.3.4]",
            "ws://a/#b", "ws://a b", "ws://user@host", "ws://a\r\nX: y",
        ]
    )
    func invalid(text: String) {
        #expect(WebSocketURL(text) == nil)
    }

    @Test("knows this machine by name")
    func loopback() {
        #expect(WebSocketURL("ws://localhost")?.isLoopback == true)
        #expect(WebSocketURL("ws://[::1]:1")?.isLoopback == true)
        #expect(WebSocketURL("ws://192.0.2.1")?.isLoopback == false)
    }
}
