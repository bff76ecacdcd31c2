internal import COpenSSL
package import SansIO

/// Who speaks first: `a=setup:active` is the client (RFC 5763 §5).
package enum DTLSRole: Sendable {
    case client, server
}

/// The keys of an SRTP session, out of the handshake (RFC 5764 §4.2).
package struct SRTPKeyingMaterial: Sendable, Equatable {
    /// Code point of the protection profile (RFC 5764 §4.1.2).
    package var profileID: UInt16
    /// Master key, then salt, for what we send.
    package var local: Redacted<[UInt8]>
    /// Master key, then salt, for what the peer sends.
    package var remote: Redacted<[UInt8]>
}

/// A consequence of a ``DTLSConnection``'s inputs.
package enum DTLSOutput: Sendable {
    /// Send the datagram to the peer.
    case transmit([UInt8])
    /// The handshake is done; the peer's certificate is not verified by this: see ``DTLSConnection/verify(_:)``.
    case connected(SRTPKeyingMaterial)
    /// It is over, and why.
    case failed(DTLSError)
    /// The peer closed the association in order.
    case closed
}

/// One DTLS 1.2 association for SRTP (RFC 5763, RFC 5764), over OpenSSL.
///
/// Sans-IO but for one thing: OpenSSL reads the monotonic clock itself to run its retransmission timer (50 ms, doubling
/// to 3 s), so ``nextTimeout`` is what OpenSSL says is left, counted from the `now` of the last input. Keep handing in
/// datagrams after the handshake: the peer repeats its last flight until it has ours. Confined to the call's loop.
@safe package final class DTLSConnection {
    private enum State: Equatable { case idle, handshaking(deadline: MonotonicTime), connected, ended }

    private let ssl: OpaquePointer
    private let bio: DatagramBIO
    private let identity: DTLSIdentity
    private let role: DTLSRole
    private var state = State.idle
    private var outputs = OutputQueue<DTLSOutput>()
    /// When OpenSSL's retransmission timer fires.
    private var retransmission: MonotonicTime?

    /// - Parameters:
    ///   - mtu: Octets a datagram may have, IP and UDP headers not counted.
    ///   - role: Client or server of the handshake.
    package init(identity: DTLSIdentity, role: DTLSRole, mtu: Int = 1200) throws(DTLSError) {
        ERR_clear_error()
        let bio = DatagramBIO(mtu: mtu)
        guard let ssl = unsafe SSL_new(identity.context) else { throw .library(DTLSError.drainQueue()) }
        guard let handle = unsafe bio.makeHandle() else {
            unsafe SSL_free(ssl)
            throw .library(DTLSError.drainQueue())
        }
        unsafe SSL_set_bio(ssl, handle, handle)  // SSL_free frees it
        unsafe DTLS_set_timer_cb(ssl) { _, last in last == 0 ? 50_000 : min(2 * last, 3_000_000) }
        _ = unsafe offhook_DTLS_set_link_mtu(ssl, mtu + DatagramBIO.headerOverhead)
        switch role {
        case .client: unsafe SSL_set_connect_state(ssl)
        case .server: unsafe SSL_set_accept_state(ssl)
        }
        unsafe self.ssl = ssl
        self.bio = bio
        self.identity = identity
        self.role = role
    }

    deinit { unsafe SSL_free(ssl) }

    /// Begins the handshake; a client sends its first flight.
    package func start(at now: MonotonicTime) {
        guard state == .idle else { return }
        state = .handshaking(deadline: now + Self.handshakeTimeout)
        advance(at: now)
    }

    /// Takes one datagram of the peer; anything that is no DTLS is dropped by OpenSSL.
    package func handle(_ datagram: RawSpan, at now: MonotonicTime) {
        switch state {
        case .ended: return
        case .idle: start(at: now)
        case .handshaking, .connected: break
        }
        bio.receive(datagram.copied())
        advance(at: now)
    }

    package func handleTimeout(at now: MonotonicTime) {
        guard case .handshaking(let deadline) = state else { return }
        guard now < deadline else { return fail(.timeout) }
        guard let due = retransmission, due <= now else { return }
        ERR_clear_error()
        if unsafe offhook_DTLSv1_handle_timeout(ssl) < 0 {
            fail(.handshake(DTLSError.drainQueue()))
        }
        flush(at: now)
    }

    package var nextTimeout: MonotonicTime? {
        guard case .handshaking(let deadline) = state else { return nil }
        return retransmission.map { min($0, deadline) } ?? deadline
    }

    package func pollOutput() -> DTLSOutput? { outputs.popFirst() }

    /// Says goodbye to the peer (close_notify) and ends the association.
    package func close(at now: MonotonicTime) {
        guard state == .connected else {
            state = .ended
            return
        }
        ERR_clear_error()
        _ = unsafe SSL_shutdown(ssl)
        state = .ended
        flush(at: now)
    }

    /// Whether the peer's certificate has one of these fingerprints; false before the peer has shown one.
    ///
    /// Callable when the description comes, which may be after the handshake (RFC 5763 §6.1).
    package func verify(_ fingerprints: [CertificateFingerprint]) -> Bool {
        guard let certificate = unsafe SSL_get0_peer_certificate(ssl) else { return false }
        let der = unsafe DTLSIdentity.der(certificate)
        return fingerprints.contains { DTLSIdentity.fingerprint(of: der, $0.algorithm) == $0 }
    }

    // MARK: - OpenSSL

    private func advance(at now: MonotonicTime) {
        ERR_clear_error()
        switch state {
        case .handshaking:
            let status = unsafe SSL_do_handshake(ssl)
            if status == 1 {
                finishHandshake()
            } else {
                note(unsafe SSL_get_error(ssl, status))
            }
        case .connected:
            // Application data over DTLS is none of ours; reading drives retransmission and alerts.
            var scratch = [UInt8](repeating: 0, count: 2048)
            let status = unsafe SSL_read(ssl, &scratch, Int32(scratch.count))
            if status <= 0 { note(unsafe SSL_get_error(ssl, status)) }
        case .idle, .ended: break
        }
        flush(at: now)
    }

    private func note(_ error: Int32) {
        switch error {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE, SSL_ERROR_NONE: break
        case SSL_ERROR_ZERO_RETURN:
            state = .ended
            outputs.append(.closed)
        default: fail(.handshake(DTLSError.drainQueue()))
        }
    }

    private func fail(_ error: DTLSError) {
        guard state != .ended else { return }
        state = .ended
        outputs.append(.failed(error))
    }

    private func flush(at now: MonotonicTime) {
        for datagram in bio.takeOutgoing() { outputs.append(.transmit(datagram)) }
        let left = unsafe offhook_DTLSv1_timeout_microseconds(ssl)
        // Rounded up by a millisecond, or OpenSSL's clock may find the timer not yet due.
        retransmission = left >= 0 ? now + .microseconds(left) + .milliseconds(1) : nil
    }

    private func finishHandshake() {
        guard let profile = unsafe SSL_get_selected_srtp_profile(ssl) else { return fail(.noSRTPProfile) }
        let id = UInt16(truncatingIfNeeded: unsafe profile.pointee.id)
        guard let (keyLength, saltLength) = Self.lengths(ofProfile: id) else { return fail(.noSRTPProfile) }
        let total = 2 * (keyLength + saltLength)
        var material = [UInt8](repeating: 0, count: total)
        let label = "EXTRACTOR-dtls_srtp"
        let status = unsafe SSL_export_keying_material(ssl, &material, total, label, label.utf8.count, nil, 0, 0)
        guard status == 1 else { return fail(.library(DTLSError.drainQueue())) }
        // client key, server key, client salt, server salt (RFC 5764 §4.2)
        let salts = material[(2 * keyLength)...]
        let client = Array(material[..<keyLength] + salts.prefix(saltLength))
        let server = Array(material[keyLength..<2 * keyLength] + salts.dropFirst(saltLength))
        state = .connected
        outputs.append(
            .connected(
                SRTPKeyingMaterial(
                    profileID: id,
                    local: Redacted(role == .client ? client : server),
                    remote: Redacted(role == .client ? server : client)
                )
            )
        )
    }

    /// Octets of master key and salt (RFC 5764 §4.1.2, RFC 7714 §12).
    private static func lengths(ofProfile id: UInt16) -> (key: Int, salt: Int)? {
        switch id {
        case 0x0001, 0x0002: (16, 14)
        case 0x0007: (16, 12)
        case 0x0008: (32, 12)
        default: nil
        }
    }

    /// As long as ICE would keep trying; a browser gives up after about the same time.
    private static let handshakeTimeout = Duration.seconds(30)
}

/// The version of OpenSSL, for `--version`.
package func openSSLVersion() -> String {
    unsafe String(cString: offhook_openssl_version())
}
