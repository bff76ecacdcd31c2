import DTLS
import SansIO
import Testing

/// Two associations wired back to back; what a datagram suffers on the way is the test's business.
private final class Pair {
    let client: DTLSConnection
    let server: DTLSConnection
    private(set) var clientKeys: SRTPKeyingMaterial?
    private(set) var serverKeys: SRTPKeyingMaterial?
    private(set) var failures: [DTLSError] = []
    private(set) var closed = 0
    private(set) var largestDatagram = 0
    private(set) var now = MonotonicTime.zero
    private var toServer: [[UInt8]] = []
    private var toClient: [[UInt8]] = []

    init(_ clientIdentity: DTLSIdentity, _ serverIdentity: DTLSIdentity, mtu: Int = 1200) throws {
        client = try DTLSConnection(identity: clientIdentity, role: .client, mtu: mtu)
        server = try DTLSConnection(identity: serverIdentity, role: .server, mtu: mtu)
    }

    func start() {
        client.start(at: now)
        server.start(at: now)
        drain()
    }

    func drain() {
        while let output = client.pollOutput() {
            note(output) {
                self.toServer.append($0)
            } connected: {
                self.clientKeys = $0
            }
        }
        while let output = server.pollOutput() {
            note(output) {
                self.toClient.append($0)
            } connected: {
                self.serverKeys = $0
            }
        }
    }

    private func note(
        _ output: DTLSOutput,
        transmit: ([UInt8]) -> Void,
        connected: (SRTPKeyingMaterial) -> Void
    ) {
        switch output {
        case .transmit(let datagram):
            largestDatagram = max(largestDatagram, datagram.count)
            transmit(datagram)
        case .connected(let keys): connected(keys)
        case .failed(let error): failures.append(error)
        case .closed: closed += 1
        }
    }

    /// Delivers what is on the way; `fate` gives the datagrams that arrive in place of one.
    func deliver(fate: ([UInt8]) -> [[UInt8]] = { [$0] }) {
        let (forServer, forClient) = (toServer.flatMap(fate), toClient.flatMap(fate))
        (toServer, toClient) = ([], [])
        for datagram in forServer { unsafe server.handle(datagram.span.bytes, at: now) }
        for datagram in forClient { unsafe client.handle(datagram.span.bytes, at: now) }
        drain()
    }

    var isIdle: Bool { toServer.isEmpty && toClient.isEmpty }
    var isConnected: Bool { clientKeys != nil && serverKeys != nil }

    func run(rounds: Int = 40) {
        start()
        for _ in 0..<rounds where !isConnected || !isIdle { deliver() }
    }

    func timeout(after duration: Duration) {
        now = now + duration
        client.handleTimeout(at: now)
        server.handleTimeout(at: now)
        drain()
    }
}

@Suite("DTLS for SRTP, RFC 5763 and RFC 5764")
struct DTLSTests {
    private static func identity(seed: UInt64 = 1, profiles: String = DTLSIdentity.preferredProfiles) throws
        -> DTLSIdentity
    {
        var random = RandomSource(seed: seed)
        return try DTLSIdentity(wallClock: 1_790_000_000, random: &random, profiles: profiles)
    }

    @Test("gives both sides the same keys, crosswise, and prefers GCM")
    func keys() throws {
        let pair = try Pair(Self.identity(seed: 1), Self.identity(seed: 2))

        pair.run()

        let client = try #require(pair.clientKeys)
        let server = try #require(pair.serverKeys)
        #expect(client.profileID == 0x0007)
        #expect(client.local == server.remote)
        #expect(client.remote == server.local)
        #expect(client.local != client.remote)
        #expect(client.local.exposed.count == 28)
    }

    @Test("verifies the peer by fingerprint, any of several, in any accepted hash")
    func fingerprints() throws {
        let (ours, theirs) = (try Self.identity(seed: 1), try Self.identity(seed: 2))
        let pair = try Pair(ours, theirs)
        #expect(!pair.client.verify([theirs.fingerprint]))

        pair.run()

        #expect(pair.client.verify([theirs.fingerprint]))
        #expect(pair.server.verify([ours.fingerprint]))
        #expect(pair.client.verify([ours.fingerprint, theirs.fingerprint]))
        #expect(!pair.client.verify([ours.fingerprint]))
        #expect(!pair.client.verify([]))
    }

    @Test("settles for counter mode with a peer that has nothing else")
    func counterMode() throws {
        let pair = try Pair(Self.identity(seed: 1), Self.identity(seed: 2, profiles: "SRTP_AES128_CM_SHA1_80"))

        pair.run()

        #expect(pair.clientKeys?.profileID == 0x0001)
        #expect(pair.clientKeys?.local == pair.serverKeys?.remote)
        #expect(pair.clientKeys?.local.exposed.count == 30)
    }

    @Test("fails where no profile is common")
    func noProfile() throws {
        let pair = try Pair(
            Self.identity(seed: 1, profiles: "SRTP_AEAD_AES_256_GCM"),
            Self.identity(seed: 2, profiles: "SRTP_AES128_CM_SHA1_80")
        )

        pair.run()

        #expect(!pair.failures.isEmpty)
        #expect(pair.failures.allSatisfy { $0 == .noSRTPProfile })
    }

    @Test("keeps its datagrams within the MTU", arguments: [256, 600, 1200])
    func mtu(limit: Int) throws {
        let pair = try Pair(Self.identity(seed: 1), Self.identity(seed: 2), mtu: limit)

        pair.run()

        #expect(pair.isConnected)
        #expect(pair.largestDatagram <= limit)
    }

    @Test("survives datagrams that are doubled, or preceded by garbage")
    func disorder() throws {
        let pair = try Pair(Self.identity(seed: 1), Self.identity(seed: 2), mtu: 256)
        var random = SplitMix64(seed: 11)
        pair.start()

        for _ in 0..<60 where !pair.isConnected || !pair.isIdle {
            pair.deliver { datagram in
                let garbage = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
                return [[20] + garbage, datagram, datagram, Array(datagram.dropLast(datagram.count / 2))]
            }
        }

        #expect(pair.isConnected)
        #expect(pair.clientKeys?.local == pair.serverKeys?.remote)
    }

    @Test("asks for its retransmission timer while it waits, and gives up after 30 seconds")
    func timeout() throws {
        let pair = try Pair(Self.identity(seed: 1), Self.identity(seed: 2))
        pair.start()
        pair.deliver { _ in [] }
        let due = try #require(pair.client.nextTimeout)

        #expect(due > pair.now)
        #expect(due <= pair.now + .milliseconds(60))
        pair.timeout(after: .seconds(31))
        #expect(pair.failures == [.timeout, .timeout])
        #expect(pair.client.nextTimeout == nil)
    }

    @Test("tells the peer when it is closed")
    func close() throws {
        let pair = try Pair(Self.identity(seed: 1), Self.identity(seed: 2))
        pair.run()

        pair.client.close(at: pair.now)
        pair.drain()
        pair.deliver()

        #expect(pair.closed == 1)
    }

    @Test("leaves nothing behind after two hundred handshakes")
    func leaks() throws {
        let (ours, theirs) = (try Self.identity(seed: 1), try Self.identity(seed: 2))
        weak var last: DTLSConnection?
        for _ in 0..<200 {
            let pair = try Pair(ours, theirs)
            pair.run()
            #expect(pair.isConnected)
            last = pair.client
        }

        #expect(last == nil)
    }

    @Test("prints a fingerprint that it reads again, and refuses weak hashes and wrong lengths")
    func fingerprintText() throws {
        let fingerprint = try Self.identity().fingerprint

        #expect(CertificateFingerprint(fingerprint.description) == fingerprint)
        #expect(CertificateFingerprint(fingerprint.description.lowercased()) == fingerprint)
        #expect(CertificateFingerprint("sha-1 00:11") == nil)
        #expect(CertificateFingerprint("sha-256 00:11") == nil)
        #expect(CertificateFingerprint("sha-256") == nil)
    }
}
