import COpenSSL
import Digests
import SRTP

/// SRTP written down once more on OpenSSL, for packets of rollover counter 0: what libsrtp is held against.
///
/// It is itself checked on the vectors of RFC 3711 appendix B and RFC 7714 §16, which print session keys; libsrtp takes
/// master keys only.
struct ReferenceSRTP {
    let profile: SRTPProfile
    let masterKey: [UInt8]
    let masterSalt: [UInt8]

    enum Label: UInt8 {
        case rtpKey = 0
        case rtpAuthentication = 1
        case rtpSalt = 2
        case rtcpKey = 3
        case rtcpAuthentication = 4
        case rtcpSalt = 5
    }

    /// AES in counter mode over zeros: the keystream (RFC 3711 §4.1.1).
    static func keystream(key: [UInt8], iv: [UInt8], count: Int) -> [UInt8] {
        crypt(key: key, iv: iv, [UInt8](repeating: 0, count: count))
    }

    static func crypt(key: [UInt8], iv: [UInt8], _ text: [UInt8]) -> [UInt8] {
        let context = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        let cipher = unsafe key.count == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr()
        unsafe EVP_EncryptInit_ex(context, cipher, nil, key, iv)
        var output = [UInt8](repeating: 0, count: text.count + 16)
        var length: Int32 = 0
        unsafe EVP_EncryptUpdate(context, &output, &length, text, Int32(text.count))
        return Array(output.prefix(Int(length)))
    }

    /// AES-GCM: ciphertext and 16-octet tag.
    static func seal(key: [UInt8], iv: [UInt8], aad: [UInt8], _ text: [UInt8]) -> [UInt8] {
        let context = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(context) }
        let cipher = unsafe key.count == 32 ? EVP_aes_256_gcm() : EVP_aes_128_gcm()
        unsafe EVP_EncryptInit_ex(context, cipher, nil, key, iv)
        var output = [UInt8](repeating: 0, count: text.count + 16)
        var length: Int32 = 0
        unsafe EVP_EncryptUpdate(context, nil, &length, aad, Int32(aad.count))
        unsafe EVP_EncryptUpdate(context, &output, &length, text, Int32(text.count))
        var rest: Int32 = 0
        unsafe EVP_EncryptFinal_ex(context, nil, &rest)
        var tag = [UInt8](repeating: 0, count: 16)
        unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, &tag)
        return output.prefix(Int(length)) + tag
    }

    /// The key derivation function (RFC 3711 §4.3.3), with a derivation rate of 0.
    func derive(_ label: Label, count: Int) -> [UInt8] {
        // A 12-octet salt of the AEAD profiles is padded on the right (RFC 7714 §11).
        var iv = masterSalt + [UInt8](repeating: 0, count: 16 - masterSalt.count)
        iv[7] ^= label.rawValue
        return Self.keystream(key: masterKey, iv: iv, count: count)
    }

    private var isAEAD: Bool { profile == .aeadAES128GCM || profile == .aeadAES256GCM }

    func protect(rtp packet: [UInt8], headerLength: Int) -> [UInt8] {
        let key = derive(.rtpKey, count: profile.keyLength)
        let salt = derive(.rtpSalt, count: profile.saltLength)
        let header = Array(packet[..<headerLength])
        let payload = Array(packet[headerLength...])
        if isAEAD {
            // RFC 7714 §8.1: 00 00 | SSRC | ROC | SEQ, exclusive-or salt.
            let iv = Self.exclusiveOr([0, 0] + packet[8..<12] + [0, 0, 0, 0] + packet[2..<4], salt)
            return header + Self.seal(key: key, iv: iv, aad: header, payload)
        }
        // RFC 3711 §4.1.1: salt·2¹⁶ ⊕ SSRC·2⁶⁴ ⊕ index·2¹⁶
        let ssrcAndIndex = [0, 0, 0, 0] + packet[8..<12] + [0, 0, 0, 0] + packet[2..<4] + [0, 0]
        let iv = Self.exclusiveOr(salt + [0, 0], ssrcAndIndex)
        let protected = header + Self.crypt(key: key, iv: iv, payload)
        let tag = HMAC.sha1(key: derive(.rtpAuthentication, count: 20), protected + [0, 0, 0, 0])
        return protected + tag.prefix(profile == .aes128CMSHA1With32BitTag ? 4 : 10)
    }

    /// - Parameter index: The SRTCP index; libsrtp counts from 1.
    func protect(rtcp packet: [UInt8], index: UInt32) -> [UInt8] {
        let key = derive(.rtcpKey, count: profile.keyLength)
        let salt = derive(.rtcpSalt, count: profile.saltLength)
        let octets = (0..<4).map { UInt8(truncatingIfNeeded: index >> (24 - 8 * $0)) }
        let trailer = [octets[0] | 0x80] + octets[1...]  // E bit: encrypted
        let header = Array(packet[..<8])
        let payload = Array(packet[8...])
        if isAEAD {
            let iv = Self.exclusiveOr([0, 0] + packet[4..<8] + [0, 0] + octets, salt)
            return header + Self.seal(key: key, iv: iv, aad: header + trailer, payload) + trailer
        }
        let iv = Self.exclusiveOr(salt + [0, 0], [0, 0, 0, 0] + packet[4..<8] + [0, 0] + octets + [0, 0])
        let protected = header + Self.crypt(key: key, iv: iv, payload) + trailer
        // The 32-bit profile keeps the 80-bit tag on RTCP (RFC 5764 §4.1.2).
        return protected + HMAC.sha1(key: derive(.rtcpAuthentication, count: 20), protected).prefix(10)
    }

    static func exclusiveOr(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] { zip(first, second).map { $0 ^ $1 } }
}
