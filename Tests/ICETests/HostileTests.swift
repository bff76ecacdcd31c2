import ICE
import NetworkSimulation
import STUN
import SansIO
import Testing

@Suite("Agents fed with garbage")
struct HostileTests {
    @Test("damaged copies of real traffic neither trap nor break a call")
    func mutation() throws {
        for seed in UInt64(1)...4 {
            let network = VirtualNetwork(seed: seed, profile: LinkProfile(delay: .milliseconds(5)))
            let left = AgentEndpoint(role: .controlling, seed: seed, hosts: [Place.left])
            let right = AgentEndpoint(role: .controlled, seed: seed + 9, hosts: [Place.right])
            network.attach(left, at: Place.left)
            network.attach(right, at: Place.right)
            var random = RandomSource(seed: seed)
            var isForging = false
            // Fifty damaged copies of every datagram overtake it.
            network.intercept = { datagram, source, destination in
                guard !isForging else { return true }
                isForging = true
                defer { isForging = false }
                for _ in 0..<50 {
                    var bytes = datagram.bytes.copied()
                    for _ in 0..<Int.random(in: 1...4, using: &random) {
                        bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
                    }
                    bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random) / 4)
                    // Damage in the fingerprint alone leaves a message authentic, whoever replays it.
                    let isAuthentic = bytes.starts(with: datagram.bytes.copied().dropLast(8))
                    let from = isAuthentic || Bool.random(using: &random) ? source : Place.stranger
                    network.send(bytes, from: from, to: destination)
                }
                return true
            }
            left.learn(right, at: .zero)
            right.learn(left, at: .zero)
            try network.run(for: .seconds(120))

            #expect(left.agent.state == .completed && right.agent.state == .completed, "seed \(seed)")
            for agent in [left, right] {
                #expect(agent.selections.count == 1)
                #expect(agent.agent.counters.malformed > 0)
                #expect(agent.agent.counters.badFingerprint > 0)
                let paths = agent.events.filter { if case .pathLearnt = $0.output { true } else { false } }
                #expect(paths.count == 1, "only what is authentic shows a path")
            }
        }
    }

    @Test("20,000 random datagrams with a STUN header change nothing")
    func noise() {
        let agent = ICEAgent(role: .controlled, random: RandomSource(seed: 5))
        agent.addHostCandidate(base: Place.left, at: .zero)
        agent.setRemote(credentials: PeerScript().credentials, at: .zero)
        var random = RandomSource(seed: 6)
        for _ in 0..<20_000 {
            var bytes = random.bytes(count: 4 * Int.random(in: 5...60, using: &random))
            let body = bytes.count - 20
            bytes.replaceSubrange(
                0..<8,
                with: [[0x00, 0x01], [0x01, 0x01], [0x01, 0x11], [0x00, 0x11]].randomElement(using: &random) ?? []
            )
            bytes.insert(contentsOf: [UInt8(body >> 8), UInt8(body & 0xFF), 0x21, 0x12, 0xA4, 0x42], at: 2)
            _ = agent.handle(bytes, from: Place.right, on: Place.left, at: .zero)
            for output in agent.drain() {
                switch output {
                case .transmit, .candidate, .state(.checking): break
                case .gatheringComplete, .state, .selectedPair, .pathLearnt: Issue.record("\(output)")
                }
            }
        }
        #expect(agent.state == .checking)
    }
}
