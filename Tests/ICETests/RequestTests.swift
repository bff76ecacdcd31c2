import ICE
import STUN
import SansIO
import Testing

@Suite("Requests of the peer, RFC 8445 §7.3")
struct RequestTests {
    private var peer = PeerScript()
    private let agent: ICEAgent

    init() {
        agent = ICEAgent(role: .controlled, random: RandomSource(seed: 7))
        agent.addHostCandidate(base: Place.left, at: .zero)
        _ = agent.drain()
    }

    private func feed(_ bytes: [UInt8], from source: SocketAddress = Place.right) -> [ICEOutput] {
        _ = agent.handle(bytes, from: source, on: Place.left, at: .zero)
        return agent.drain()
    }

    private func response(in outputs: [ICEOutput]) throws -> STUNMessage {
        for case .transmit(let bytes, Place.left, Place.right) in outputs {
            let message = try STUNMessage(parsing: bytes)
            if message.messageClass != .request { return message }
        }
        throw MissingResponse()
    }

    private struct MissingResponse: Error {}

    @Test("a good request is answered with its source, under our password, and shows the path")
    mutating func success() throws {
        let request = peer.request(to: agent)
        let outputs = feed(request.encoded(integrityKey: agent.key))
        let response = try response(in: outputs)

        #expect(response.messageClass == .successResponse)
        #expect(response.transactionID == request.transactionID)
        #expect(response.mappedAddress == Place.right)
        #expect(outputs.contains(.pathLearnt(local: Place.left, remote: Place.right)))
        guard case .transmit(let bytes, _, _) = outputs.first else { return }
        let buffer = PacketBuffer(bytes)
        #expect(response.integrity(in: buffer.bytes, key: agent.key) == .valid)
        #expect(response.fingerprint(in: buffer.bytes) == .valid)
    }

    @Test("a request under SHA-256 is answered under SHA-256")
    mutating func sha256() throws {
        let request = peer.request(to: agent)
        let response = try response(in: feed(request.encoded(integrityKey: agent.key, algorithm: .sha256)))

        #expect(response.integrityAlgorithm == .sha256)
    }

    @Test("no user name or no integrity is 400; a wrong one is 401; neither shows a path")
    mutating func unauthenticated() throws {
        let request = peer.request(to: agent)
        var anonymous = request
        anonymous.attributes.removeFirst()
        var stranger = request
        stranger.attributes[0] = .username("nobody:peer")
        var fragmentOnly = request
        fragmentOnly.attributes[0] = .username(agent.localCredentials.usernameFragment)
        let cases: [(bytes: [UInt8], code: Int)] = [
            (request.encoded(), 400), (anonymous.encoded(integrityKey: agent.key), 400),
            (request.encoded(integrityKey: Array("wrong".utf8)), 401), (stranger.encoded(integrityKey: agent.key), 401),
            (fragmentOnly.encoded(integrityKey: agent.key), 401),
        ]
        for (bytes, code) in cases {
            let outputs = feed(bytes)
            #expect(try response(in: outputs).errorCode?.code == code)
            #expect(outputs.count == 1)
        }
        #expect(agent.counters.unauthenticated == 2)
        #expect(agent.counters.badIntegrity == 3)
    }

    @Test("attributes that must be understood and are not are named in a 420")
    mutating func unknownAttribute() throws {
        let request = peer.request(
            to: agent,
            extra: [.unknown(type: 0x7001, []), .unknown(type: 0xC057, [0, 0, 0, 1]), .unknown(type: 0x7001, [])]
        )
        let outputs = feed(request.encoded(integrityKey: agent.key))
        let response = try response(in: outputs)

        #expect(response.errorCode?.code == 420)
        #expect(response.attributes.contains(.unknownAttributes([0x7001])))
        #expect(outputs.count == 1)
    }

    @Test("the larger tie-breaker controls: 487, or we switch")
    mutating func conflict() throws {
        let low = peer.request(to: agent, role: .iceControlled(0))
        #expect(try response(in: feed(low.encoded(integrityKey: agent.key))).messageClass == .successResponse)
        #expect(agent.role == .controlling)

        let lowAgain = peer.request(to: agent, role: .iceControlling(0))
        #expect(try response(in: feed(lowAgain.encoded(integrityKey: agent.key))).errorCode?.code == 487)
        #expect(agent.role == .controlling)

        let high = peer.request(to: agent, role: .iceControlling(.max))
        #expect(try response(in: feed(high.encoded(integrityKey: agent.key))).messageClass == .successResponse)
        #expect(agent.role == .controlled)

        let highAgain = peer.request(to: agent, role: .iceControlled(.max))
        #expect(try response(in: feed(highAgain.encoded(integrityKey: agent.key))).errorCode?.code == 487)
        #expect(agent.role == .controlled)
    }

    @Test("a damaged fingerprint, another method, another base: counted and dropped")
    mutating func dropped() {
        var bytes = peer.request(to: agent).encoded(integrityKey: agent.key)
        bytes[bytes.count - 1] ^= 1
        #expect(feed(bytes).isEmpty)
        #expect(agent.counters.badFingerprint == 1)

        var other = peer.request(to: agent)
        other.method = STUNMethod(rawValue: 3)
        #expect(feed(other.encoded(integrityKey: agent.key)).isEmpty)
        #expect(agent.counters.unknownMethod == 1)

        let request = peer.request(to: agent).encoded(integrityKey: agent.key)
        #expect(agent.handle(request, from: Place.right, on: Place.stranger, at: .zero))
        #expect(agent.drain().isEmpty)
        #expect(agent.counters.unknownBase == 1)

        #expect(!agent.handle([0x80, 0x60, 0, 1], from: Place.right, on: Place.left, at: .zero))
    }

    @Test("a request for another fork is answered, and starts nothing")
    mutating func foreignFragment() throws {
        var fork = peer
        fork.fragment = "fork"
        agent.setRemote(credentials: peer.credentials, at: .zero)
        let outputs = feed(fork.request(to: agent, useCandidate: true).encoded(integrityKey: agent.key))

        #expect(try response(in: outputs).messageClass == .successResponse)
        #expect(agent.counters.foreignFragment == 1)
        #expect(!outputs.contains(.pathLearnt(local: Place.left, remote: Place.right)))
        #expect(agent.nextTimeout == MonotonicTime.zero + agent.configuration.failureTimeout)
    }

    @Test("a peer that comes from a thousand addresses fills no tables")
    mutating func flood() {
        for isEarly in [true, false] {
            if !isEarly { agent.setRemote(credentials: peer.credentials, at: .zero) }
            for port in UInt16(1)...1000 {
                let source = SocketAddress(ip: Place.right.ip, port: port)
                _ = feed(peer.request(to: agent).encoded(integrityKey: agent.key), from: source)
            }
        }
        // 984 beyond the early checks, then as many beyond the peer-reflexive candidates.
        #expect(agent.counters.overLimit >= 984 + 980)

        var requests = 0
        while let now = agent.nextTimeout, now < .zero + .seconds(600) {
            agent.handleTimeout(at: now)
            requests += agent.drainMessages().count
        }
        #expect(agent.state == .failed(.noValidPair))
        #expect(requests <= 20 * 7)
    }

    @Test("remote candidates that are names, other transports or no addresses are ignored")
    func unusableCandidates() {
        func describe(_ address: String, transport: String = "udp", component: Int = 1, type: String = "host") {
            agent.addRemoteCandidate(
                ICECandidateDescription(
                    foundation: "1",
                    component: component,
                    transport: transport,
                    priority: .max,
                    address: address,
                    port: 9,
                    type: type
                ),
                at: .zero
            )
        }
        agent.setRemote(credentials: peer.credentials, at: .zero)
        describe("8f1b2c7e-0000-4000-8000-000000000000.local")
        describe("198.51.100.1", transport: "tcp")
        describe("198.51.100.1", component: 2)
        describe("198.51.100.1", type: "weird")
        describe("224.0.0.1")
        describe("0.0.0.0")
        describe("::1")

        #expect(agent.counters.namedCandidates == 1)
        #expect(agent.counters.unusableCandidates == 5)
        #expect(agent.drainMessages().isEmpty)

        describe("198.51.100.1", transport: "UDP")
        #expect(agent.drainMessages().count == 1)
    }

    @Test("two hundred candidates make a hundred, and are checked one per Ta")
    func manyCandidates() {
        agent.setRemote(credentials: peer.credentials, at: .zero)
        for port in UInt16(1)...200 {
            let address = SocketAddress(ip: Place.right.ip, port: port)
            agent.addRemoteCandidate(
                ICECandidate(foundation: "\(port)", priority: UInt32(port), address: address, type: .host),
                at: .zero
            )
        }
        #expect(agent.counters.overLimit == 100)
        #expect(agent.drainMessages().count == 1)

        agent.handleTimeout(at: .zero + .milliseconds(49))
        #expect(agent.drainMessages().isEmpty)
        agent.handleTimeout(at: .zero + .milliseconds(50))
        #expect(agent.drainMessages().count == 1)
    }
}
