import SIPMessages
import SIPStack
import SansIO
import Testing

@Suite("Client transactions, RFC 3261 §17.1 and RFC 6026")
struct ClientTransactionTests {
    private func transaction(_ method: SIPMethod, isReliable: Bool) -> ClientTransaction {
        var factory = Fixture.factory()
        return ClientTransaction(request: Fixture.request(method, factory: &factory), isReliable: isReliable)
    }

    /// Seconds at which the request goes out, and the second of the time-out, when nobody answers.
    private func unanswered(_ method: SIPMethod, isReliable: Bool) -> (sent: [Double], end: Double?) {
        var transaction = transaction(method, isReliable: isReliable)
        var sent: [Double] = []
        var end: Double?
        var actions = transaction.start(at: .zero)
        var now = MonotonicTime.zero
        while true {
            for action in actions {
                switch action {
                case .send: sent.append(Double(now.nanoseconds) / 1e9)
                case .timedOut: end = Double(now.nanoseconds) / 1e9
                case .deliver, .terminated: break
                }
            }
            guard let next = transaction.nextTimeout else { return (sent, end) }
            now = next
            actions = transaction.handleTimeout(at: now)
        }
    }

    @Test("over a reliable transport send once and give up after 32 s", arguments: [SIPMethod.invite, .register])
    func reliable(method: SIPMethod) {
        let (sent, end) = unanswered(method, isReliable: true)

        #expect(sent == [0])
        #expect(end == 32)
    }

    @Test("for INVITE over UDP double the interval without a limit")
    func timerA() {
        let (sent, end) = unanswered(.invite, isReliable: false)

        #expect(sent == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5])
        #expect(end == 32)
    }

    @Test("for other methods over UDP double up to T2")
    func timerE() {
        let (sent, end) = unanswered(.options, isReliable: false)

        #expect(sent == [0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5])
        #expect(end == 32)
    }

    @Test("for INVITE wait without end once a provisional response has come")
    func proceeding() {
        var transaction = transaction(.invite, isReliable: false)
        _ = transaction.start(at: .zero)

        let actions = transaction.handle(Fixture.response(180, to: transaction.request), at: .seconds(1))

        #expect(actions.count == 1)
        #expect(transaction.nextTimeout == nil)
        #expect(transaction.hasProvisionalResponse)
    }

    @Test("acknowledge a failure in the INVITE's own branch, again for each repetition")
    func failure() throws {
        var transaction = transaction(.invite, isReliable: false)
        _ = transaction.start(at: .zero)
        let busy = Fixture.response(486, to: transaction.request)

        let first = transaction.handle(busy, at: .seconds(1))
        let second = transaction.handle(busy, at: .seconds(2))

        guard case .send(let ack)? = first.first else {
            Issue.record("no ACK")
            return
        }
        #expect(ack.method == .ack)
        #expect(ack.headers.topVia?.branch == transaction.request.headers.topVia?.branch)
        #expect(ack.headers.to?.tag == "bobtag")
        #expect(ack.headers.cSeq == CSeq(number: 1, method: .ack))
        #expect(first.dropFirst().first == .deliver(busy))
        #expect(second == [.send(ack)])
        #expect(transaction.handleTimeout(at: .seconds(33)) == [.terminated])
    }

    @Test("deliver each 2xx for 32 s, since forks may answer too, and acknowledge none")
    func accepted() {
        var transaction = transaction(.invite, isReliable: true)
        _ = transaction.start(at: .zero)
        let first = Fixture.response(200, to: transaction.request, tag: "one")
        let second = Fixture.response(200, to: transaction.request, tag: "two")

        #expect(transaction.handle(first, at: .seconds(1)) == [.deliver(first)])
        #expect(transaction.handle(second, at: .seconds(2)) == [.deliver(second)])
        #expect(transaction.handle(Fixture.response(486, to: transaction.request), at: .seconds(3)) == [])
        #expect(transaction.handleTimeout(at: .seconds(33)) == [.terminated])
    }
}

@Suite("Server transactions, RFC 3261 §17.2 and RFC 6026")
struct ServerTransactionTests {
    private func request(_ method: SIPMethod) -> SIPRequest {
        var factory = Fixture.factory()
        return Fixture.request(method, factory: &factory)
    }

    @Test("repeat the last response when the request comes again")
    func repetition() {
        let request = request(.invite)
        var transaction = ServerTransaction(request: request, isReliable: false)
        #expect(transaction.handle(request, at: .zero) == [])

        let ringing = Fixture.response(180, to: request)
        #expect(transaction.respond(ringing, at: .zero) == [.send(ringing)])

        #expect(transaction.handle(request, at: .seconds(1)) == [.send(ringing)])
    }

    @Test("repeat a failure to an INVITE until the ACK comes")
    func failure() {
        let request = request(.invite)
        var transaction = ServerTransaction(request: request, isReliable: false)
        let busy = Fixture.response(486, to: request)
        _ = transaction.respond(busy, at: .zero)
        var ack = request
        ack.method = .ack

        #expect(transaction.handleTimeout(at: .seconds(0.5)) == [.send(busy)])
        #expect(transaction.handleTimeout(at: .seconds(1.5)) == [.send(busy)])
        #expect(transaction.handle(ack, at: .seconds(2)) == [.acknowledged])
        #expect(transaction.handleTimeout(at: .seconds(7)) == [.terminated])
    }

    @Test("say so when no ACK to a failure comes within 32 s")
    func noACK() {
        let request = request(.invite)
        var transaction = ServerTransaction(request: request, isReliable: true)
        _ = transaction.respond(Fixture.response(486, to: request), at: .zero)

        #expect(transaction.handleTimeout(at: .seconds(31.9)) == [])
        #expect(transaction.handleTimeout(at: .seconds(32)) == [.notAcknowledged, .terminated])
    }

    @Test("leave repeating a 2xx to the user, and swallow repeated INVITEs meanwhile")
    func accepted() {
        let request = request(.invite)
        var transaction = ServerTransaction(request: request, isReliable: false)
        let ok = Fixture.response(200, to: request)

        #expect(transaction.respond(ok, at: .zero) == [.send(ok)])
        #expect(transaction.handle(request, at: .seconds(1)) == [])
        #expect(transaction.respond(ok, at: .seconds(1)) == [.send(ok)])
        #expect(transaction.handleTimeout(at: .seconds(32)) == [.terminated])
    }

    @Test("answer only once")
    func once() {
        let request = request(.message)
        var transaction = ServerTransaction(request: request, isReliable: false)
        _ = transaction.respond(Fixture.response(200, to: request), at: .zero)

        #expect(transaction.respond(Fixture.response(500, to: request), at: .zero) == [])
    }
}

@Suite("Transaction layer")
struct TransactionLayerTests {
    private func outputs(_ layer: inout TransactionLayer) -> [TransactionOutput] {
        var all: [TransactionOutput] = []
        while let output = layer.pollOutput() { all.append(output) }
        return all
    }

    @Test("matches responses to requests by branch, and leaves nothing behind")
    func match() {
        var factory = Fixture.factory()
        var layer = TransactionLayer(isReliable: true)
        let request = Fixture.request(.message, factory: &factory)

        let key = layer.send(request, at: .zero)
        let ok = Fixture.response(200, to: request)
        layer.handle(.response(ok), at: .seconds(1))

        #expect(outputs(&layer) == [.transmit(.request(request)), .response(key, ok)])
        #expect(layer.count == 0)
    }

    @Test("hands up a request once, and an ACK to a 2xx each time")
    func requests() {
        var factory = Fixture.factory()
        var layer = TransactionLayer(isReliable: true)
        let request = Fixture.request(.invite, factory: &factory)
        let key = TransactionKey(request: request)
        var ack = request
        ack.method = .ack
        ack.headers.set("Via", to: factory.makeVia().description)

        layer.handle(.request(request), at: .zero)
        layer.handle(.request(request), at: .zero)
        layer.respond(key, Fixture.response(200, to: request), at: .zero)
        layer.handle(.request(ack), at: .zero)

        let received = outputs(&layer).filter { if case .request = $0 { true } else { false } }
        #expect(received == [.request(key, request), .request(TransactionKey(request: ack), ack)])
    }

    @Test("tells every waiting request when the transport is gone")
    func transportFailure() {
        var factory = Fixture.factory()
        var layer = TransactionLayer(isReliable: true)
        let first = layer.send(Fixture.request(.message, factory: &factory), at: .zero)
        let second = layer.send(Fixture.request(.options, factory: &factory), at: .zero)
        _ = outputs(&layer)

        layer.handleTransportFailure()

        let failed = outputs(&layer)
        #expect(failed.count == 2)
        #expect(failed.contains(.transportFailed(first)) && failed.contains(.transportFailed(second)))
        #expect(layer.nextTimeout == nil)
    }

    @Test("keeps two peers of RFC 2543 apart, whose requests carry no branch")
    func noBranch() {
        var factory = Fixture.factory()
        var first = Fixture.request(.invite, factory: &factory)
        var second = Fixture.request(.invite, factory: &factory)
        first.headers.set("Via", to: "SIP/2.0/UDP old.example.com")
        second.headers.set("Via", to: "SIP/2.0/UDP old.example.com;branch=z9hG4bK")

        #expect(TransactionKey(request: first) != TransactionKey(request: second))
        #expect(TransactionKey(request: first) == TransactionKey(request: first))
    }
}
