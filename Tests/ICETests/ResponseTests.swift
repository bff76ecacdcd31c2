import ICE
import STUN
import SansIO
import Testing

@Suite("Responses to our checks, RFC 8445 §7.2.5, and nomination, §8.1")
struct ResponseTests {
    private var peer = PeerScript()

    private func agent(_ role: ICERole, candidates: [SocketAddress] = [Place.right]) -> ICEAgent {
        let agent = ICEAgent(role: role, random: RandomSource(seed: 8))
        agent.addHostCandidate(base: Place.left, at: .zero)
        agent.setRemote(credentials: peer.credentials, at: .zero)
        for (index, address) in candidates.enumerated() {
            agent.addRemoteCandidate(
                ICECandidate(
                    foundation: "\(index)",
                    priority: UInt32(1000 - index),
                    address: address,
                    type: .host
                ),
                at: .zero
            )
        }
        return agent
    }

    @Test("a check has credentials, role, priority, integrity and fingerprint")
    func contents() throws {
        let agent = agent(.controlling)
        let check = try #require(agent.drainMessages().first)

        #expect(check.username == "peer:\(agent.localCredentials.usernameFragment)")
        #expect(check.priority == 0x6EFF_FFFF)
        #expect(check.iceControlling != nil && check.iceControlled == nil && !check.useCandidate)
        #expect(check.integrityAlgorithm == .sha1)
    }

    @Test("a response under another password, or to nothing asked, changes nothing")
    func forged() throws {
        let agent = agent(.controlling)
        let check = try #require(agent.drainMessages().first)
        let forged = peer.answer(check, mapped: Place.left, password: "wrong")
        var unasked = check
        unasked.transactionID = STUNTransactionID(high: 0, low: 0)

        #expect(agent.handle(forged, from: Place.right, on: Place.left, at: .zero))
        #expect(!agent.handle(peer.answer(unasked, mapped: Place.left), from: Place.right, on: Place.left, at: .zero))
        #expect(agent.state == .checking)
        #expect(agent.counters.badIntegrity == 1)
        #expect(agent.counters.unmatchedResponses == 1)
        #expect(agent.awaitsResponse(to: check.transactionID))
    }

    @Test("a response from elsewhere fails the pair (§7.2.5.2.1)")
    func asymmetric() throws {
        let agent = agent(.controlling)
        let check = try #require(agent.drainMessages().first)
        _ = agent.handle(peer.answer(check, mapped: Place.left), from: Place.stranger, on: Place.left, at: .zero)

        #expect(agent.counters.asymmetricResponses == 1)
        #expect(agent.state == .checking)
        #expect(!agent.drain().contains { if case .pathLearnt = $0 { true } else { false } })
    }

    @Test("the controlling agent nominates the first valid pair if none is better, and completes on the answer")
    func nominates() throws {
        let agent = agent(.controlling)
        let check = try #require(agent.drainMessages().first)
        _ = agent.handle(peer.answer(check, mapped: Place.left), from: Place.right, on: Place.left, at: .zero)
        #expect(agent.state == .connected)

        let nomination = try #require(agent.drainMessages().first)
        #expect(nomination.useCandidate)
        _ = agent.handle(peer.answer(nomination, mapped: Place.left), from: Place.right, on: Place.left, at: .zero)
        #expect(agent.state == .completed)
    }

    @Test("a lite peer makes us controlling, and its answers are enough")
    func lite() throws {
        let agent = ICEAgent(role: .controlled, random: RandomSource(seed: 8))
        agent.addHostCandidate(base: Place.left, at: .zero)
        agent.setRemote(credentials: peer.credentials, isLite: true, at: .zero)
        agent.addRemoteCandidate(
            ICECandidate(foundation: "1", priority: 1, address: Place.right, type: .host),
            at: .zero
        )
        #expect(agent.role == .controlling)
        for _ in 0..<2 {
            let check = try #require(agent.drainMessages().first)
            #expect(check.iceControlling != nil)
            _ = agent.handle(peer.answer(check, mapped: Place.left), from: Place.right, on: Place.left, at: .zero)
        }
        #expect(agent.state == .completed)
    }

    @Test("of an aggressive peer's nominations the highest is used; a lower one only when the first is stale")
    mutating func aggressive() throws {
        let second = SocketAddress(ip: Place.right.ip, port: 2002)
        let agent = agent(.controlled, candidates: [Place.right, second])
        var now = MonotonicTime.zero
        /// The peer nominates from an address, and answers all checks sent there.
        func nominate(_ source: SocketAddress) throws {
            let request = peer.request(to: agent, useCandidate: true).encoded(integrityKey: agent.key)
            _ = agent.handle(request, from: source, on: Place.left, at: now)
            for _ in 0..<3 {
                for case .transmit(let bytes, _, source) in agent.drain() {
                    let message = try STUNMessage(parsing: bytes)
                    guard message.messageClass == .request else { continue }
                    let answer = peer.answer(message, mapped: Place.left)
                    _ = agent.handle(answer, from: source, on: Place.left, at: now)
                }
                now = now + .milliseconds(50)
                agent.handleTimeout(at: now)
            }
        }

        try nominate(second)
        #expect(agent.selectedPair?.remote == second)
        #expect(agent.state == .completed)
        try nominate(Place.right)
        #expect(agent.selectedPair?.remote == Place.right)
        try nominate(second)
        #expect(agent.selectedPair?.remote == Place.right)
        now = now + .seconds(6)
        try nominate(second)
        #expect(agent.selectedPair?.remote == second)
    }

    @Test("487 makes us switch, once, and check again in the new role")
    func roleConflict() throws {
        let agent = agent(.controlling)
        let check = try #require(agent.drainMessages().first)
        let error = STUNMessage(
            .errorResponse,
            transactionID: check.transactionID,
            attributes: [.errorCode(.roleConflict)]
        )
        let bytes = error.encoded(integrityKey: Array(peer.password.utf8))
        _ = agent.handle(bytes, from: Place.right, on: Place.left, at: .zero)
        #expect(agent.role == .controlled)

        agent.handleTimeout(at: .zero + .milliseconds(50))
        #expect(try #require(agent.drainMessages().first).iceControlled != nil)
    }

    @Test("without answers a check is sent seven times, and the agent fails when the peer has had its time")
    func failure() throws {
        let agent = agent(.controlling)
        var sent = agent.drainMessages().count
        var now = MonotonicTime.zero
        while let next = agent.nextTimeout {
            now = next
            agent.handleTimeout(at: now)
            sent += agent.drainMessages().count
        }

        #expect(sent == 7)
        #expect(agent.state == .failed(.noValidPair))
        #expect(now == .zero + .milliseconds(39_500))
    }

    @Test("pairs of the same foundation wait for the first of them (§6.1.2.6)")
    func frozen() throws {
        let agent = ICEAgent(role: .controlling, random: RandomSource(seed: 8))
        agent.addHostCandidate(base: Place.left, at: .zero)
        agent.setRemote(credentials: peer.credentials, at: .zero)
        for port in UInt16(2001)...2003 {
            agent.addRemoteCandidate(
                ICECandidate(
                    foundation: "same",
                    priority: UInt32(port),
                    address: SocketAddress(ip: Place.right.ip, port: port),
                    type: .host
                ),
                at: .zero
            )
        }
        #expect(agent.drainMessages().count == 1)
        agent.handleTimeout(at: .zero + .milliseconds(100))
        #expect(agent.drainMessages().isEmpty)
    }
}
