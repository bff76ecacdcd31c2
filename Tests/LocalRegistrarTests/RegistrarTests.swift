import LocalRegistrar
import SIPMessages
import SIPStack
import SansIO
import Testing

@Suite("Registrar, RFC 3261 §10.3")
struct RegistrarTests {
    @Test("registers who knows the password, and nobody else")
    func registration() {
        let office = Office()

        let alice = office.add("alice")
        let wrong = office.add("bob", password: "wrong")
        let nobody = office.add("mallory")

        #expect(alice.isRegistered)
        #expect(!wrong.isRegistered)
        #expect(!nobody.isRegistered)
        #expect(office.log == [.registered(user: "alice", contact: "sip:c1@d1.invalid;transport=ws")])
    }

    @Test("keeps a binding alive as long as it is refreshed, and drops it with its connection")
    func life() {
        let office = Office()
        let alice = office.add("alice")

        office.advance(by: .seconds(3600))
        #expect(alice.isRegistered)
        #expect(
            office.log.filter { $0 == .registered(user: "alice", contact: "sip:c1@d1.invalid;transport=ws") }.count > 5
        )
        office.disconnect(alice)

        #expect(office.log.last == .unregistered(user: "alice"))
    }

    @Test("forgets a client that un-registers")
    func unregister() {
        let office = Office()
        let alice = office.add("alice")

        office.act(alice) { $0.unregister(at: office.now) }

        #expect(!alice.isRegistered)
        #expect(office.log.last == .unregistered(user: "alice"))
    }
}

@Suite("Proxy, RFC 3261 §16")
struct ProxyTests {
    @Test("carries a call from ringing to hanging up, from either side", arguments: [true, false])
    func call(callerHangsUp: Bool) throws {
        let office = Office()
        let (alice, bob) = (office.add("alice"), office.add("bob"))

        let id = office.call(alice, "bob")
        #expect(alice.story == ["progress", "accepted", "confirmed"])
        #expect(bob.story == ["progress", "accepted", "confirmed"])
        let incoming = try #require(bob.incoming)
        office.act(callerHangsUp ? alice : bob) { $0.terminate(callerHangsUp ? id : incoming, at: office.now) }

        #expect(alice.story.last == (callerHangsUp ? "ended local Terminated" : "ended remote Terminated"))
        #expect(bob.story.last == (callerHangsUp ? "ended remote Terminated" : "ended local Terminated"))
    }

    @Test("cancels at the callee what the caller cancels")
    func cancel() {
        let office = Office()
        let alice = office.add("alice")
        let bob = office.add("bob", manner: .rings)
        let id = office.call(alice, "bob")

        office.act(alice) { $0.terminate(id, at: office.now) }

        #expect(alice.story.last == "failed local Canceled")
        #expect(bob.story.last == "failed remote Canceled")
    }

    @Test("rings every contact, and stops the others when one answers")
    func fork() {
        let office = Office()
        let alice = office.add("alice")
        let desk = office.add("bob", manner: .rings)
        let mobile = office.add("bob", manner: .answers)

        _ = office.call(alice, "bob")

        #expect(alice.story.last == "confirmed")
        #expect(mobile.story.last == "confirmed")
        #expect(desk.story.last == "failed remote Canceled")
    }

    @Test("brings the callee's refusal back, and its no-answer timeout to the second")
    func refusal() throws {
        let office = Office()
        let alice = office.add("alice")
        let bob = office.add("bob", manner: .rings, noAnswer: .seconds(20))
        _ = office.call(alice, "bob")
        let incoming = try #require(bob.incoming)
        office.act(bob) { $0.terminate(incoming, statusCode: 486, at: office.now) }
        #expect(alice.story.last == "failed remote Busy")

        _ = office.call(alice, "bob")
        office.advance(by: .milliseconds(19_900))
        #expect(alice.story.last == "progress")
        office.advance(by: .milliseconds(200))

        #expect(alice.story.last == "failed remote Unavailable")
        #expect(bob.story.last == "failed local No Answer")
    }

    @Test("says who is unknown, who is not there, and who has just left")
    func absent() {
        let office = Office()
        let alice = office.add("alice")
        let bob = office.add("bob", manner: .rings)

        _ = office.call(alice, "zoe")
        #expect(alice.story.last == "failed remote Not Found")
        _ = office.call(alice, "carol")
        #expect(alice.story.last == "failed remote Unavailable")
        _ = office.call(alice, "bob")
        office.disconnect(bob)

        #expect(alice.story.last == "failed remote Unavailable")
    }

    @Test("relays messages")
    func message() {
        let office = Office()
        let (alice, bob) = (office.add("alice"), office.add("bob"))
        let body = SessionBody(contentType: .plainText, bytes: Array("Hello Bob!".utf8))

        office.act(alice) {
            _ = $0.sendRequest(.message, to: SIPURI(user: "bob", host: "example.com"), body: body, at: office.now)
        }

        guard case .requestSucceeded? = alice.events.last, case .newMessage(_, let request)? = bob.events.last else {
            Issue.record("\(alice.events.suffix(1)) \(bob.events.suffix(1))")
            return
        }
        #expect(request.body == body.bytes)
    }

    @Test("challenges a caller that has not registered, and lets it through with its password")
    func unregisteredCaller() {
        let office = Office()
        let bob = office.add("bob")
        let alice = office.add("alice")
        office.act(alice) { $0.unregister(at: office.now) }
        office.registrar.handleConnected(alice.connection)

        _ = office.call(alice, "bob")

        #expect(alice.story.last == "confirmed")
        #expect(bob.story.last == "confirmed")
    }

    @Test("does not let one user speak for another")
    func impostor() throws {
        let office = Office()
        let alice = office.add("alice")
        office.add("bob")
        var invite: SIPRequest?
        _ = office.call(alice, "bob")
        for bytes in office.conversation {
            if case .message(.request(let request)) = SIPMessageParser.parse(bytes), request.method == .invite {
                invite = request
            }
        }
        var forged = try #require(invite)
        forged.headers.set("From", to: "<sip:carol@example.com>;tag=1")
        forged.headers.set("Call-ID", to: "forged")
        forged.headers.set("Via", to: "SIP/2.0/WS d1.invalid;branch=z9hG4bKforged")

        office.registrar.handleMessage(forged.serialised(), from: alice.connection, at: office.now)

        guard case .send(let bytes, _)? = office.registrar.pollOutput(),
            case .message(.response(let response)) = SIPMessageParser.parse(bytes)
        else {
            Issue.record("no response")
            return
        }
        #expect(response.statusCode == 407)
    }

    @Test("keeps nothing of two hundred calls")
    func leaks() throws {
        let office = Office()
        let (alice, bob) = (office.add("alice"), office.add("bob"))
        for _ in 0..<200 {
            let id = office.call(alice, "bob")
            #expect(alice.story.last == "confirmed")
            office.act(alice) { $0.terminate(id, at: office.now) }
            office.advance(by: .milliseconds(500))
        }
        office.disconnect(alice)
        office.disconnect(bob)
        office.advance(by: .seconds(40))

        #expect(office.registrar.liveObjects == 0)
    }

    @Test("survives a conversation changed at random")
    func hostile() {
        let office = Office()
        let alice = office.add("alice")
        office.add("bob")
        let id = office.call(alice, "bob")
        office.act(alice) { $0.terminate(id, at: office.now) }
        var random = SplitMix64(seed: 31)
        for bytes in office.conversation {
            for _ in 0..<100 {
                var mutated = bytes
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    mutated[Int.random(in: 0..<mutated.count, using: &random)] = UInt8.random(
                        in: 0...255,
                        using: &random
                    )
                }
                office.registrar.handleMessage(mutated, from: ConnectionID(7), at: office.now)
                office.registrar.handleMessage(mutated, from: alice.connection, at: office.now)
            }
        }
        while office.registrar.pollOutput() != nil {}
        office.advance(by: .seconds(40))
    }
}
