import SIPMessages
import SIPStack
import SansIO
import Testing

@Suite("Outgoing calls, RFC 3261 §13")
struct OutgoingCallTests {
    private func agent() -> Agent {
        let agent = Agent("alice").willing()
        agent.connect()
        return agent
    }

    private func ok(_ agent: Agent, tag: String = "bobtag", body: SessionBody? = answer) throws -> SIPResponse {
        var response = Fixture.response(200, to: try agent.lastRequest(.invite), tag: tag)
        response.headers.append("Contact", "<sip:bob@192.0.2.9;transport=ws>")
        response.headers.append("Record-Route", "<sip:p2.example.com;lr>, <sip:p1.example.com;lr>")
        if let body {
            response.headers.append("Content-Type", "application/sdp")
            response.body = body.bytes
        }
        return response
    }

    @Test("that succeed tell the story in JsSIP's order, and acknowledge along the route")
    func success() throws {
        let agent = agent()
        _ = agent.call()
        let invite = try agent.lastRequest(.invite)

        agent.receive(Fixture.response(100, to: invite))
        agent.receive(Fixture.response(180, to: invite))
        agent.receive(try ok(agent))

        #expect(agent.story == ["progress remote", "answer", "accepted remote", "confirmed local"])
        let ack = try agent.lastRequest(.ack)
        #expect(ack.uri.description == "sip:bob@192.0.2.9;transport=ws")
        #expect(ack.headers.routes.map(\.uri.description) == ["sip:p1.example.com;lr", "sip:p2.example.com;lr"])
        #expect(ack.headers.cSeq?.number == invite.headers.cSeq?.number)
        #expect(ack.headers.topVia?.branch != invite.headers.topVia?.branch)
    }

    @Test("end with a BYE in the dialog")
    func hangUp() throws {
        let agent = agent()
        let id = agent.call()
        agent.receive(try ok(agent))

        agent.act { $0.terminate(id, statusCode: 200, reason: "Done", at: .zero) }
        let bye = try agent.lastRequest(.bye)
        agent.receive(Fixture.response(200, to: bye))

        #expect(agent.story.last == "ended local Terminated")
        #expect(bye.headers["Reason"] == "SIP ;cause=200; text=\"Done\"")
        #expect(bye.headers.cSeq?.number == (try agent.lastRequest(.invite).headers.cSeq?.number ?? 0) + 1)
        agent.advance(by: .seconds(33))
        #expect(agent.core.liveObjects == 0)
    }

    @Test(
        "that are refused fail with the cause of the code",
        arguments: [
            (486, "Busy"), (600, "Busy"), (403, "Rejected"), (603, "Rejected"), (302, "Redirected"),
            (480, "Unavailable"), (408, "Unavailable"), (404, "Not Found"), (484, "Address Incomplete"),
            (488, "Incompatible SDP"), (401, "Authentication Error"), (500, "SIP Failure Code"),
        ]
    )
    func refused(statusCode: Int, cause: String) throws {
        let agent = agent()
        _ = agent.call()

        agent.receive(Fixture.response(statusCode, to: try agent.lastRequest(.invite)))

        #expect(agent.story == ["failed remote \(cause)"])
        #expect(agent.requests.filter { $0.method == .ack }.count == 1)
        #expect(agent.core.liveObjects == 0)
    }

    @Test("without any response fail after 32 s by the system")
    func timeout() {
        let agent = agent()
        _ = agent.call()

        agent.advance(by: .seconds(31.9))
        #expect(agent.story.isEmpty)
        agent.advance(by: .seconds(0.2))

        #expect(agent.story == ["failed system Request Timeout"])
        #expect(agent.core.liveObjects == 0)
    }

    @Test("without a connection, or when it breaks, fail by the system")
    func connection() throws {
        let unconnected = Agent("alice").willing()
        _ = unconnected.call()
        #expect(unconnected.story == ["failed system Connection Error"])

        let agent = agent()
        _ = agent.call()
        agent.receive(Fixture.response(180, to: try agent.lastRequest(.invite)))
        agent.act { $0.handleTransportClosed(at: .zero) }

        #expect(agent.story == ["progress remote", "failed system Connection Error"])
        #expect(agent.events.last == .disconnected(isError: true))
    }

    @Test("cancelled before any response send the CANCEL with the first one")
    func cancelEarly() throws {
        let agent = agent()
        let id = agent.call()
        let invite = try agent.lastRequest(.invite)

        agent.act { $0.terminate(id, at: .zero) }
        #expect(agent.story == ["failed local Canceled"])
        #expect(!agent.requests.contains { $0.method == .cancel })
        agent.receive(Fixture.response(100, to: invite))
        let cancel = try agent.lastRequest(.cancel)
        agent.receive(Fixture.response(200, to: cancel))
        agent.receive(Fixture.response(487, to: invite))

        #expect(cancel.headers.topVia == invite.headers.topVia)
        #expect(cancel.headers.cSeq?.number == invite.headers.cSeq?.number)
        #expect(cancel.headers.to?.tag == nil)
        #expect(agent.requests.last?.method == .ack)
        #expect(agent.core.liveObjects == 0)
    }

    @Test("whose 2xx crosses the CANCEL are acknowledged and ended", arguments: [false, true])
    func crossing(afterProvisional: Bool) throws {
        let agent = agent()
        let id = agent.call()
        if afterProvisional { agent.receive(Fixture.response(180, to: try agent.lastRequest(.invite))) }

        agent.act { $0.terminate(id, at: .zero) }
        agent.receive(try ok(agent))

        #expect(agent.story.last == "failed local Canceled")
        #expect(agent.requests.suffix(2).map(\.method) == [.ack, .bye])
        #expect(try agent.lastRequest(.bye).headers.to?.tag == "bobtag")
        agent.receive(Fixture.response(200, to: try agent.lastRequest(.bye)))
        agent.advance(by: .seconds(40))
        #expect(agent.core.liveObjects == 0)
    }

    @Test("answered by a second fork end that leg and keep the first")
    func fork() throws {
        let agent = agent()
        _ = agent.call()
        agent.receive(try ok(agent, tag: "one"))

        agent.receive(try ok(agent, tag: "two"))

        #expect(agent.requests.suffix(2).map(\.method) == [.ack, .bye])
        #expect(agent.requests.suffix(2).allSatisfy { $0.headers.to?.tag == "two" })
        #expect(agent.story.last == "confirmed local")
    }

    @Test("whose 2xx comes again are acknowledged again, without an event")
    func repeatedAnswer() throws {
        let agent = agent()
        _ = agent.call()
        let response = try ok(agent)
        agent.receive(response)
        let events = agent.events.count

        agent.receive(response)

        #expect(agent.requests.filter { $0.method == .ack }.count == 2)
        #expect(agent.events.count == events)
    }

    @Test("answered without a description, or with a bad one, are acknowledged and ended")
    func badAnswer() throws {
        let missing = agent()
        _ = missing.call()
        missing.receive(try ok(missing, body: nil))
        #expect(missing.story == ["failed remote Bad Media Description"])
        #expect(missing.requests.suffix(2).map(\.method) == [.ack, .bye])
        #expect(try missing.lastRequest(.bye).headers["Reason"]?.contains("cause=400") == true)

        let bad = Agent("alice")
        bad.connect()
        let id = bad.call()
        bad.receive(try ok(bad))
        bad.act { $0.refuseAnswer(id, at: .zero) }
        #expect(bad.story == ["answer", "failed remote Bad Media Description"])
        #expect(bad.requests.suffix(2).map(\.method) == [.ack, .bye])
        #expect(try bad.lastRequest(.bye).headers["Reason"]?.contains("cause=488") == true)
    }

    @Test("whose 2xx lacks a Contact are acknowledged at the Request-URI")
    func noContact() throws {
        let agent = agent()
        _ = agent.call()
        var response = try ok(agent)
        response.headers.remove("Contact")

        agent.receive(response)

        #expect(try agent.lastRequest(.ack).uri.description == "sip:bob@example.com")
    }

    @Test("carry early media before the progress that brought it")
    func earlyMedia() throws {
        let agent = agent()
        _ = agent.call()
        var response = Fixture.response(183, to: try agent.lastRequest(.invite))
        response.headers.append("Content-Type", "application/sdp")
        response.body = answer.bytes

        agent.receive(response)
        agent.receive(Fixture.response(199, to: try agent.lastRequest(.invite), tag: "x"))

        #expect(agent.story == ["earlyAnswer", "progress remote"])
    }

    @Test("go out again with credentials when challenged, and once only")
    func challenge() throws {
        let credentials = DigestCredentials(user: "alice", secret: .password(Redacted("secret")))
        let agent = Agent("alice", credentials: credentials).willing()
        agent.connect()
        _ = agent.call()
        var challenge = Fixture.response(407, to: try agent.lastRequest(.invite))
        challenge.headers.append("Proxy-Authenticate", #"Digest realm="x", nonce="1", algorithm=SHA-256, qop="auth""#)

        agent.receive(challenge)
        let second = try agent.lastRequest(.invite)
        var again = Fixture.response(407, to: second)
        again.headers.append("Proxy-Authenticate", #"Digest realm="x", nonce="2", algorithm=SHA-256, qop="auth""#)
        agent.receive(again)

        let invites = agent.requests.filter { $0.method == .invite }
        #expect(invites.count == 2)
        #expect(second.headers.contains("Proxy-Authorization"))
        #expect(second.headers.cSeq?.number == (invites[0].headers.cSeq?.number ?? 0) + 1)
        #expect(second.headers.from?.tag == invites[0].headers.from?.tag)
        #expect(agent.story == ["failed remote Authentication Error"])
        #expect(agent.core.liveObjects == 0)
    }

    @Test("survive a lost connection, and their BYE waits for the next one")
    func lostConnection() throws {
        let agent = agent()
        let id = agent.call()
        agent.receive(try ok(agent))
        agent.act { $0.handleTransportClosed(at: .zero) }
        #expect(agent.story.last == "confirmed local")

        agent.act { $0.terminate(id, at: .zero) }
        #expect(agent.story.last == "ended local Terminated")
        #expect(!agent.requests.contains { $0.method == .bye })
        agent.advance(by: .seconds(2.5))
        agent.act { $0.handleTransportConnected(at: agent.now) }

        #expect(try agent.lastRequest(.bye).headers.to?.tag == "bobtag")
    }
}
