internal import COpenSSL

/// Why a DTLS association failed.
package enum DTLSError: Error, Hashable, Sendable {
    /// The handshake did not finish in time.
    case timeout
    /// The peer and we have no SRTP profile in common (RFC 5764 §4.1).
    case noSRTPProfile
    /// The peer sent a fatal alert or something that ends the handshake; OpenSSL's words.
    case handshake(String)
    /// A failure of the library itself.
    case library(String)

    /// The first complaint on OpenSSL's error queue, which is then empty.
    static func drainQueue() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        guard code != 0 else { return "no reason given" }
        var text = [CChar](repeating: 0, count: 256)
        unsafe ERR_error_string_n(code, &text, text.count)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
