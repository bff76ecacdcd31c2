import NetworkSimulation
import SansIO
import Testing

@Suite("NAT box, RFC 4787 §4 and §5")
struct NATBoxTests {
    private let client = RecordingEndpoint()
    private let server = RecordingEndpoint()
    private let other = RecordingEndpoint()

    private func network(behind box: NATBox) -> VirtualNetwork {
        let network = VirtualNetwork(seed: 1)
        network.attach(client, at: .inside(1), behind: box)
        network.attach(server, at: .at(1), .at(1, port: 6_000))
        network.attach(other, at: .at(2))
        return network
    }

    private func box(_ mapping: NATBox.Dependence, _ filtering: NATBox.Dependence = .endpointIndependent) -> NATBox {
        NATBox(publicIP: SocketAddress.at(200).ip, mapping: mapping, filtering: filtering)
    }

    @Test("the far side sees the public address, and answers reach the inside one")
    func translation() throws {
        let network = network(behind: box(.endpointIndependent, .addressAndPortDependent))
        server.echoes = true
        client.send([1], from: .inside(1), to: .at(1))

        try network.run(for: .seconds(1))

        #expect(server.arrivals.map(\.remote) == [.at(200, port: 40_000)])
        #expect(client.arrivals.map(\.remote) == [.at(1)])
        #expect(client.arrivals.map(\.local) == [.inside(1)])
    }

    @Test(
        "a mapping depends on what it should",
        arguments: [
            (NATBox.Dependence.endpointIndependent, 1), (.addressDependent, 2), (.addressAndPortDependent, 3),
        ]
    )
    func mapping(_ dependence: NATBox.Dependence, ports: Int) throws {
        let network = network(behind: box(dependence))
        client.send([1], from: .inside(1), to: .at(1))
        client.send([2], from: .inside(1), to: .at(1, port: 6_000))
        client.send([3], from: .inside(1), to: .at(2))

        try network.run(for: .seconds(1))

        #expect(Set((server.arrivals + other.arrivals).map(\.remote)).count == ports)
    }

    @Test(
        "a filter lets in whom it should",
        arguments: [
            (NATBox.Dependence.endpointIndependent, [[1], [2], [3]]),
            (.addressDependent, [[1], [2]]),
            (.addressAndPortDependent, [[1]]),
        ] as [(NATBox.Dependence, [[UInt8]])]
    )
    func filtering(_ dependence: NATBox.Dependence, admitted: [[UInt8]]) throws {
        let network = network(behind: box(.endpointIndependent, dependence))
        client.send([0], from: .inside(1), to: .at(1))
        try network.run(for: .zero)
        let mapped = SocketAddress.at(200, port: 40_000)
        server.send([1], from: .at(1), to: mapped)
        server.send([2], from: .at(1, port: 6_000), to: mapped)
        other.send([3], from: .at(2), to: mapped)

        try network.run(for: .seconds(1))

        #expect(client.arrivals.map(\.bytes) == admitted)
        #expect(network.counters.filtered == 3 - admitted.count)
    }

    @Test("a mapping that is not used expires, one that is used lives on", arguments: [(100, 1), (130, 0)])
    func expiry(silenceInSeconds: Int, delivered: Int) throws {
        let network = network(behind: box(.endpointIndependent))
        client.send([0], from: .inside(1), to: .at(1))
        try network.run(for: .seconds(60))
        client.send([0], from: .inside(1), to: .at(1))
        try network.run(for: .seconds(silenceInSeconds))
        server.send([1], from: .at(1), to: .at(200, port: 40_000))

        try network.run(for: .seconds(1))

        #expect(client.arrivals.count == delivered)
    }

    @Test("neighbours behind one box talk directly; the same address behind another box is somebody else")
    func realms() throws {
        let first = box(.endpointIndependent)
        let second = NATBox(publicIP: SocketAddress.at(201).ip)
        let network = network(behind: first)
        let neighbour = RecordingEndpoint()
        let stranger = RecordingEndpoint()
        network.attach(neighbour, at: .inside(2), behind: first)
        network.attach(stranger, at: .inside(2), behind: second)
        client.send([1], from: .inside(1), to: .inside(2))
        server.send([2], from: .at(1), to: .inside(2))

        try network.run(for: .seconds(1))

        #expect(neighbour.arrivals.map(\.remote) == [.inside(1)])
        #expect(stranger.arrivals.isEmpty)
        #expect(network.counters.undeliverable == 1)
    }

    @Test("both sides of two filtering boxes can punch holes")
    func holePunching() throws {
        let first = box(.endpointIndependent, .addressAndPortDependent)
        let second = NATBox(publicIP: SocketAddress.at(201).ip)
        let network = network(behind: first)
        let peer = RecordingEndpoint()
        network.attach(peer, at: .inside(1), behind: second)
        network.setProfile(LinkProfile(delay: .milliseconds(30)))
        client.send([0], from: .inside(1), to: .at(1))
        peer.send([0], from: .inside(1), to: .at(1))
        try network.run(for: .seconds(1))

        client.send([1], from: .inside(1), to: .at(201, port: 40_000))
        peer.send([2], from: .inside(1), to: .at(200, port: 40_000))
        try network.run(for: .seconds(1))

        #expect(peer.arrivals.map(\.bytes) == [[1]])
        #expect(client.arrivals.map(\.bytes) == [[2]])
    }
}
