import ICE
import NetworkSimulation
import STUN
import SansIO
import Testing

@Suite("Consent, RFC 7675, and restart, RFC 8445 §9")
struct ConsentTests {
    private let network = VirtualNetwork(seed: 1, profile: LinkProfile(delay: .milliseconds(10)))
    private let left = AgentEndpoint(role: .controlling, seed: 1, hosts: [Place.left])
    private let right = AgentEndpoint(role: .controlled, seed: 2, hosts: [Place.right])

    init() throws {
        network.attach(left, at: Place.left)
        network.attach(right, at: Place.right)
        left.learn(right, at: .zero)
        right.learn(left, at: .zero)
        try network.run(for: .seconds(1))
    }

    private func blackout(_ length: Duration) {
        network.setProfile(
            LinkProfile(delay: .milliseconds(10), blackouts: [network.now..<network.now + length])
        )
    }

    @Test("both ask every 4 to 6 s, once each time")
    func cadence() throws {
        try network.run(for: .seconds(300))
        for agent in [left, right] {
            let requests = agent.sent.filter { $0.message.messageClass == .request && $0.time > .zero + .seconds(1) }
            for (earlier, later) in zip(requests, requests.dropFirst()) {
                #expect((4...6).contains((later.time - earlier.time).inSeconds))
            }
            #expect(Set(requests.map(\.message.transactionID)).count == requests.count)
            #expect(requests.allSatisfy { !$0.message.useCandidate })
        }
    }

    @Test("a short blackout disconnects, and the path comes back by itself")
    func shortBlackout() throws {
        blackout(.seconds(20))
        try network.run(for: .seconds(19))
        #expect(left.agent.state == .disconnected && right.agent.state == .disconnected)

        try network.run(for: .seconds(10))
        #expect(left.agent.state == .completed && right.agent.state == .completed)
        #expect(left.selections.count == 1)
    }

    @Test("consent expires 30 s after the last response, and nothing is sent any more")
    func expiry() throws {
        let start = network.now
        blackout(.seconds(60))
        try network.run(for: .seconds(60))

        for agent in [left, right] {
            #expect(agent.agent.state == .failed(.consentExpired))
            #expect(agent.agent.selectedPair == nil)
            let expiry = try #require(agent.time(of: .failed(.consentExpired)))
            #expect((25...30).contains((expiry - start).inSeconds))
            #expect(agent.sent.allSatisfy { $0.time <= expiry })
            #expect(agent.agent.nextTimeout == nil)
        }
    }

    @Test("a peer that only asks does not consent")
    func oneWay() throws {
        network.intercept = { datagram, source, _ in
            guard source == Place.right, let message = try? STUNMessage(parsing: datagram.bytes) else { return true }
            return message.messageClass == .request
        }
        try network.run(for: .seconds(40))

        #expect(left.agent.state == .failed(.consentExpired))
        #expect(!left.states.contains(.disconnected))
    }

    @Test("after the expiry a restart brings the path back")
    func recovery() throws {
        blackout(.seconds(60))
        try network.run(for: .seconds(60))
        left.agent.restart(at: network.now)
        right.agent.restart(at: network.now)
        left.learn(right, at: network.now)
        right.learn(left, at: network.now)

        let isBack = try network.run(
            until: { left.agent.state == .completed && right.agent.state == .completed },
            timeout: .seconds(1)
        )
        #expect(isBack)
    }

    @Test("a restart keeps the old path until a pair of the new generation is valid")
    func restart() throws {
        let old = left.agent.localCredentials
        left.agent.restart(at: network.now)
        #expect(left.agent.localCredentials != old)
        #expect(left.agent.selectedPair != nil)

        // The peer does not know yet: its consent under the old credentials is answered, and ours goes on.
        try network.run(for: .seconds(60))
        #expect(left.agent.state == .completed && right.agent.state == .completed)

        right.agent.restart(at: network.now)
        right.learn(left, at: network.now)
        left.learn(right, at: network.now)
        try network.run(for: .seconds(60))
        #expect(left.agent.state == .completed && right.agent.state == .completed)
        #expect(left.selections.count == 2)
        let last = try #require(left.sent.last { $0.message.messageClass == .request })
        let fragments = [right, left].map(\.agent.localCredentials.usernameFragment)
        #expect(last.message.username == fragments.joined(separator: ":"))
    }

    @Test("a restart to a new address moves the path")
    func move() throws {
        let moved = SocketAddress(ip: .v4(0xC633_6402), port: 2222)
        network.detach(address: Place.right)
        network.attach(right, at: moved)
        right.agent.addHostCandidate(base: moved, at: network.now)
        left.agent.restart(at: network.now)
        right.agent.restart(at: network.now)
        left.learn(right, at: network.now)
        right.learn(left, at: network.now)
        try network.run(for: .seconds(40))

        #expect(left.agent.state == .completed && right.agent.state == .completed)
        #expect(left.agent.selectedPair?.remote == moved)
    }
}
