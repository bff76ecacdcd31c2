import SIPMessages
import SIPStack
import SansIO
import Testing

@Suite("Incoming calls, RFC 3261 §13.3")
struct IncomingCallTests {
    private func agent(noAnswerTimeout: Duration = .seconds(60)) -> Agent {
        let agent = Agent("bob", noAnswerTimeout: noAnswerTimeout).ringing()
        agent.connect()
        return agent
    }

    private func invite(
        body: SessionBody? = offer,
        change: (inout SIPRequest) -> Void = { _ in }
    ) -> SIPRequest {
        var factory = Fixture.factory(seed: 77)
        var request = Fixture.request(.invite, factory: &factory)
        request.headers.append("Contact", "<sip:alice@192.0.2.1;transport=ws>")
        if let body {
            request.headers.append("Content-Type", "application/sdp")
            request.body = body.bytes
        }
        change(&request)
        return request
    }

    private func ack(_ invite: SIPRequest, _ agent: Agent, body: SessionBody? = nil) throws -> SIPRequest {
        let isAnswer = { (response: SIPResponse) in
            response.statusCode == 200 && response.headers.cSeq?.method == .invite
        }
        return inDialog(.ack, invite, try #require(agent.responses.last(where: isAnswer)), sequence: 1, body: body)
    }

    private func inDialog(
        _ method: SIPMethod,
        _ invite: SIPRequest,
        _ response: SIPResponse,
        sequence: UInt32,
        body: SessionBody? = nil
    ) -> SIPRequest {
        var request = SIPRequest(method: method, uri: .sip(SIPURI(user: "contact-bob", host: "bob.invalid")))
        request.headers.append("Via", "SIP/2.0/WS a.invalid;branch=z9hG4bK\(method)\(sequence)")
        request.headers.append("To", response.headers["To"] ?? "")
        for name in ["From", "Call-ID"] { request.headers.append(name, invite.headers[name] ?? "") }
        request.headers.append("CSeq", "\(sequence) \(method)")
        if let body {
            request.headers.append("Content-Type", body.contentType.description)
            request.body = body.bytes
        }
        return request
    }

    @Test("ring, are answered and confirmed in JsSIP's order")
    func success() throws {
        let agent = agent()
        let invite = invite()

        agent.receive(invite)
        let id = try agent.incoming()
        agent.act { $0.answer(id, body: answer, at: .zero) }
        agent.receive(try ack(invite, agent))

        #expect(agent.responses.map(\.statusCode) == [100, 180, 200])
        #expect(agent.responses[0].headers.to?.tag == nil)
        #expect(agent.responses[1].headers.to?.tag == agent.responses[2].headers.to?.tag)
        #expect(agent.responses[2].body == answer.bytes)
        #expect(agent.story == ["progress local", "accepted local", "confirmed remote"])
    }

    @Test("are refused with 408 at the no-answer timeout, to the second", arguments: [5, 60])
    func noAnswer(seconds: Int) {
        let agent = agent(noAnswerTimeout: .seconds(seconds))
        agent.receive(invite())

        agent.advance(by: .seconds(seconds) - .milliseconds(1))
        #expect(agent.responses.last?.statusCode == 180)
        agent.advance(by: .milliseconds(1))

        #expect(agent.responses.last?.statusCode == 408)
        #expect(agent.story == ["progress local", "failed local No Answer"])
    }

    @Test("ring again each minute")
    func ringRepeat() {
        let agent = agent(noAnswerTimeout: .seconds(150))
        agent.receive(invite())

        agent.advance(by: .seconds(149))

        #expect(agent.responses.filter { $0.statusCode == 180 }.count == 3)
    }

    @Test("expire when their INVITE does")
    func expires() {
        let agent = agent()
        agent.receive(invite { $0.headers.append("Expires", "10") })

        agent.advance(by: .seconds(10))

        #expect(agent.responses.last?.statusCode == 487)
        #expect(agent.story.last == "failed system Expires")
    }

    @Test("repeat the 200 until the ACK, and end after 32 s without one")
    func noACK() throws {
        let agent = agent()
        agent.receive(invite())
        let id = try agent.incoming()
        agent.act { $0.answer(id, body: answer, at: .zero) }
        var times: [Double] = []
        var count = 1

        for step in 1...640 {
            agent.advance(by: .milliseconds(50))
            let oks = agent.responses.filter { $0.statusCode == 200 }.count
            if oks > count { times.append(Double(step) * 0.05) }
            count = oks
        }

        #expect(times.map { Int(($0 * 10).rounded()) } == [5, 15, 35, 75, 115, 155, 195, 235, 275, 315])
        #expect(agent.story.last == "ended remote No ACK")
        #expect(agent.requests.last?.method == .bye)
    }

    @Test("are cancelled by the peer")
    func cancel() throws {
        let agent = agent()
        let invite = invite()
        agent.receive(invite)
        var cancel = invite
        cancel.method = .cancel
        cancel.body = []
        cancel.headers.set("CSeq", to: "1 CANCEL")

        agent.receive(cancel)

        #expect(agent.responses.suffix(2).map(\.statusCode) == [200, 487])
        #expect(agent.story.last == "failed remote Canceled")
        agent.receive(cancel)
        #expect(agent.responses.last?.statusCode == 200)
    }

    @Test("cancelled after the answer go on")
    func lateCancel() throws {
        let agent = agent()
        let invite = invite()
        agent.receive(invite)
        let id = try agent.incoming()
        agent.act { $0.answer(id, body: answer, at: .zero) }
        var cancel = invite
        cancel.method = .cancel
        cancel.headers.set("CSeq", to: "1 CANCEL")

        agent.receive(cancel)
        agent.receive(try ack(invite, agent))

        #expect(agent.story.last == "confirmed remote")
    }

    @Test("are refused with the code given, 480 by default", arguments: [nil, 486, 603])
    func reject(statusCode: Int?) throws {
        let agent = agent()
        agent.receive(invite())
        let id = try agent.incoming()

        agent.act { $0.terminate(id, statusCode: statusCode, at: .zero) }

        #expect(agent.responses.last?.statusCode == statusCode ?? 480)
        #expect(agent.story.last == "failed local Rejected")
    }

    @Test("hung up by the peer while ringing end with 487")
    func byeWhileRinging() throws {
        let agent = agent()
        let invite = invite()
        agent.receive(invite)

        agent.receive(inDialog(.bye, invite, try #require(agent.responses.last), sequence: 2))

        #expect(agent.responses.suffix(2).map(\.statusCode) == [200, 487])
        #expect(agent.story.last == "ended remote Terminated")
    }

    @Test("hung up here before the ACK end at once, with the BYE after the ACK")
    func hangUpBeforeACK() throws {
        let agent = agent()
        let invite = invite()
        agent.receive(invite)
        let id = try agent.incoming()
        agent.act { $0.answer(id, body: answer, at: .zero) }

        agent.act { $0.terminate(id, at: .zero) }
        #expect(agent.story.last == "ended local Terminated")
        #expect(agent.requests.isEmpty)
        agent.receive(try ack(invite, agent))

        #expect(agent.requests.map(\.method) == [.bye])
        #expect(agent.story.filter { $0.hasPrefix("ended") }.count == 1)
    }

    @Test("without an offer get one in the 200, and give their answer in the ACK")
    func offerless() throws {
        let agent = agent()
        let invite = invite(body: nil)
        agent.receive(invite)
        let id = try agent.incoming()
        agent.act { $0.answer(id, body: offer, at: .zero) }
        agent.receive(try ack(invite, agent, body: answer))
        #expect(agent.story.last == "answer")

        agent.act { $0.acceptAnswer(id, at: .zero) }

        #expect(agent.story.suffix(2) == ["answer", "confirmed remote"])
    }

    @Test("without an offer and without an answer in the ACK end with Missing SDP")
    func missingAnswer() throws {
        let agent = agent()
        let invite = invite(body: nil)
        agent.receive(invite)
        let id = try agent.incoming()
        agent.act { $0.answer(id, body: offer, at: .zero) }

        agent.receive(try ack(invite, agent))

        #expect(agent.story.last == "ended local Missing SDP")
        #expect(try agent.lastRequest(.bye).headers["Reason"]?.contains("cause=400") == true)
    }

    @Test("fail when the connection breaks while they ring")
    func connection() {
        let agent = agent()
        agent.receive(invite())

        agent.act { $0.handleTransportClosed(at: .zero) }

        #expect(agent.story.last == "failed system Connection Error")
    }

    @Test("take DTMF by INFO in whatever spelling, and hand up other INFO")
    func info() throws {
        let agent = agent()
        let invite = invite()
        agent.receive(invite)
        let id = try agent.incoming()
        agent.act { $0.answer(id, body: answer, at: .zero) }
        agent.receive(try ack(invite, agent))
        let ok = try #require(agent.responses.last { $0.statusCode == 200 })
        let bodies: [(ContentType, String)] = [
            (.dtmfRelay, "Signal=5\r\nDuration=160\r\n"), (.dtmfRelay, "signal = a\nduration= 100"),
            (.dtmfRelay, "Signal=11\r\n"), (.dtmf, "7"), (.plainText, "hello"), (.dtmfRelay, "nonsense"),
        ]

        for (index, (type, text)) in bodies.enumerated() {
            let body = SessionBody(contentType: type, bytes: Array(text.utf8))
            agent.receive(inDialog(.info, invite, ok, sequence: UInt32(2 + index), body: body))
        }

        #expect(
            agent.story.dropFirst(3)
                == ["newDTMF 5", "newDTMF A", "newDTMF #", "newDTMF 7", "newInfo", "newInfo"]
        )
    }

    @Test("refuse a number that does not grow, a method nobody knows, and a second re-INVITE")
    func inDialogFaults() throws {
        let agent = agent()
        let invite = invite()
        agent.receive(invite)
        let id = try agent.incoming()
        agent.act { $0.answer(id, body: answer, at: .zero) }
        agent.receive(try ack(invite, agent))
        let ok = try #require(agent.responses.last { $0.statusCode == 200 })

        agent.receive(inDialog(.info, invite, ok, sequence: 1))
        #expect(agent.responses.last?.statusCode == 500)
        agent.receive(inDialog(SIPMethod("FOO"), invite, ok, sequence: 2))
        #expect(agent.responses.last?.statusCode == 501)
        agent.receive(inDialog(.invite, invite, ok, sequence: 3, body: offer))
        #expect(agent.story.last == "reoffer")
        agent.receive(inDialog(.update, invite, ok, sequence: 4, body: offer))
        #expect(agent.responses.last?.statusCode == 500)
        #expect(agent.responses.last?.headers.contains("Retry-After") == true)
        #expect(agent.story.last == "reoffer")
    }
}
