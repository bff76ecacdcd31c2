import LocalRegistrar
import NetworkDriver
import Offhook
import SIPMessages
import SIPStack
import SansIO
import Testing

/// A user agent over a real WebSocket, and the events it has had, as a stream.
private struct Phone {
    let driver: UserAgentDriver
    let events: AsyncStream<UserAgentCoreEvent>

    /// - Parameter answers: Whether it answers each call at once.
    init(_ user: String, password: String, server: WebSocketURL, loop: SignallingLoop, answers: Bool, seed: UInt64) {
        let configuration = UserAgentCoreConfiguration(
            identity: UserAgentIdentity(
                uri: SIPURI(user: user, host: "127.0.0.1"),
                contact: SIPURI(user: "c-\(user)", host: "\(user).invalid", parameters: ["transport": "ws"]),
                viaTransport: "WS",
                viaHost: "\(user).invalid"
            ),
            registration: RegistrationConfiguration(
                registrar: SIPURI(host: "127.0.0.1"),
                instanceID: "8f1fa16a-1165-4a96-8341-785b1ef24f12"
            ),
            credentials: DigestCredentials(user: user, secret: .password(Redacted(password)))
        )
        let (events, continuation) = AsyncStream.makeStream(of: UserAgentCoreEvent.self)
        self.events = events
        driver = UserAgentDriver(
            loop: loop,
            core: UserAgentCore(configuration: configuration, random: RandomSource(seed: seed)),
            servers: [server]
        ) { driver, event in
            continuation.yield(event)
            switch event {
            case .newRTCSession(.remote, let id, _):
                driver.perform { core, now in
                    core.ring(id, at: now)
                    if answers { core.answer(id, body: SessionBody(bytes: Array("v=0\r\n".utf8)), at: now) }
                }
            case .session(let id, .answer): driver.perform { core, now in core.acceptAnswer(id, at: now) }
            default: break
            }
        }
    }

    /// Waits for the first event that fulfils the condition.
    func wait(for condition: (UserAgentCoreEvent) -> Bool) async -> UserAgentCoreEvent? {
        for await event in events where condition(event) { return event }
        return nil
    }

    func call(_ user: String) async -> SessionID {
        await driver.perform { core, now in
            core.invite(SIPURI(user: user, host: "127.0.0.1"), offer: SessionBody(bytes: [0x76]), at: now)
        }
    }
}

@Suite("Signalling over real WebSockets, RFC 7118", .timeLimit(.minutes(1)))
struct SignallingTests {
    private func server() async throws -> (RegistrarServer, WebSocketURL) {
        let registrar = try await RegistrarServer.start(
            domain: "127.0.0.1",
            users: ["alice": Redacted("a"), "bob": Redacted("b")],
            random: RandomSource(seed: 1)
        )
        let address = try #require(await registrar.address)
        return (registrar, try #require(WebSocketURL("ws://\(address)")))
    }

    private func isRegistered(_ event: UserAgentCoreEvent) -> Bool {
        if case .registered = event { true } else { false }
    }

    @Test("two user agents register, call each other and hang up")
    func call() async throws {
        let (registrar, url) = try await server()
        let loop = SignallingLoop()
        let alice = Phone("alice", password: "a", server: url, loop: loop, answers: false, seed: 2)
        let bob = Phone("bob", password: "b", server: url, loop: loop, answers: true, seed: 3)
        await alice.driver.start()
        await bob.driver.start()
        _ = await alice.wait(for: isRegistered)
        _ = await bob.wait(for: isRegistered)

        let id = await alice.call("bob")
        let confirmed = await alice.wait { if case .session(_, .confirmed) = $0 { true } else { false } }
        await alice.driver.perform { core, now in core.terminate(id, at: now) }
        let ended = await bob.wait { if case .session(_, .ended) = $0 { true } else { false } }
        await alice.driver.stop()
        await bob.driver.stop()
        _ = await alice.wait { $0 == .stopped }
        _ = await bob.wait { $0 == .stopped }

        #expect(confirmed != nil)
        guard case .session(_, .ended(.remote, _, .terminated))? = ended else {
            Issue.record("\(String(describing: ended))")
            return
        }
        await registrar.shutDown()
        await loop.shutDown()
    }

    @Test("a user agent with a wrong password is told so, and one without a server keeps trying")
    func refused() async throws {
        let (registrar, url) = try await server()
        let loop = SignallingLoop()
        let alice = Phone("alice", password: "wrong", server: url, loop: loop, answers: false, seed: 2)
        await alice.driver.start()
        let failed = await alice.wait { if case .registrationFailed = $0 { true } else { false } }
        await registrar.shutDown()
        let lost = await alice.wait { $0 == .disconnected(isError: true) }
        let again = await alice.wait { if case .connecting(_, attempts: 1...) = $0 { true } else { false } }

        guard case .registrationFailed(let response?, .rejected)? = failed else {
            Issue.record("\(String(describing: failed))")
            return
        }
        #expect(response.statusCode == 403)
        #expect(lost != nil && again != nil)
        await loop.shutDown()
    }
}
