import SIPMessages
import SIPStack
import SansIO
import Testing

@Suite("User agent core")
struct UserAgentCoreTests {
    @Test("carries three hundred calls from dialling to hanging up, and keeps nothing of them")
    func manyCalls() throws {
        let line = Line(caller: Agent("alice").willing(), callee: Agent("bob", seed: 2).willing())

        for index in 0..<300 {
            let id = line.caller.call()
            line.settle()
            #expect(line.caller.story.last == "confirmed local")
            #expect(line.callee.story.last == "confirmed remote")
            let hangsUp = index.isMultiple(of: 2) ? line.caller : line.callee
            hangsUp.act { core in
                if index.isMultiple(of: 2) { core.terminate(id, at: line.caller.now) }
            }
            if !index.isMultiple(of: 2) {
                let incoming = try line.callee.incoming()
                line.callee.act { $0.terminate(incoming, at: line.callee.now) }
            }
            line.settle()
            line.advance(by: .seconds(1))
        }
        line.advance(by: .seconds(40))

        #expect(line.caller.story.filter { $0.hasPrefix("ended") }.count == 300)
        #expect(line.callee.story.filter { $0.hasPrefix("ended") }.count == 300)
        #expect(line.caller.core.liveObjects == 0)
        #expect(line.callee.core.liveObjects == 0)
    }

    @Test("registers when connected, in JsSIP's order of events")
    func registration() throws {
        let agent = Agent("alice", registers: true)
        agent.act { $0.start(at: .zero) }
        agent.act { $0.handleTransportConnected(at: .zero) }
        let request = try agent.lastRequest(.register)
        var response = Fixture.response(200, to: request)
        response.headers.append("Contact", request.headers["Contact"] ?? "")
        agent.receive(response)

        guard case .registered? = agent.events.last else {
            Issue.record("not registered: \(agent.events)")
            return
        }
        #expect(agent.events.prefix(2) == [.connecting(server: 0, attempts: 0), .connected])
        agent.act { $0.handleTransportClosed(at: .zero) }
        #expect(agent.events.suffix(2) == [.disconnected(isError: true), .unregistered(nil, nil)])
        agent.advance(by: .seconds(2))
        #expect(agent.events.last == .connecting(server: 0, attempts: 1))
    }

    @Test("stops when the wire is given its two seconds, after un-REGISTER and BYE")
    func stop() throws {
        let agent = Agent("alice", registers: true).willing()
        agent.act { $0.start(at: .zero) }
        agent.act { $0.handleTransportConnected(at: .zero) }
        let request = try agent.lastRequest(.register)
        var response = Fixture.response(200, to: request)
        response.headers.append("Contact", request.headers["Contact"] ?? "")
        agent.receive(response)
        _ = agent.call()

        agent.act { $0.stop(at: .zero) }
        #expect(agent.story.last == "failed local Canceled")
        #expect(try agent.lastRequest(.register).headers["Expires"] == "0")
        agent.advance(by: .seconds(2))

        #expect(agent.events.suffix(2) == [.disconnected(isError: false), .stopped])
        #expect(agent.core.liveObjects == 0)
        #expect(agent.core.nextTimeout == nil)
    }

    @Test("tries servers by weight, then the others, then again, with bounded waits")
    func servers() {
        var manager = ConnectionManager(weights: [1, 10, 1], recovery: 2...30, random: RandomSource(seed: 3))
        var now = MonotonicTime.zero
        var tried = [manager.start()]
        for _ in 0..<5 {
            manager.handleFailure(at: now)
            let due = manager.nextTimeout ?? now
            #expect((2.0...30).contains((due - now).inSeconds))
            now = due
            tried.append(manager.handleTimeout(at: now))
        }

        #expect(tried[0] == 1)
        #expect(Set(tried[1...2]) == [0, 2])
        #expect(tried[3] == 1)
        manager.handleConnected()
        #expect(manager.isConnected && manager.attempts == 0)
    }

    @Test("sends a MESSAGE and says what became of it")
    func message() throws {
        let agent = Agent("alice")
        agent.connect()
        let body = SessionBody(contentType: .plainText, bytes: Array("Hello Bob!".utf8))
        let bob = SIPURI(user: "bob", host: "example.com")
        var ids: [RequestID] = []

        agent.act { ids.append($0.sendRequest(.message, to: bob, body: body, at: .zero)) }
        let response = Fixture.response(200, to: try agent.lastRequest(.message))
        agent.receive(response)
        agent.act { ids.append($0.sendRequest(.message, to: bob, body: body, at: .zero)) }
        agent.advance(by: .seconds(32))

        guard case .requestSucceeded(ids[0], let answer)? = agent.events.first else {
            Issue.record("no success: \(agent.events)")
            return
        }
        #expect(answer.statusCode == 200)
        #expect(agent.events.dropFirst() == [.requestFailed(ids[1], .system, nil, .requestTimeout)])
        #expect(agent.core.liveObjects == 0)
    }

    @Test("answers the CRLF ping of its server")
    func ping() {
        let agent = Agent("alice")
        agent.connect()
        _ = agent.takeUndelivered()

        agent.receive(Array("\r\n\r\n".utf8))
        agent.receive(Array("\r\n".utf8))

        #expect(agent.takeUndelivered() == [Array("\r\n".utf8)])
    }
}

@Suite("Requests outside dialogs, RFC 3261 §8.2")
struct SanityTests {
    private func statusCode(_ change: (inout SIPRequest) -> Void, method: SIPMethod = .invite) throws -> Int {
        let agent = Agent("bob").ringing()
        agent.connect()
        var factory = Fixture.factory(seed: 9)
        var request = Fixture.request(method, factory: &factory)
        request.headers.append("Contact", "<sip:alice@192.0.2.1>")
        change(&request)
        agent.receive(request)
        return try #require(agent.responses.last).statusCode
    }

    @Test("are refused by the RFC's codes")
    func codes() throws {
        #expect(try statusCode { $0.uri = .other(scheme: "tel", text: "tel:+1") } == 416)
        #expect(try statusCode { $0.uri = .sip(SIPURI(scheme: .sips, user: "bob", host: "example.com")) } == 416)
        #expect(try statusCode { $0.uri = .sip(SIPURI(user: "carol", host: "example.com")) } == 404)
        #expect(try statusCode { $0.headers.append("Require", "outbound, nothingSupportsThis") } == 420)
        #expect(try statusCode { $0.headers.append("Accept", "text/html") } == 406)
        #expect(try statusCode { $0.headers.remove("Contact") } == 500)
        #expect(
            try statusCode {
                $0.headers.append("Content-Type", "text/plain")
                $0.body = [65]
            } == 415
        )
        #expect(try statusCode({ _ in }, method: .refer) == 405)
        #expect(try statusCode({ _ in }, method: SIPMethod("FOO")) == 405)
        #expect(try statusCode({ _ in }, method: .bye) == 481)
        #expect(try statusCode({ _ in }, method: .cancel) == 481)
        #expect(try statusCode({ _ in }, method: .options) == 200)
        #expect(try statusCode({ $0.headers.set("To", to: "<sip:bob@example.com>;tag=x") }, method: .info) == 481)
    }

    @Test("that come by two paths are merged, their repetitions are not")
    func merged() throws {
        let agent = Agent("bob").ringing()
        agent.connect()
        var factory = Fixture.factory(seed: 9)
        var request = Fixture.request(.invite, factory: &factory)
        request.headers.append("Contact", "<sip:alice@192.0.2.1>")
        agent.receive(request)
        agent.receive(request)
        #expect(agent.responses.last?.statusCode == 180)

        request.headers.set("Via", to: factory.makeVia().description)
        agent.receive(request)

        #expect(agent.responses.last?.statusCode == 482)
    }
}
