import SIPMessages
import SIPStack
import SansIO
import Testing

@Suite("Registration, RFC 3261 §10.2 and RFC 5626")
struct RegistrationTests {
    private struct Run {
        var factory = Fixture.factory()
        var registration: Registration
        var sent: [SIPRequest] = []
        var events: [RegistrationOutput] = []

        init(expires: Int = 600) {
            let configuration = RegistrationConfiguration(
                registrar: SIPURI(host: "example.com"),
                expires: expires,
                instanceID: "8f1fa16a-1165-4a96-8341-785b1ef24f12"
            )
            registration = Registration(configuration: configuration, factory: &factory)
        }

        mutating func drain() {
            while let output = registration.pollOutput() {
                if case .send(let request) = output { sent.append(request) } else { events.append(output) }
            }
        }

        mutating func register() {
            registration.register(factory: &factory)
            drain()
        }

        mutating func answer(
            _ statusCode: Int,
            headers: [(String, String)] = [],
            echoContact: Bool = true,
            at now: MonotonicTime = .zero
        ) throws -> SIPResponse {
            let request = try #require(sent.last)
            var response = Fixture.response(statusCode, to: request)
            if echoContact, let contact = request.headers["Contact"] { response.headers.append("Contact", contact) }
            for (name, value) in headers { response.headers.append(name, value) }
            registration.handle(response, factory: &factory, at: now)
            drain()
            return response
        }

        mutating func advance(to now: MonotonicTime) {
            registration.handleTimeout(factory: &factory, at: now)
            drain()
        }
    }

    @Test("asks as JsSIP asks")
    func request() throws {
        var run = Run()

        run.register()

        let request = try #require(run.sent.first)
        #expect(request.uri.description == "sip:example.com")
        #expect(request.headers.to?.uri == request.headers.from?.uri)
        #expect(request.headers.cSeq == CSeq(number: 1, method: .register))
        #expect(request.headers["Expires"] == "600")
        #expect(
            request.headers["Contact"]
                == "<sip:a1b2c3d4@host1.invalid;transport=ws>;+sip.ice;reg-id=1;"
                + "+sip.instance=\"<urn:uuid:8f1fa16a-1165-4a96-8341-785b1ef24f12>\";expires=600"
        )
        #expect(request.headers["Supported"] == "path,gruu,outbound")
    }

    @Test("says registered once, and refreshes in time", arguments: [(10, 5...5), (64, 59...59), (600, 300...568)])
    func refresh(granted: Int, window: ClosedRange<Int>) throws {
        var run = Run(expires: granted)
        run.register()
        let response = try run.answer(200)

        #expect(run.events == [.registered(response)])
        let due = try #require(run.registration.nextTimeout)
        #expect(window.contains(Int(due.nanoseconds / 1_000_000_000)))
        run.advance(to: due)
        #expect(run.sent.count == 2)
        #expect(run.sent[1].headers.callID == run.sent[0].headers.callID)
        #expect(run.sent[1].headers.cSeq?.number == 2)
        _ = try run.answer(200, at: due)
        #expect(run.events.count == 1)
        #expect(run.registration.isRegistered)
    }

    @Test("adopts the registrar's minimum at once")
    func intervalTooBrief() throws {
        var run = Run(expires: 60)
        run.register()

        _ = try run.answer(423, headers: [("Min-Expires", "1800")], echoContact: false)

        #expect(run.sent.count == 2)
        #expect(run.sent[1].headers["Expires"] == "1800")
        #expect(run.events.isEmpty)
    }

    @Test("tries again later after a failure, sooner when told to", arguments: [(nil, 30...60), ("7", 7...7)])
    func retry(retryAfter: String?, window: ClosedRange<Int>) throws {
        var run = Run()
        run.register()

        let response = try run.answer(
            503,
            headers: retryAfter.map { [("Retry-After", "\($0) (maintenance)")] } ?? [],
            echoContact: false
        )

        #expect(run.events == [.failed(response, .sipFailureCode)])
        let due = try #require(run.registration.nextTimeout)
        #expect(window.contains(Int(due.nanoseconds / 1_000_000_000)))
        run.advance(to: due)
        #expect(run.sent.count == 2)
    }

    @Test("takes a 2xx that does not list us for a failure")
    func foreignContact() throws {
        var run = Run()
        run.register()

        let response = try run.answer(200, headers: [("Contact", "<sip:other@elsewhere.example>")], echoContact: false)

        #expect(run.events == [.failed(response, .sipFailureCode)])
        #expect(!run.registration.isRegistered)
    }

    @Test("recognises itself by instance when the registrar rewrote the contact")
    func rewritten() throws {
        var run = Run()
        run.register()
        let contact =
            "<sip:x@192.0.2.7:4444>;reg-id=1;+sip.instance=\"<urn:uuid:8F1FA16A-1165-4A96-8341-785B1EF24F12>\";expires=100"

        let response = try run.answer(200, headers: [("Contact", contact)], echoContact: false)

        #expect(run.events == [.registered(response)])
        let due = try #require(run.registration.nextTimeout)
        #expect((50...68).contains(Int(due.nanoseconds / 1_000_000_000)))
    }

    @Test("of a binding that cannot be refreshed ends with both events")
    func refreshFails() throws {
        var run = Run()
        run.register()
        _ = try run.answer(200)
        run.advance(to: try #require(run.registration.nextTimeout))
        run.events = []

        run.registration.handleFailure(.requestTimeout, factory: &run.factory, at: .seconds(500))
        run.drain()

        #expect(run.events == [.failed(nil, .requestTimeout), .unregistered(nil, .requestTimeout)])
    }

    @Test("is removed with zero seconds, or with an asterisk for all", arguments: [false, true])
    func unregister(all: Bool) throws {
        var run = Run()
        run.register()
        _ = try run.answer(200)
        run.events = []

        run.registration.unregister(all: all, factory: &run.factory)
        run.drain()
        #expect(!run.registration.isRegistered)
        let request = try #require(run.sent.last)
        let response = try run.answer(200, echoContact: false)

        #expect(request.headers["Expires"] == "0")
        #expect(all ? request.headers["Contact"] == "*" : request.headers["Contact"]?.hasSuffix("expires=0") == true)
        #expect(run.events == [.unregistered(response, nil)])
        #expect(run.registration.nextTimeout == nil)
    }

    @Test("never made needs no removal")
    func idle() {
        var run = Run()

        run.registration.unregister(factory: &run.factory)
        run.drain()

        #expect(run.sent.isEmpty && run.events.isEmpty)
    }

    @Test("ends with the transport, silently retried by the next connection")
    func transport() throws {
        var run = Run()
        run.register()
        _ = try run.answer(200)
        run.events = []

        run.registration.handleTransportClosed()
        run.drain()

        #expect(run.events == [.unregistered(nil, nil)])
        #expect(run.registration.nextTimeout == nil)
        run.register()
        #expect(run.sent.count == 2)
    }
}
