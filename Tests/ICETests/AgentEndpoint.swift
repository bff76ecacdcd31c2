import ICE
import STUN
import SansIO

/// An agent on a virtual network, and a record of what it says.
final class AgentEndpoint: DatagramEndpoint {
    let agent: ICEAgent
    /// Everything but datagrams, with the time of the input that caused it.
    private(set) var events: [(time: MonotonicTime, output: ICEOutput)] = []
    private(set) var sent: [(time: MonotonicTime, message: STUNMessage)] = []
    private var now = MonotonicTime.zero

    init(_ agent: ICEAgent) { self.agent = agent }

    convenience init(
        role: ICERole,
        seed: UInt64,
        hosts: [SocketAddress],
        configuration: ICEConfiguration = ICEConfiguration()
    ) {
        self.init(ICEAgent(configuration: configuration, role: role, random: RandomSource(seed: seed)))
        for host in hosts { agent.addHostCandidate(base: host, at: .zero) }
    }

    var nextTimeout: MonotonicTime? { agent.nextTimeout }

    func handle(
        _ datagram: PacketBuffer,
        from remote: SocketAddress,
        on local: SocketAddress,
        at arrival: MonotonicTime
    ) {
        now = arrival
        _ = agent.handle(stun: datagram.bytes, from: remote, on: local, at: arrival)
    }

    func handleTimeout(at now: MonotonicTime) {
        self.now = now
        agent.handleTimeout(at: now)
    }

    func pollOutput() -> EndpointOutput? {
        while let output = agent.pollOutput() {
            guard case .transmit(let bytes, let base, let remote) = output else {
                events.append((now, output))
                continue
            }
            let buffer = PacketBuffer(bytes)
            if let message = try? STUNMessage(parsing: buffer.bytes) { sent.append((now, message)) }
            return .transmit(buffer, from: base, to: remote)
        }
        return nil
    }

    var states: [ICEState] {
        events.compactMap { if case .state(let state) = $0.output { state } else { nil } }
    }

    var selections: [CandidatePair] {
        events.compactMap {
            if case .selectedPair(let local, let remote) = $0.output { CandidatePair(local, remote) } else { nil }
        }
    }

    /// When the agent first reached a state.
    func time(of state: ICEState) -> MonotonicTime? { events.first { $0.output == .state(state) }?.time }

    struct CandidatePair: Equatable {
        let local: SocketAddress
        let remote: SocketAddress

        init(_ local: SocketAddress, _ remote: SocketAddress) {
            self.local = local
            self.remote = remote
        }
    }

    /// Takes the description of the other agent: credentials and the candidates it has so far.
    func learn(_ other: AgentEndpoint, candidates: Bool = true, at now: MonotonicTime) {
        self.now = now
        agent.setRemote(credentials: other.agent.localCredentials, at: now)
        guard candidates else { return }
        for candidate in other.agent.localCandidates { agent.addRemoteCandidate(candidate, at: now) }
        agent.endOfCandidates(at: now)
    }
}

extension STUNMessage {
    init(parsing bytes: [UInt8]) throws(STUNError) { try self.init(parsing: unsafe bytes.span.bytes) }
}

extension ICEAgent {
    func handle(
        _ bytes: [UInt8],
        from source: SocketAddress,
        on base: SocketAddress,
        at now: MonotonicTime
    ) -> Bool {
        handle(stun: unsafe bytes.span.bytes, from: source, on: base, at: now)
    }
}

/// Addresses of the tests.
enum Place {
    static let left = SocketAddress(ip: .v4(0xC000_0201), port: 1001)
    static let right = SocketAddress(ip: .v4(0xC633_6401), port: 2001)
    static let left6 = SocketAddress(ip: .v6(0x2001_0DB8_0000_0001, 1, scope: 0), port: 1006)
    static let right6 = SocketAddress(ip: .v6(0x2001_0DB8_0000_0002, 2, scope: 0), port: 2006)
    static let inside = SocketAddress(ip: .v4(0x0A00_0002), port: 1001)
    static let publicIP = IPAddress.v4(0xCB00_7109)
    static let server = SocketAddress(ip: .v4(0xC000_02FE), port: 3478)
    static let stranger = SocketAddress(ip: .v4(0xCB00_71FF), port: 6666)
}
