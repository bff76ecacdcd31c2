internal import Glibc
internal import STUN
internal import SansIO

@testable import NetworkDriver

/// A datagram as a test sees it.
struct Received: Sendable, Equatable {
    let bytes: [UInt8]
    let remote: SocketAddress
    let local: SocketAddress
    let arrival: MonotonicTime
}

/// Answers STUN, learns the path from it, and sends everything else back to where it came from.
final class EchoEndpoint: DatagramEndpoint {
    let localAddresses: [SocketAddress]
    private var output = OutputQueue<EndpointOutput>()
    private(set) var received: [Received] = []
    /// Every thread that has called this endpoint.
    private(set) var threads: Set<UInt> = []

    init(_ context: EndpointContext, username: String? = nil) {
        localAddresses = context.localAddresses
        if let username { output.append(.route(.username(username))) }
    }

    func handle(
        _ datagram: PacketBuffer,
        from remote: SocketAddress,
        on local: SocketAddress,
        at arrival: MonotonicTime
    ) {
        threads.insert(pthread_self())
        received.append(Received(bytes: datagram.bytes.copied(), remote: remote, local: local, arrival: arrival))
        guard let message = try? STUNMessage(parsing: datagram.bytes) else {
            output.append(.transmit(datagram, from: local, to: remote))
            return
        }
        guard message.messageClass == .request else { return }
        output.append(.route(.path(local: local, remote: remote)))
        let response = STUNMessage(.successResponse, transactionID: message.transactionID)
        output.append(.transmit(PacketBuffer(response.encoded()), from: local, to: remote))
    }

    func transmit(_ bytes: [UInt8], from local: SocketAddress, to remote: SocketAddress) {
        output.append(.transmit(PacketBuffer(bytes), from: local, to: remote))
    }

    func forget(_ route: DatagramRoute) { output.append(.unroute(route)) }

    func handleTimeout(at now: MonotonicTime) { threads.insert(pthread_self()) }

    var nextTimeout: MonotonicTime? { nil }

    func pollOutput() -> EndpointOutput? { output.popFirst() }
}

/// Hands what it receives to a test, and sends what the test asks for; fires a timer when told to.
final class ProbeEndpoint: DatagramEndpoint {
    let localAddresses: [SocketAddress]
    private let inbox: AsyncStream<Received>.Continuation
    private var output = OutputQueue<EndpointOutput>()
    /// Deadlines still to come, and the times at which they were served.
    var deadlines: [MonotonicTime] = []
    private(set) var fired: [MonotonicTime] = []
    private let timeouts: AsyncStream<MonotonicTime>.Continuation?

    init(
        _ context: EndpointContext,
        inbox: AsyncStream<Received>.Continuation,
        timeouts: AsyncStream<MonotonicTime>.Continuation? = nil
    ) {
        localAddresses = context.localAddresses
        self.inbox = inbox
        self.timeouts = timeouts
    }

    func handle(
        _ datagram: PacketBuffer,
        from remote: SocketAddress,
        on local: SocketAddress,
        at arrival: MonotonicTime
    ) {
        inbox.yield(Received(bytes: datagram.bytes.copied(), remote: remote, local: local, arrival: arrival))
    }

    func transmit(_ bytes: [UInt8], to remote: SocketAddress) {
        guard let local = localAddresses.first(where: { $0.ip.isIPv6 == remote.ip.isIPv6 }) else { return }
        output.append(.transmit(PacketBuffer(bytes), from: local, to: remote))
    }

    func handleTimeout(at now: MonotonicTime) {
        while let deadline = deadlines.first, deadline <= now {
            deadlines.removeFirst()
            fired.append(now)
            timeouts?.yield(now)
        }
    }

    var nextTimeout: MonotonicTime? { deadlines.first }

    func pollOutput() -> EndpointOutput? { output.popFirst() }
}

/// A probe on a loop, from the test's side.
struct Probe {
    let loop: MediaLoop<ProbeEndpoint>
    let id: EndpointID
    let addresses: [SocketAddress]
    private var iterator: AsyncStream<Received>.Iterator

    init(on loop: MediaLoop<ProbeEndpoint>) async throws {
        let (stream, inbox) = AsyncStream.makeStream(of: Received.self)
        self.loop = loop
        id = try await loop.addEndpoint(sockets: .own) { ProbeEndpoint($0, inbox: inbox) }
        addresses = try await loop.withEndpoint(id) { endpoint, _ in endpoint.localAddresses }
        iterator = stream.makeAsyncIterator()
    }

    func send(_ bytes: [UInt8], to remote: SocketAddress) async throws {
        try await loop.withEndpoint(id) { endpoint, _ in endpoint.transmit(bytes, to: remote) }
    }

    func send(_ packets: [[UInt8]], to remote: SocketAddress) async throws {
        try await loop.withEndpoint(id) { endpoint, _ in
            for packet in packets { endpoint.transmit(packet, to: remote) }
        }
    }

    mutating func next() async -> Received? { await iterator.next(isolation: #isolation) }
}

/// A connectivity check as far as a router sees it.
func bindingRequest(username: String, seed: UInt64) -> [UInt8] {
    var random = RandomSource(seed: seed)
    return STUNMessage(
        .request,
        transactionID: STUNTransactionID(random: &random),
        attributes: [.username(username)]
    ).encoded()
}

extension MediaLoopConfiguration {
    /// Loopback only, with a short tick.
    static func loopback(ipv6: Bool = false, tick: Duration = .milliseconds(1)) -> MediaLoopConfiguration {
        MediaLoopConfiguration(
            tick: tick,
            localAddresses: .fixed([ipv6 ? .v6(0, 1, scope: 0) : .v4(0x7F00_0001)])
        )
    }
}

/// Runs `body` with a loop for endpoints under test and one for their peers, and shuts both down.
func withLoops(
    _ configuration: MediaLoopConfiguration = .loopback(),
    _ body: (MediaLoop<EchoEndpoint>, MediaLoop<ProbeEndpoint>) async throws -> Void
) async throws {
    let loop = try MediaLoop<EchoEndpoint>(configuration: configuration)
    let peers = try MediaLoop<ProbeEndpoint>(configuration: configuration, name: "peers")
    do {
        try await body(loop, peers)
    } catch {
        await loop.shutDown()
        await peers.shutDown()
        throw error
    }
    await loop.shutDown()
    await peers.shutDown()
}
