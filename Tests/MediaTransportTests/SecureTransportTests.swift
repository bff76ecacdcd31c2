import DTLS
import ICE
import MediaTransport
import NetworkSimulation
import SansIO
import Testing

/// One end of a call on the virtual network: a transport and what it has handed up.
private final class Peer: DatagramEndpoint {
    let transport: SecureTransport
    let address: SocketAddress
    let pool = PacketPool()
    private(set) var received: [[UInt8]] = []
    private(set) var reports: [[UInt8]] = []
    private(set) var states: [TransportState] = []

    init(identity: DTLSIdentity, role: ICERole, address: SocketAddress, seed: UInt64) {
        self.address = address
        transport = SecureTransport(identity: identity, iceRole: role, pool: pool, random: RandomSource(seed: seed))
        transport.ice.addHostCandidate(base: address, at: .zero)
        transport.ice.startGathering(at: .zero)
    }

    func handle(
        _ datagram: PacketBuffer,
        from remote: SocketAddress,
        on local: SocketAddress,
        at arrival: MonotonicTime
    ) {
        transport.handle(datagram, from: remote, on: local, at: arrival)
    }

    func handleTimeout(at now: MonotonicTime) { transport.handleTimeout(at: now) }

    var nextTimeout: MonotonicTime? { transport.nextTimeout }

    func pollOutput() -> EndpointOutput? {
        while let output = transport.pollOutput() {
            switch output {
            case .transmit(let packet, let local, let remote): return .transmit(packet, from: local, to: remote)
            case .route(let route): return .route(route)
            case .unroute(let route): return .unroute(route)
            case .rtp(let packet, _): received.append(packet.bytes.copied())
            case .rtcp(let packet, _): reports.append(packet.bytes.copied())
            case .state(let state): states.append(state)
            }
        }
        return nil
    }

    func describe(to other: Peer, fingerprints: [CertificateFingerprint], role: DTLSRole, at now: MonotonicTime) {
        for candidate in transport.ice.localCandidates { other.transport.ice.addRemoteCandidate(candidate, at: now) }
        other.transport.setRemote(
            credentials: transport.ice.localCredentials,
            isLite: false,
            fingerprints: fingerprints,
            role: role,
            at: now
        )
        other.transport.ice.endOfCandidates(at: now)
    }

    func send(_ payload: [UInt8], sequence: UInt16) {
        let packet = pool.take()
        for octet in [0x80, 96, UInt8(sequence >> 8), UInt8(sequence & 0xFF), 0, 0, 0, 1, 0, 0, 0, 9] + payload {
            packet.append(octet)
        }
        transport.send(rtp: packet)
    }
}

@Suite("Secure transport, RFC 5764 and RFC 7983")
struct SecureTransportTests {
    private let caller: Peer
    private let callee: Peer
    private let callerIdentity: DTLSIdentity
    private let calleeIdentity: DTLSIdentity

    init() throws {
        var random = RandomSource(seed: 5)
        callerIdentity = try DTLSIdentity(wallClock: 1_790_000_000, random: &random)
        calleeIdentity = try DTLSIdentity(wallClock: 1_790_000_000, random: &random)
        let addresses = [SocketAddress("192.0.2.1", port: 4000), SocketAddress("192.0.2.2", port: 5000)]
        caller = Peer(
            identity: callerIdentity,
            role: .controlling,
            address: try #require(addresses[0]),
            seed: 1
        )
        callee = Peer(
            identity: calleeIdentity,
            role: .controlled,
            address: try #require(addresses[1]),
            seed: 2
        )
    }

    private func network(_ profile: LinkProfile = LinkProfile(delay: .milliseconds(10)), seed: UInt64 = 9)
        -> VirtualNetwork
    {
        let network = VirtualNetwork(seed: seed, profile: profile)
        network.attach(caller, at: caller.address)
        network.attach(callee, at: callee.address)
        return network
    }

    /// Offer and answer: the callee is the DTLS client, as an answerer that chooses `active`.
    private func describe(at now: MonotonicTime = .zero) {
        caller.describe(to: callee, fingerprints: [callerIdentity.fingerprint], role: .client, at: now)
        callee.describe(to: caller, fingerprints: [calleeIdentity.fingerprint], role: .server, at: now)
    }

    private var isConnected: Bool { caller.transport.state == .connected && callee.transport.state == .connected }

    @Test("connects and carries packets both ways")
    func connects() throws {
        let network = network()
        describe()

        let inTime = try network.run(until: { isConnected }, timeout: .seconds(5))
        caller.send([1, 2, 3], sequence: 1)
        callee.send([4, 5], sequence: 1)
        try network.run(for: .milliseconds(50))

        #expect(inTime)
        #expect(callee.received.map { Array($0.dropFirst(12)) } == [[1, 2, 3]])
        #expect(caller.received.map { Array($0.dropFirst(12)) } == [[4, 5]])
        #expect(caller.states == [.connecting, .connected])
    }

    @Test("is routed by the full user name, and by each path that proved itself")
    func routes() throws {
        let network = network()
        describe()

        _ = try network.run(until: { isConnected }, timeout: .seconds(5))

        let user =
            "\(callee.transport.ice.localCredentials.usernameFragment):"
            + caller.transport.ice.localCredentials.usernameFragment
        #expect(network.routes(of: callee).contains(.username(user)))
        #expect(network.routes(of: callee).contains(.path(local: callee.address, remote: caller.address)))
    }

    @Test("refuses a peer whose certificate is another one than promised, by name")
    func mismatch() throws {
        let network = network()
        caller.describe(to: callee, fingerprints: [calleeIdentity.fingerprint], role: .client, at: .zero)
        callee.describe(to: caller, fingerprints: [calleeIdentity.fingerprint], role: .server, at: .zero)

        _ = try network.run(until: { callee.states.count > 1 }, timeout: .seconds(5))

        #expect(callee.transport.state == .failed(.fingerprintMismatch))
        caller.send([1], sequence: 1)
        try network.run(for: .milliseconds(50))
        #expect(callee.received.isEmpty)
    }

    @Test("starts before the answer is known, and keeps early packets for it")
    func lateAnswer() throws {
        let network = network()
        caller.describe(to: callee, fingerprints: [callerIdentity.fingerprint], role: .client, at: .zero)
        network.schedule(after: .milliseconds(800)) { [caller, callee, calleeIdentity] in
            callee.describe(to: caller, fingerprints: [calleeIdentity.fingerprint], role: .server, at: network.now)
        }

        _ = try network.run(until: { callee.transport.state == .connected }, timeout: .seconds(5))
        callee.send([7], sequence: 1)
        let inTime = try network.run(until: { isConnected && !caller.received.isEmpty }, timeout: .seconds(10))

        #expect(inTime)
        #expect(caller.received.map { Array($0.dropFirst(12)) } == [[7]])
    }

    // Without loss: OpenSSL repeats a lost flight by the real clock, which stands still here.
    @Test("connects over delay, jitter, reordering and duplication", arguments: [0, 50, 200], [1, 2, 3] as [UInt64])
    func disorder(milliseconds: Int, seed: UInt64) throws {
        let profile = LinkProfile(
            delay: .milliseconds(milliseconds),
            jitter: .uniform(maximum: .milliseconds(20)),
            reordering: 0.05,
            duplication: 0.05
        )
        let network = network(profile, seed: seed)
        describe()

        #expect(try network.run(until: { isConnected }, timeout: .seconds(25)))
    }

    @Test("hands up each packet once, and as many as the network lets through", arguments: [0, 0.01, 0.05, 0.1])
    func loss(loss: Double) throws {
        let network = network(seed: UInt64(loss * 1000))
        describe()
        _ = try network.run(until: { isConnected }, timeout: .seconds(5))
        network.setProfile(LinkProfile(loss: loss, delay: .milliseconds(20), reordering: 0.05, duplication: 0.05))

        for number in 0..<1000 as Range<UInt16> {
            caller.send([UInt8(number >> 8), UInt8(number & 0xFF)], sequence: number)
            try network.run(for: .milliseconds(5))
        }
        try network.run(for: .seconds(1))

        #expect(Set(callee.received).count == callee.received.count)
        #expect(abs(Double(callee.received.count) - 1000 * (1 - loss)) <= 30)
        #expect(isConnected)
    }

    @Test("drops media from an address that has proved nothing, and packets that are not the peer's")
    func strangers() throws {
        let network = network()
        describe()
        _ = try network.run(until: { isConnected }, timeout: .seconds(5))
        let stranger = try #require(SocketAddress("198.51.100.9", port: 9))
        let forged = [0x80, 96, 0, 5, 0, 0, 0, 1, 0, 0, 0, 9] + [UInt8](repeating: 7, count: 40)

        callee.handle(PacketBuffer(forged), from: stranger, on: callee.address, at: network.now)
        callee.handle(PacketBuffer(forged), from: caller.address, on: callee.address, at: network.now)
        callee.handle(PacketBuffer([99, 1, 2]), from: caller.address, on: callee.address, at: network.now)

        #expect(callee.transport.counters.unauthenticatedSource == 1)
        #expect(callee.transport.counters.badTag == 1)
        #expect(callee.transport.counters.unknownProtocol == 1)
        #expect(callee.received.isEmpty)
    }

    @Test("survives any datagram at any stage")
    func garbage() throws {
        let network = network()
        var random = SplitMix64(seed: 21)
        describe()
        for round in 0..<200 {
            let count = Int.random(in: 0...200, using: &random)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            callee.handle(PacketBuffer(bytes), from: caller.address, on: callee.address, at: network.now)
            if round.isMultiple(of: 10) { try network.run(for: .milliseconds(20)) }
        }

        #expect(try network.run(until: { isConnected }, timeout: .seconds(20)))
    }

    @Test("fails when the peer has gone silent for long enough, and tells why")
    func consent() throws {
        let network = network()
        describe()
        _ = try network.run(until: { isConnected }, timeout: .seconds(5))

        network.setProfile(LinkProfile(loss: 1))
        _ = try network.run(until: { caller.states.count > 2 }, timeout: .seconds(60))

        #expect(caller.transport.state == .failed(.ice(.consentExpired)))
    }

    @Test("says goodbye, and is deaf afterwards")
    func close() throws {
        let network = network()
        describe()
        _ = try network.run(until: { isConnected }, timeout: .seconds(5))

        caller.transport.close(at: network.now)
        try network.run(for: .milliseconds(100))

        #expect(caller.transport.state == .closed)
        #expect(callee.transport.state == .closed)
        callee.send([1], sequence: 2)
        #expect(callee.transport.counters.notSent == 1)
    }
}
