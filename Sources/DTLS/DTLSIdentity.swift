internal import COpenSSL
internal import Digests
package import SansIO

/// A private key, its self-signed certificate and the OpenSSL context made of them: one for each user agent.
///
/// Making a context for each call costs half as much again as the handshake itself.
///
/// `@unchecked Sendable`: all stored properties are constant after `init`; OpenSSL counts references to an `SSL_CTX`
/// atomically and locks what connections of different threads share in it.
@safe package final class DTLSIdentity: @unchecked Sendable {
    let context: OpaquePointer
    private let certificateDER: [UInt8]

    /// Makes a P-256 key and a certificate for it.
    ///
    /// - Parameters:
    ///   - wallClock: Seconds since the Unix epoch; the certificate is valid from a day before for 30 days.
    ///   - random: For the serial number; the key comes from OpenSSL's own generator.
    ///   - profiles: use_srtp code points in order of preference, by OpenSSL's names.
    package init(
        wallClock: Int64,
        random: inout RandomSource,
        profiles: String = DTLSIdentity.preferredProfiles
    ) throws(DTLSError) {
        ERR_clear_error()
        guard let key = unsafe offhook_EVP_P256_key() else { throw .library(DTLSError.drainQueue()) }
        defer { unsafe EVP_PKEY_free(key) }
        guard let certificate = unsafe X509_new() else { throw .library(DTLSError.drainQueue()) }
        defer { unsafe X509_free(certificate) }
        let day: Int64 = 86_400
        let name = unsafe X509_get_subject_name(certificate)
        let serial = Int64(random.next() >> 2) + 1
        // X.509 version 3 is written as 2.
        guard unsafe X509_set_version(certificate, 2) == 1,
            unsafe ASN1_INTEGER_set_int64(X509_get_serialNumber(certificate), serial) == 1,
            unsafe ASN1_TIME_set(X509_getm_notBefore(certificate), Int(wallClock - day)) != nil,
            unsafe ASN1_TIME_set(X509_getm_notAfter(certificate), Int(wallClock + 30 * day)) != nil,
            unsafe X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, "WebRTC", -1, -1, 0) == 1,
            unsafe X509_set_issuer_name(certificate, name) == 1,
            unsafe X509_set_pubkey(certificate, key) == 1,
            unsafe X509_sign(certificate, key, EVP_sha256()) > 0
        else { throw .library(DTLSError.drainQueue()) }
        guard let context = unsafe SSL_CTX_new(DTLS_method()) else { throw .library(DTLSError.drainQueue()) }
        guard unsafe offhook_SSL_CTX_set_dtls12_only(context) == 1,
            unsafe SSL_CTX_use_certificate(context, certificate) == 1,
            unsafe SSL_CTX_use_PrivateKey(context, key) == 1,
            unsafe SSL_CTX_set_cipher_list(context, Self.ciphers) == 1,
            unsafe SSL_CTX_set_tlsext_use_srtp(context, profiles) == 0  // 0 is success here
        else {
            unsafe SSL_CTX_free(context)
            throw .library(DTLSError.drainQueue())
        }
        unsafe offhook_SSL_CTX_set_datagram_options(context)
        // Any certificate passes: the fingerprint in the description decides (RFC 5763 §5), and that may come later.
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT) { _, _ in 1 }
        unsafe self.context = context
        certificateDER = unsafe DTLSIdentity.der(certificate)
    }

    deinit { unsafe SSL_CTX_free(context) }

    /// The fingerprint for `a=fingerprint`.
    package var fingerprint: CertificateFingerprint { Self.fingerprint(of: certificateDER, .sha256) }

    /// GCM first: on this libsrtp it costs a quarter of counter mode.
    package static let preferredProfiles = "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"

    /// Forward secrecy and authenticated encryption only (RFC 8827 §6.5).
    private static let ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20"

    static func fingerprint(of der: [UInt8], _ algorithm: CertificateFingerprint.Algorithm) -> CertificateFingerprint {
        let digest: Digest =
            switch algorithm {
            case .sha256: .sha256
            case .sha384: .sha384
            case .sha512: .sha512
            }
        return CertificateFingerprint(algorithm: algorithm, bytes: digest(der))
    }

    static func der(_ certificate: OpaquePointer) -> [UInt8] {
        let length = unsafe i2d_X509(certificate, nil)
        guard length > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: Int(length))
        unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            var cursor = buffer.baseAddress
            _ = unsafe i2d_X509(certificate, &cursor)
        }
        return bytes
    }
}
