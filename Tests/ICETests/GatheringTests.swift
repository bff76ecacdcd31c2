import ICE
import NetworkSimulation
import STUN
import SansIO
import Testing

@Suite("Gathering, RFC 8445 §5.1")
struct GatheringTests {
    @Test("without servers gathering is complete at once")
    func hostsOnly() {
        let agent = AgentEndpoint(role: .controlling, seed: 1, hosts: [Place.left6, Place.left])
        agent.agent.startGathering(at: .zero)

        let candidates = agent.agent.localCandidates
        #expect(agent.agent.drain().contains(.gatheringComplete))
        #expect(agent.agent.gatheringState == .complete)
        // §5.1.2.1: 126 << 24 | 65535 << 8 | 255.
        #expect(candidates.map(\.priority) == [2_130_706_431, 2_130_706_175])
        #expect(Set(candidates.map(\.foundation)).count == 2)
        #expect(agent.agent.nextTimeout == nil)
    }

    @Test("a server behind the NAT's other side shows the reflexive candidate", arguments: [0, 0.3])
    func reflexive(loss: Double) throws {
        var found = 0
        for seed in UInt64(1)...10 {
            let network = VirtualNetwork(seed: seed, profile: LinkProfile(loss: loss, delay: .milliseconds(20)))
            let left = AgentEndpoint(role: .controlling, seed: seed, hosts: [Place.inside])
            let server = BindingServer()
            network.attach(left, at: Place.inside, behind: NATBox(publicIP: Place.publicIP))
            network.attach(server, at: Place.server)
            left.agent.addSTUNServer(Place.server)
            left.agent.startGathering(at: .zero)
            #expect(left.agent.gatheringState == .gathering)
            try network.run(for: .milliseconds(500))

            #expect(left.agent.gatheringState == .complete)
            guard let candidate = left.agent.localCandidates.last, candidate.type != .host else { continue }
            found += 1
            #expect(candidate.type == .serverReflexive)
            #expect(candidate.address.ip == Place.publicIP)
            #expect(candidate.relatedAddress == Place.inside)
            #expect(candidate.priority >> 24 == 100)
        }
        #expect(found >= (loss == 0 ? 10 : 6))
    }

    @Test("a dead server costs 500 ms, and a lying one nothing")
    func deadServer() throws {
        let network = VirtualNetwork(seed: 1)
        let left = AgentEndpoint(role: .controlling, seed: 1, hosts: [Place.left])
        network.attach(left, at: Place.left)
        left.agent.addSTUNServer(Place.server)
        left.agent.startGathering(at: .zero)
        try network.run(for: .milliseconds(100))
        let request = try #require(left.sent.first?.message)
        let lie = STUNMessage(
            .successResponse,
            transactionID: request.transactionID,
            attributes: [.xorMappedAddress(Place.stranger)]
        )
        network.send(lie.encoded(), from: Place.stranger, to: Place.left)
        try network.run(for: .seconds(10))

        let complete = left.events.first { $0.output == .gatheringComplete }
        #expect(complete?.time == .zero + .milliseconds(500))
        #expect(left.agent.localCandidates.count == 1)
        #expect(left.agent.counters.asymmetricResponses == 1)
        #expect(left.agent.nextTimeout == nil)
    }

    @Test("a reflexive address equal to the host's is redundant (§5.1.3)")
    func redundant() throws {
        let network = VirtualNetwork(seed: 1, profile: LinkProfile(delay: .milliseconds(5)))
        let left = AgentEndpoint(role: .controlling, seed: 1, hosts: [Place.left])
        network.attach(left, at: Place.left)
        network.attach(BindingServer(), at: Place.server)
        left.agent.addSTUNServer(Place.server)
        left.agent.startGathering(at: .zero)
        try network.run(for: .milliseconds(20))

        #expect(left.agent.gatheringState == .complete)
        #expect(left.agent.localCandidates.count == 1)
    }
}

/// A STUN server that tells everybody where they come from.
private final class BindingServer: DatagramEndpoint {
    private var outputs: [EndpointOutput] = []

    var nextTimeout: MonotonicTime? { nil }

    func handle(
        _ datagram: PacketBuffer,
        from remote: SocketAddress,
        on local: SocketAddress,
        at arrival: MonotonicTime
    ) {
        guard let request = try? STUNMessage(parsing: datagram.bytes) else { return }
        let response = STUNMessage(
            .successResponse,
            transactionID: request.transactionID,
            attributes: [.xorMappedAddress(remote)]
        )
        outputs.append(.transmit(PacketBuffer(response.encoded()), from: local, to: remote))
    }

    func handleTimeout(at now: MonotonicTime) {}

    func pollOutput() -> EndpointOutput? { outputs.popLast() }
}
