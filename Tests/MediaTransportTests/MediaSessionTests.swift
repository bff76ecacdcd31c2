import DTLS
import MediaTransport
import MediaTypes
import NetworkSimulation
import SDP
import SansIO
import Testing

/// One end of a call: a media session on the virtual network, and what it has handed up.
private final class Party: DatagramEndpoint {
    let session: MediaSession
    let address: SocketAddress
    let pool: PacketPool
    private(set) var received: [ReceivedPacket] = []
    private(set) var payloads: [[UInt8]] = []
    private(set) var events: [MediaSessionEvent] = []

    init(_ address: SocketAddress, seed: UInt64, video: Bool = true) throws {
        var random = RandomSource(seed: seed)
        let pool = PacketPool()
        self.pool = pool
        self.address = address
        session = MediaSession(
            configuration: .standard(video: video, cname: "party\(seed)"),
            identity: try DTLSIdentity(wallClock: 1_790_000_000, random: &random),
            pool: pool,
            random: random,
            wallClock: { NTPTime(unixNanoseconds: 1_790_000_000_000_000_000 + $0.nanoseconds) }
        )
        session.addLocalAddress(address)
    }

    func handle(
        _ datagram: PacketBuffer,
        from remote: SocketAddress,
        on local: SocketAddress,
        at arrival: MonotonicTime
    ) {
        session.handle(datagram, from: remote, on: local, at: arrival)
    }

    func handleTimeout(at now: MonotonicTime) { session.handleTimeout(at: now) }

    var nextTimeout: MonotonicTime? { session.nextTimeout }

    func pollOutput() -> EndpointOutput? {
        while let output = session.pollOutput() {
            switch output {
            case .transmit(let packet, let local, let remote): return .transmit(packet, from: local, to: remote)
            case .route(let route): return .route(route)
            case .unroute(let route): return .unroute(route)
            case .received(let packet):
                payloads.append(packet.buffer.bytes.extracting(packet.payload).copied())
                received.append(packet)
            case .event(let event): events.append(event)
            }
        }
        return nil
    }

    @discardableResult
    func send(_ kind: MediaKind, _ number: Int, at now: MonotonicTime) -> Bool {
        guard let mid = session.section(kind) else { return false }
        let payload = PacketBuffer([UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number), 7])
        return session.send(
            .codec(kind == .audio ? .opus : .vp8),
            on: mid,
            payload: payload.bytes,
            timestamp: UInt32(truncatingIfNeeded: number * 960),
            marker: false,
            at: now
        )
    }
}

@Suite("Media session, RFC 3264, RFC 8843, RFC 9429")
struct MediaSessionTests {
    private let caller: Party
    private let callee: Party

    init() throws {
        caller = try Party(try #require(SocketAddress("192.0.2.1", port: 4000)), seed: 1)
        callee = try Party(try #require(SocketAddress("2001:db8::2", port: 5000)), seed: 2)
        caller.session.addLocalAddress(try #require(SocketAddress("2001:db8::1", port: 4001)))
    }

    private func network(_ profile: LinkProfile = LinkProfile(delay: .milliseconds(15))) throws -> VirtualNetwork {
        let network = VirtualNetwork(seed: 77, profile: profile)
        network.attach(caller, at: caller.address, try #require(SocketAddress("2001:db8::1", port: 4001)))
        network.attach(callee, at: callee.address)
        return network
    }

    /// Offer and answer, each through its text form.
    private func negotiate(at now: MonotonicTime = .zero) throws {
        let offer = try SessionDescription(parsing: caller.session.makeOffer(at: now).serialised())
        let answer = try callee.session.answer(offer, at: now)
        try caller.session.setRemoteAnswer(try SessionDescription(parsing: answer.serialised()), at: now)
    }

    private var isConnected: Bool { caller.session.isConnected && callee.session.isConnected }

    @Test("connects by offer and answer in text, one transport for all sections")
    func connects() throws {
        let network = try network()
        try negotiate()

        #expect(try network.run(until: { isConnected }, timeout: .seconds(5)))
        #expect(caller.events == [.connected])
        #expect(callee.events == [.connected])
        #expect(network.now < MonotonicTime(nanoseconds: 1_000_000_000))
    }

    @Test("carries sound and pictures to the right section")
    func sections() throws {
        let network = try network()
        try negotiate()
        _ = try network.run(until: { isConnected }, timeout: .seconds(5))

        caller.send(.audio, 1, at: network.now)
        caller.send(.video, 2, at: network.now)
        callee.send(.audio, 3, at: network.now)
        try network.run(for: .milliseconds(100))

        #expect(callee.received.map(\.mid) == [MediaID("0"), MediaID("1")])
        #expect(callee.received.map(\.format) == [.codec(.opus), .codec(.vp8)])
        #expect(callee.payloads == [[0, 1, 7], [0, 2, 7]])
        #expect(caller.payloads == [[0, 3, 7]])
    }

    @Test("recovers what the network loses, by NACK, in the clear and in time", arguments: [0, 0.01, 0.05, 0.1])
    func retransmission(loss: Double) throws {
        let network = try network()
        try negotiate()
        _ = try network.run(until: { isConnected }, timeout: .seconds(5))
        network.setProfile(LinkProfile(loss: loss, delay: .milliseconds(15), reordering: 0.02, duplication: 0.02))

        for number in 0..<1000 {
            caller.send(.audio, number, at: network.now)
            try network.run(for: .milliseconds(20))
        }
        try network.run(for: .seconds(1))

        let statistics = try #require(callee.session.statistics(MediaID("0")))
        #expect(Set(callee.payloads).count == callee.payloads.count)
        #expect(callee.payloads.count >= 999)
        #expect(statistics.packetsLost <= 1)
        let sent = try #require(caller.session.statistics(MediaID("0")))
        #expect(loss == 0 || sent.retransmitted > Int(1000 * loss / 2))
    }

    @Test("reports to the peer: round trip, jitter, a key frame wanted")
    func reports() throws {
        let network = try network()
        try negotiate()
        _ = try network.run(until: { isConnected }, timeout: .seconds(5))
        for number in 0..<300 {
            caller.send(.audio, number, at: network.now)
            callee.send(.video, number, at: network.now)
            try network.run(for: .milliseconds(20))
        }

        caller.session.requestKeyFrame(MediaID("1"), at: network.now)
        try network.run(for: .milliseconds(100))

        let time = try #require(caller.session.statistics(MediaID("0"))?.roundTripTime)
        #expect(abs(time.inMilliseconds - 30) < 2)
        #expect(callee.events.last == .keyFrameRequested(MediaID("1")))
    }

    @Test("declines what it does not have, in its place")
    func declines() throws {
        let audioOnly = try Party(try #require(SocketAddress("192.0.2.9", port: 9000)), seed: 3, video: false)
        let offer = caller.session.makeOffer(at: .zero)

        let answer = try audioOnly.session.answer(offer, at: .zero)
        try caller.session.setRemoteAnswer(answer, at: .zero)

        #expect(answer.media.map(\.isRejected) == [false, true])
        #expect(answer.bundleGroups.map(\.mids) == [[MediaID("0")]])
        #expect(caller.session.section(.video) == nil)
        #expect(!caller.send(.video, 1, at: .zero))
    }

    @Test("refuses an offer with nothing for it, an answer without an offer, a description without a transport")
    func refuses() throws {
        var offer = caller.session.makeOffer(at: .zero)
        let stranger = try Party(try #require(SocketAddress("192.0.2.9", port: 9000)), seed: 3)
        #expect(throws: NegotiationError.wrongState) { try stranger.session.setRemoteAnswer(offer, at: .zero) }

        for index in offer.media.indices { offer.media[index].port = 0 }
        offer.attributes = []
        #expect(throws: NegotiationError.nothingInCommon) { try stranger.session.answer(offer, at: .zero) }
        #expect(throws: NegotiationError.wrongState) { try caller.session.answer(offer, at: .zero) }
    }

    @Test("ends with a goodbye that the peer hears")
    func close() throws {
        let network = try network()
        try negotiate()
        _ = try network.run(until: { isConnected }, timeout: .seconds(5))

        caller.session.close(at: network.now)
        try network.run(for: .milliseconds(100))

        #expect(callee.events.last == .closed)
        #expect(!callee.send(.audio, 1, at: network.now))
    }

    @Test("survives a description changed at random")
    func hostileDescription() throws {
        let text = Array(caller.session.makeOffer(at: .zero).serialised().utf8)
        var random = SplitMix64(seed: 8)
        let address = try #require(SocketAddress("192.0.2.9", port: 9000))
        for round in 0..<60 {
            let party = try Party(address, seed: UInt64(round + 10))
            var mutated = text
            for _ in 0..<6 {
                mutated[Int.random(in: 0..<mutated.count, using: &random)] = UInt8.random(in: 32...126, using: &random)
            }
            guard let offer = try? SessionDescription(parsing: mutated) else { continue }
            _ = try? party.session.answer(offer, at: .zero)
            party.session.handleTimeout(at: MonotonicTime(nanoseconds: 1_000_000_000))
        }
    }
}
