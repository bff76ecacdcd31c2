package import DTLS
package import ICE
internal import RTP
package import SRTP
internal import STUN
package import SansIO

/// Why a transport can carry nothing any more.
package enum TransportFailure: Error, Hashable, Sendable {
    /// No pair of addresses works, or the peer has stopped answering.
    case ice(ICEFailure)
    /// The handshake failed.
    case dtls(DTLSError)
    /// The peer's certificate is not the one its description promised (RFC 5763 §5).
    case fingerprintMismatch
    /// The keys that came out of the handshake were not accepted.
    case srtp(SRTPError)
}

/// Where a ``SecureTransport`` stands.
package enum TransportState: Hashable, Sendable {
    /// The peer's description is not known.
    case new
    /// Candidates are tried, or the handshake runs.
    case connecting
    /// Keys are there and the peer is who it said: media flows.
    case connected
    case failed(TransportFailure)
    case closed
}

/// A consequence of a ``SecureTransport``'s inputs.
package enum TransportOutput {
    case transmit(PacketBuffer, from: SocketAddress, to: SocketAddress)
    case route(DatagramRoute)
    case unroute(DatagramRoute)
    /// An RTP packet of the authenticated peer, in the clear.
    case rtp(PacketBuffer, arrival: MonotonicTime)
    /// An RTCP packet of the authenticated peer, in the clear.
    case rtcp(PacketBuffer, arrival: MonotonicTime)
    case state(TransportState)
}

/// What a ``SecureTransport`` has dropped, by cause.
package struct TransportCounters: Equatable, Sendable {
    /// First octets that belong to none of the protocols (RFC 7983).
    package var unknownProtocol = 0
    /// Came from an address that has not proved itself by STUN.
    package var unauthenticatedSource = 0
    /// SRTP that came before the keys and did not fit the queue.
    package var earlyOverflow = 0
    package var replayed = 0
    package var badTag = 0
    package var malformed = 0
    /// Sent while there was no path or no key.
    package var notSent = 0

    package init() {}
}

/// One transport of a call: demultiplexer, ICE, DTLS and SRTP (RFC 5764 §5.1, RFC 7983).
///
/// Engine: `handle…`, then ``pollOutput()`` to `nil`, then sleep until ``nextTimeout``. Checks are answered and the
/// handshake runs before the peer's description is known; what it carries waits for the keys and for the fingerprint.
/// Confined to the call's loop.
package final class SecureTransport {
    package let ice: ICEAgent
    package private(set) var state = TransportState.new
    package private(set) var counters = TransportCounters()

    private let identity: DTLSIdentity
    private let pool: PacketPool
    private var role: DTLSRole?
    private var dtls: DTLSConnection?
    private var remoteFingerprints: [CertificateFingerprint]?
    private var keys: SRTPKeyingMaterial?
    private var sender: SRTPSender?
    private var receiver: SRTPReceiver?
    private var path: (local: SocketAddress, remote: SocketAddress)?
    private var authenticated: Set<SocketAddress> = []
    private var early: [(packet: PacketBuffer, arrival: MonotonicTime)] = []
    private var outputs = OutputQueue<TransportOutput>()

    /// - Parameter random: Must be cryptographic in production: the ICE password is drawn from it.
    package init(identity: DTLSIdentity, iceRole: ICERole, pool: PacketPool, random: RandomSource) {
        self.identity = identity
        self.pool = pool
        ice = ICEAgent(role: iceRole, random: random)
    }

    package func pollOutput() -> TransportOutput? { outputs.popFirst() }

    package var nextTimeout: MonotonicTime? {
        [ice.nextTimeout, dtls?.nextTimeout].compactMap(\.self).min()
    }

    // MARK: - Description

    /// The peer's description is here: whom to expect, and who speaks first.
    package func setRemote(
        credentials: ICECredentials,
        isLite: Bool,
        fingerprints: [CertificateFingerprint],
        role: DTLSRole,
        at now: MonotonicTime
    ) {
        remoteFingerprints = fingerprints
        self.role = role
        outputs.append(.route(.username("\(ice.localCredentials.usernameFragment):\(credentials.usernameFragment)")))
        ice.setRemote(credentials: credentials, isLite: isLite, at: now)
        if state == .new { change(to: .connecting) }
        advance(at: now)
    }

    /// Ends the transport: tells the peer, forgets the keys.
    package func close(at now: MonotonicTime) {
        guard state != .closed else { return }
        dtls?.close(at: now)
        drainDTLS(at: now)
        sender = nil
        receiver = nil
        early = []
        change(to: .closed)
    }

    // MARK: - Inputs

    package func handle(
        _ packet: PacketBuffer,
        from remote: SocketAddress,
        on local: SocketAddress,
        at arrival: MonotonicTime
    ) {
        if state == .closed { return pool.recycle(packet) }
        switch PacketKind.classify(packet.bytes) {
        case .stun:
            _ = ice.handle(stun: packet.bytes, from: remote, on: local, at: arrival)
            pool.recycle(packet)
        case .dtls:
            handleDTLS(packet, from: remote, on: local, at: arrival)
            pool.recycle(packet)
        case .rtp, .rtcp: handleSRTP(packet, from: remote, at: arrival)
        case .turnChannel, .unknown:
            counters.unknownProtocol += 1
            pool.recycle(packet)
        }
        advance(at: arrival)
    }

    package func handleTimeout(at now: MonotonicTime) {
        if state == .closed { return }
        if let due = ice.nextTimeout, due <= now { ice.handleTimeout(at: now) }
        if let due = dtls?.nextTimeout, due <= now { dtls?.handleTimeout(at: now) }
        advance(at: now)
    }

    private func handleDTLS(
        _ packet: PacketBuffer,
        from remote: SocketAddress,
        on local: SocketAddress,
        at now: MonotonicTime
    ) {
        guard authenticated.contains(remote) else {
            counters.unauthenticatedSource += 1
            return
        }
        // Before the peer's description there is no selected pair: answer the way the handshake came.
        path = path ?? (local, remote)
        // A ClientHello may overtake the description that says who is who: its sender is the client, we the server.
        guard let connection = dtls ?? makeDTLS(role ?? .server) else { return }
        connection.handle(packet.bytes, at: now)
    }

    private func handleSRTP(_ packet: PacketBuffer, from remote: SocketAddress, at arrival: MonotonicTime) {
        guard authenticated.contains(remote) else {
            counters.unauthenticatedSource += 1
            return pool.recycle(packet)
        }
        guard receiver != nil, state == .connected else {
            if early.count == Self.earlyLimit {
                counters.earlyOverflow += 1
                pool.recycle(early.removeFirst().packet)
            }
            return early.append((packet, arrival))
        }
        unprotect(packet, at: arrival)
    }

    /// Packets kept until keys and fingerprint are there.
    private static let earlyLimit = 64

    private func unprotect(_ packet: PacketBuffer, at arrival: MonotonicTime) {
        let isControl = PacketKind.classify(packet.bytes) == .rtcp
        do throws(SRTPError) {
            if isControl { try receiver?.unprotectRTCP(packet) } else { try receiver?.unprotect(packet) }
        } catch {
            switch error {
            case .replayed, .tooOld: counters.replayed += 1
            case .authenticationFailed: counters.badTag += 1
            case .malformed, .tooLong, .keying, .library: counters.malformed += 1
            }
            return pool.recycle(packet)
        }
        outputs.append(isControl ? .rtcp(packet, arrival: arrival) : .rtp(packet, arrival: arrival))
    }

    // MARK: - Sending

    /// Protects an RTP packet in place and sends it; false, and counted, while that is impossible.
    ///
    /// - Parameter inspect: Called with the protected packet, for a retransmission buffer.
    @discardableResult
    package func send(rtp packet: PacketBuffer, inspect: (PacketBuffer) -> Void = { _ in }) -> Bool {
        guard state == .connected, let path, sender != nil else { return discard(packet) }
        do throws(SRTPError) { try sender?.protect(packet) } catch { return discard(packet) }
        inspect(packet)
        outputs.append(.transmit(packet, from: path.local, to: path.remote))
        return true
    }

    /// Protects a compound RTCP packet in place and sends it.
    @discardableResult
    package func send(rtcp packet: PacketBuffer) -> Bool {
        guard state == .connected, let path, sender != nil else { return discard(packet) }
        do throws(SRTPError) { try sender?.protectRTCP(packet) } catch { return discard(packet) }
        outputs.append(.transmit(packet, from: path.local, to: path.remote))
        return true
    }

    /// Sends a packet that was protected before, once more.
    package func resend(_ packet: PacketBuffer) {
        guard state == .connected, let path else { return _ = discard(packet) }
        outputs.append(.transmit(packet, from: path.local, to: path.remote))
    }

    private func discard(_ packet: PacketBuffer) -> Bool {
        counters.notSent += 1
        pool.recycle(packet)
        return false
    }

    // MARK: - What follows

    private func advance(at now: MonotonicTime) {
        drainICE(at: now)
        drainDTLS(at: now)
    }

    private func drainICE(at now: MonotonicTime) {
        while let output = ice.pollOutput() {
            switch output {
            case .transmit(let bytes, let local, let remote): transmit(bytes, from: local, to: remote)
            case .selectedPair(let local, let remote):
                path = (local, remote)
                startDTLS(at: now)
            case .pathLearnt(let local, let remote):
                if authenticated.count < Self.pathLimit { authenticated.insert(remote) }
                outputs.append(.route(.path(local: local, remote: remote)))
            case .state(.failed(let failure)): change(to: .failed(.ice(failure)))
            case .state, .candidate, .gatheringComplete: break
            }
        }
    }

    /// Addresses of the peer: its candidates, and a few more that a NAT may show.
    private static let pathLimit = 128

    /// The client begins once there is a path; the server waits for it.
    private func startDTLS(at now: MonotonicTime) {
        guard let role, dtls == nil || role == .client, let connection = dtls ?? makeDTLS(role) else { return }
        connection.start(at: now)
    }

    private func makeDTLS(_ role: DTLSRole) -> DTLSConnection? {
        do throws(DTLSError) {
            dtls = try DTLSConnection(identity: identity, role: role)
        } catch {
            change(to: .failed(.dtls(error)))
        }
        return dtls
    }

    private func drainDTLS(at now: MonotonicTime) {
        while let output = dtls?.pollOutput() {
            switch output {
            case .transmit(let bytes):
                if let path { transmit(bytes, from: path.local, to: path.remote) }
            case .connected(let material): keys = material
            case .failed(let error): change(to: .failed(.dtls(error)))
            case .closed: change(to: .closed)
            }
        }
        connectIfVerified(at: now)
    }

    /// Keys count from the moment the certificate is known to be the promised one (RFC 5763 §5).
    private func connectIfVerified(at now: MonotonicTime) {
        guard state == .connecting, let keys, let remoteFingerprints, let dtls else { return }
        guard dtls.verify(remoteFingerprints) else { return change(to: .failed(.fingerprintMismatch)) }
        guard let profile = SRTPProfile(rawValue: keys.profileID) else {
            return change(to: .failed(.dtls(.noSRTPProfile)))
        }
        do throws(SRTPError) {
            sender = try SRTPSender(profile: profile, keying: keys.local)
            receiver = try SRTPReceiver(profile: profile, keying: keys.remote)
        } catch {
            return change(to: .failed(.srtp(error)))
        }
        self.keys = nil
        change(to: .connected)
        for (packet, arrival) in early { unprotect(packet, at: arrival) }
        early = []
    }

    private func transmit(_ bytes: [UInt8], from local: SocketAddress, to remote: SocketAddress) {
        guard bytes.count <= PacketBuffer.capacity else { return }
        let packet = pool.take()
        for byte in bytes { packet.append(byte) }
        outputs.append(.transmit(packet, from: local, to: remote))
    }

    private func change(to next: TransportState) {
        switch state {
        case .closed, .failed: return  // nothing follows but a new transport
        case .new, .connecting, .connected: break
        }
        guard state != next else { return }
        state = next
        outputs.append(.state(next))
    }
}
