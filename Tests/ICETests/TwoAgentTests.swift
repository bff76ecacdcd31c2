import ICE
import NetworkSimulation
import STUN
import SansIO
import Testing

@Suite("Two agents over a network, RFC 8445")
struct TwoAgentTests {
    private func agents(
        _ roles: (ICERole, ICERole) = (.controlling, .controlled),
        seed: UInt64 = 1
    ) -> (AgentEndpoint, AgentEndpoint) {
        (
            AgentEndpoint(role: roles.0, seed: seed, hosts: [Place.left]),
            AgentEndpoint(role: roles.1, seed: seed &+ 1000, hosts: [Place.right])
        )
    }

    private func bothComplete(_ left: AgentEndpoint, _ right: AgentEndpoint) -> Bool {
        left.agent.state == .completed && right.agent.state == .completed
    }

    @Test("on a LAN the first check succeeds at once and nomination follows without waiting")
    func fast() throws {
        let network = VirtualNetwork(seed: 1, profile: LinkProfile(delay: .milliseconds(1)))
        let (left, right) = agents()
        network.attach(left, at: Place.left)
        network.attach(right, at: Place.right)
        left.learn(right, at: .zero)
        right.learn(left, at: .zero)

        #expect(try network.run(until: { bothComplete(left, right) }, timeout: .seconds(1)))

        #expect(network.now <= .zero + .milliseconds(5))
        #expect(left.states == [.checking, .connected, .completed])
        #expect(right.states == [.checking, .connected, .completed])
        #expect(left.selections == [.init(Place.left, Place.right)])
        #expect(right.selections == [.init(Place.right, Place.left)])
        #expect(left.events.contains { $0.output == .pathLearnt(local: Place.left, remote: Place.right) })
    }

    @Test(
        "any network that lets something through connects both",
        arguments: [0, 0.01, 0.05, 0.1],
        [0, 20, 200]
    )
    func lossy(loss: Double, delay: Int64) throws {
        for seed in UInt64(1)...10 {
            let profile = LinkProfile(
                loss: loss,
                delay: .milliseconds(delay),
                jitter: .uniform(maximum: .milliseconds(delay / 4)),
                reordering: 0.05,
                duplication: 0.05
            )
            let network = VirtualNetwork(seed: seed, profile: profile)
            let (left, right) = agents(seed: seed)
            network.attach(left, at: Place.left)
            network.attach(right, at: Place.right)
            left.learn(right, at: .zero)
            right.learn(left, at: .zero)

            let isComplete = try network.run(until: { bothComplete(left, right) }, timeout: .seconds(20))
            #expect(isComplete, "seed \(seed): \(left.agent.state), \(right.agent.state)")
            try network.run(for: .seconds(60))
            #expect(bothComplete(left, right), "seed \(seed)")
            #expect(left.selections == [.init(Place.left, Place.right)])
        }
    }

    @Test("equal roles are told apart by the tie-breaker", arguments: ICERole.allCases, [0, 30])
    func conflict(role: ICERole, delay: Int64) throws {
        for seed in UInt64(1)...10 {
            let network = VirtualNetwork(seed: seed, profile: LinkProfile(delay: .milliseconds(delay)))
            let (left, right) = agents((role, role), seed: seed)
            network.attach(left, at: Place.left)
            network.attach(right, at: Place.right)
            left.learn(right, at: .zero)
            right.learn(left, at: .zero)

            #expect(try network.run(until: { bothComplete(left, right) }, timeout: .seconds(3)), "seed \(seed)")
            #expect(left.agent.role != right.agent.role)
            #expect(left.agent.counters.roleConflicts + right.agent.counters.roleConflicts > 0)
        }
    }

    @Test("checks that come before the answer are answered, and count once it is there")
    func lateAnswer() throws {
        let network = VirtualNetwork(seed: 1, profile: LinkProfile(delay: .milliseconds(5)))
        let (left, right) = agents()
        network.attach(left, at: Place.left)
        network.attach(right, at: Place.right)
        right.learn(left, at: .zero)
        try network.run(for: .seconds(2))

        #expect(left.agent.state == .new)
        #expect(right.agent.state == .connected)
        #expect(left.events.contains { $0.output == .pathLearnt(local: Place.left, remote: Place.right) })

        // Credentials alone suffice: the early check has shown where the peer is.
        left.learn(right, candidates: false, at: network.now)
        #expect(try network.run(until: { bothComplete(left, right) }, timeout: .milliseconds(50)))
    }

    @Test("a signalled candidate takes the place of the peer-reflexive one")
    func upgrade() throws {
        let network = VirtualNetwork(seed: 1)
        let (left, right) = agents()
        network.attach(left, at: Place.left)
        network.attach(right, at: Place.right)
        right.learn(left, at: .zero)
        try network.run(for: .seconds(1))
        left.learn(right, at: network.now)

        #expect(try network.run(until: { bothComplete(left, right) }, timeout: .milliseconds(100)))
        #expect(left.selections == [.init(Place.left, Place.right)])
    }

    @Test("IPv6 and IPv4 form no mixed pairs, and the preferred family is taken")
    func families() throws {
        let network = VirtualNetwork(seed: 1, profile: LinkProfile(delay: .milliseconds(10)))
        let left = AgentEndpoint(role: .controlling, seed: 1, hosts: [Place.left6, Place.left])
        let right = AgentEndpoint(role: .controlled, seed: 2, hosts: [Place.right6, Place.right])
        network.attach(left, at: Place.left, Place.left6)
        network.attach(right, at: Place.right, Place.right6)
        left.learn(right, at: .zero)
        right.learn(left, at: .zero)

        #expect(try network.run(until: { bothComplete(left, right) }, timeout: .seconds(1)))
        #expect(left.agent.selectedPair?.local == Place.left6)
        #expect(right.agent.selectedPair?.local == Place.right6)
    }

    @Test("a dead preferred path delays nomination by the patience, no more")
    func deadPreferredPath() throws {
        let network = VirtualNetwork(seed: 1, profile: LinkProfile(delay: .milliseconds(10)))
        network.setProfile(LinkProfile(loss: 1), from: Place.left6, to: Place.right6)
        network.setProfile(LinkProfile(loss: 1), from: Place.right6, to: Place.left6)
        let left = AgentEndpoint(role: .controlling, seed: 1, hosts: [Place.left6, Place.left])
        let right = AgentEndpoint(role: .controlled, seed: 2, hosts: [Place.right6, Place.right])
        network.attach(left, at: Place.left, Place.left6)
        network.attach(right, at: Place.right, Place.right6)
        left.learn(right, at: .zero)
        right.learn(left, at: .zero)

        #expect(try network.run(until: { bothComplete(left, right) }, timeout: .seconds(1)))
        #expect(network.now <= .zero + .milliseconds(350))
        #expect(left.agent.selectedPair?.local == Place.left)
    }

    @Test("behind a NAT the reflexive candidates are found by checks", arguments: NATBox.Dependence.allCases)
    func nat(mapping: NATBox.Dependence) throws {
        let network = VirtualNetwork(seed: 1, profile: LinkProfile(delay: .milliseconds(10)))
        let box = NATBox(publicIP: Place.publicIP, mapping: mapping)
        let left = AgentEndpoint(role: .controlling, seed: 1, hosts: [Place.inside])
        let right = AgentEndpoint(role: .controlled, seed: 2, hosts: [Place.right])
        network.attach(left, at: Place.inside, behind: box)
        network.attach(right, at: Place.right)
        left.learn(right, at: .zero)
        right.learn(left, at: .zero)

        #expect(try network.run(until: { bothComplete(left, right) }, timeout: .seconds(3)))
        #expect(right.agent.selectedPair?.remote.ip == Place.publicIP)
        #expect(left.agent.localCandidates.allSatisfy { $0.type == .host })
    }

    @Test("two families, equal roles, a late description and loss: both ends agree on the pair", arguments: [0, 0.1])
    func agreement(loss: Double) throws {
        for seed in UInt64(1)...40 {
            let profile = LinkProfile(
                loss: loss,
                delay: .milliseconds(Int64(seed) * 5),
                jitter: .uniform(maximum: .milliseconds(40)),
                reordering: 0.05,
                duplication: 0.05
            )
            let network = VirtualNetwork(seed: seed, profile: profile)
            let roles: (ICERole, ICERole) =
                switch seed % 3 {
                case 0: (.controlled, .controlled)
                case 1: (.controlling, .controlling)
                default: (.controlling, .controlled)
                }
            let left = AgentEndpoint(role: roles.0, seed: seed, hosts: [Place.left6, Place.left])
            let right = AgentEndpoint(role: roles.1, seed: seed + 5000, hosts: [Place.right, Place.right6])
            network.attach(left, at: Place.left, Place.left6)
            network.attach(right, at: Place.right, Place.right6)
            left.learn(right, at: .zero)
            network.schedule(after: .milliseconds(Int64(seed) * 7)) { right.learn(left, at: network.now) }

            #expect(try network.run(until: { bothComplete(left, right) }, timeout: .seconds(20)), "seed \(seed)")
            try network.run(for: .seconds(20))
            #expect(left.agent.selectedPair?.local == right.agent.selectedPair?.remote, "seed \(seed)")
            #expect(left.agent.selectedPair?.remote == right.agent.selectedPair?.local, "seed \(seed)")
            #expect(left.selections.count <= 2 && right.selections.count <= 2, "seed \(seed)")
        }
    }

    @Test("the same seed gives the same run")
    func replay() throws {
        func run() throws -> [String] {
            let network = VirtualNetwork(seed: 3, profile: LinkProfile(loss: 0.2, delay: .milliseconds(30)))
            let (left, right) = agents(seed: 3)
            network.attach(left, at: Place.left)
            network.attach(right, at: Place.right)
            left.learn(right, at: .zero)
            right.learn(left, at: .zero)
            try network.run(for: .seconds(30))
            return left.events.map { "\($0)" } + right.sent.map { "\($0)" }
        }

        #expect(try run() == run())
    }
}
