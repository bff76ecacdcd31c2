/// A protection profile, by its code point in DTLS's use_srtp extension (RFC 5764 §4.1.2, RFC 7714 §14.2).
package enum SRTPProfile: UInt16, Sendable, CaseIterable {
    /// AES-128 in counter mode with an 80-bit HMAC-SHA1 tag: what every peer has.
    case aes128CMSHA1With80BitTag = 0x0001
    /// The same with a 32-bit tag on RTP.
    case aes128CMSHA1With32BitTag = 0x0002
    /// AES-128 in Galois/counter mode: four times cheaper here, hence preferred.
    case aeadAES128GCM = 0x0007
    /// AES-256 in Galois/counter mode.
    case aeadAES256GCM = 0x0008

    /// Octets of the master key.
    package var keyLength: Int { self == .aeadAES256GCM ? 32 : 16 }

    /// Octets of the master salt.
    package var saltLength: Int {
        switch self {
        case .aes128CMSHA1With80BitTag, .aes128CMSHA1With32BitTag: 14
        case .aeadAES128GCM, .aeadAES256GCM: 12
        }
    }
}

/// Why a packet was not protected or not accepted.
package enum SRTPError: Error, Hashable, Sendable {
    /// The packet arrived before.
    case replayed
    /// The packet is older than the replay window, so whether it arrived before is unknown.
    case tooOld
    /// The authentication tag is wrong.
    case authenticationFailed
    /// The packet is too short or no RTP or RTCP.
    case malformed
    /// There is no room for the trailer.
    case tooLong
    /// The keying material has the wrong length.
    case keying
    /// Any other status of libsrtp.
    case library(UInt32)
}
