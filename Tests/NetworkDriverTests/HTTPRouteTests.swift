internal import NIOCore
internal import SansIO
internal import Testing

@testable import NetworkDriver

@Suite("Plain HTTP beside WebSocket", .timeLimit(.minutes(1)))
struct HTTPRouteTests {
    private let route: HTTPRoute = { request in
        switch (request.method, request.path) {
        case (.get, "/"): HTTPResponse(contentType: "text/html; charset=utf-8", body: Array("<p>hello".utf8))
        case (.post, "/echo"): HTTPResponse(contentType: request.query ?? "none", body: request.body)
        default: nil
        }
    }

    @Test("serves pages on the port of the WebSocket server, one after the other")
    func pages() async throws {
        try await withServer(route: route) { peers in
            let raw = try await connect(peers)
            raw.write("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

            let answer = await raw.readAll()

            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("Content-Type: text/html; charset=utf-8\r\n"))
            #expect(answer.contains("<p>helloHTTP/1.1 404 Not Found\r\n"))
            var (_, events) = try peers.connect()
            #expect(await events.nextEvent() == .connected)
        }
    }

    @Test("answers HEAD without a body, and methods it does not serve with 405")
    func methods() async throws {
        try await withServer(route: route) { peers in
            let head = try await connect(peers)
            head.write("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            let answer = await head.readAll()
            #expect(answer.contains("Content-Length: 8\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n"))

            let other = try await connect(peers)
            other.write("DELETE / HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(await other.readAll().hasPrefix("HTTP/1.1 405 "))
        }
    }

    @Test("takes a POST body up to the limit, and no further", arguments: [100, 101])
    func bodies(length: Int) async throws {
        var configuration = WebSocketServerConfiguration()
        configuration.bodyLimit = 100
        try await withServer(configuration, route: route) { peers in
            let raw = try await connect(peers)
            let body = String(repeating: "b", count: length)
            raw.write(
                "POST /echo?a/b HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\nConnection: close\r\n\r\n\(body)"
            )

            let answer = await raw.readAll()

            if length == 100 {
                #expect(answer.hasSuffix("\r\n\r\n" + body))
                #expect(answer.contains("Content-Type: a/b\r\n"))
            } else {
                #expect(answer.hasPrefix("HTTP/1.1 413 "))
            }
        }
    }

    @Test(
        "closes a connection whose request does not come in time",
        arguments: ["", "GET / HTTP/1.1\r\nHost:", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"]
    )
    func slowRequest(text: String) async throws {
        var configuration = WebSocketServerConfiguration()
        configuration.requestTimeout = .milliseconds(50)
        try await withServer(configuration, route: route) { peers in
            let raw = try await connect(peers)
            raw.write(text)
            #expect(await raw.readAll().isEmpty)
        }
    }

    @Test("answers garbage with 400 or a close", arguments: ["\u{1}\u{2}garbage\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"])
    func garbage(text: String) async throws {
        try await withServer(route: route) { peers in
            let raw = try await connect(peers)
            raw.write(text)
            let answer = await raw.readAll()
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test("closes connections beyond the limit, and takes new ones when others have left")
    func connectionLimit() async throws {
        var configuration = WebSocketServerConfiguration()
        configuration.connectionLimit = 1
        try await withServer(configuration, route: route) { peers in
            var (first, events) = try peers.connect()
            #expect(await events.nextEvent() == .connected)
            #expect(await peers.accepted.nextEvent() == .connected)

            let refused = try await connect(peers)
            #expect(await refused.readAll().isEmpty)

            first.close()
            #expect(await events.nextEvent() == .closed(.requested))
            #expect(await peers.accepted.nextEvent() == .closed(.remote(code: 1000, reason: "")))
            while peers.server.connectionCount > 0 { await Task.yield() }
            var (_, later) = try peers.connect()
            #expect(await later.nextEvent() == .connected)
            withExtendedLifetime(first) {}
        }
    }

    private func connect(_ peers: borrowing Peers) async throws -> RawConnection {
        try await RawConnection(to: peers.server.address, on: peers.loop.eventLoop)
    }
}

@Suite("Signalling loop", .timeLimit(.minutes(1)))
struct SignallingLoopTests {
    private actor Owner {
        private nonisolated let loop: SignallingLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe loop.executor.asUnownedSerialExecutor() }

        init(loop: SignallingLoop) { self.loop = loop }

        func isOnLoop() -> Bool { loop.eventLoop.inEventLoop }
    }

    @Test("is the executor of actors and enters them without a hop from its callbacks")
    func executor() async throws {
        let loop = SignallingLoop()
        let owner = Owner(loop: loop)
        #expect(await owner.isOnLoop())

        let isInside = await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: owner.assumeIsolated { $0.isOnLoop() }) }
        }
        #expect(isInside)
        await loop.shutDown()
    }

    @Test("serves timers in order, never early, and not after they were cancelled")
    func timers() async throws {
        let loop = SignallingLoop()
        let (stream, continuation) = AsyncStream.makeStream(of: (Int, MonotonicTime).self)
        let start = SystemClock.now
        loop.execute {
            let cancelled = loop.schedule(at: start + .milliseconds(5)) { continuation.yield((0, SystemClock.now)) }
            cancelled.cancel()
            for delay in [20, 10, -5] {
                _ = loop.schedule(at: start + .milliseconds(delay)) {
                    continuation.yield((delay, SystemClock.now))
                    if delay == 20 { continuation.finish() }
                }
            }
        }

        var order: [Int] = []
        for await (delay, time) in stream {
            order.append(delay)
            #expect(time >= start + .milliseconds(delay))
        }
        #expect(order == [-5, 10, 20])
        await loop.shutDown()
    }
}
