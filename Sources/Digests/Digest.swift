internal import COpenSSL

/// Message digests over OpenSSL.
package enum Digest: Sendable {
    /// 16 octets (RFC 1321); for Digest authentication only.
    case md5
    /// 20 octets.
    case sha1
    /// 32 octets (RFC 6234).
    case sha256
    /// 48 octets.
    case sha384
    /// 64 octets.
    case sha512
    /// 32 octets: SHA-512 with an initial value of its own, truncated (FIPS 180-4).
    case sha512_256

    /// The digest of `bytes`.
    package func callAsFunction(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let status = unsafe EVP_Digest(input, input.count, &output, &length, algorithm, nil)
        precondition(status == 1, "OpenSSL has every digest this program asks for")
        return Array(output.prefix(Int(length)))
    }

    /// The digest of a text's UTF-8, in lower-case hexadecimal, as HTTP Digest authentication wants it.
    package func hex(_ text: String) -> String { Hexadecimal.encode(self(text.utf8)) }

    var algorithm: OpaquePointer? {
        switch self {
        case .md5: unsafe EVP_md5()
        case .sha1: unsafe EVP_sha1()
        case .sha256: unsafe EVP_sha256()
        case .sha384: unsafe EVP_sha384()
        case .sha512: unsafe EVP_sha512()
        case .sha512_256: unsafe EVP_sha512_256()
        }
    }
}

/// Keyed message authentication (RFC 2104).
package enum HMAC {
    /// HMAC-SHA1, 20 octets: STUN's MESSAGE-INTEGRITY.
    package static func sha1(key: [UInt8], _ data: some Sequence<UInt8>) -> [UInt8] {
        code(.sha1, key: key, data: Array(data))
    }

    /// HMAC-SHA256, 32 octets.
    package static func sha256(key: [UInt8], _ data: some Sequence<UInt8>) -> [UInt8] {
        code(.sha256, key: key, data: Array(data))
    }

    private static func code(_ digest: Digest, key: [UInt8], data: [UInt8]) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        let result = unsafe COpenSSL.HMAC(
            digest.algorithm,
            key,
            Int32(key.count),
            data,
            data.count,
            &output,
            &length
        )
        precondition(unsafe result != nil, "OpenSSL has every digest this program asks for")
        return Array(output.prefix(Int(length)))
    }
}

/// Comparison of secrets.
package enum ConstantTime {
    /// Whether two arrays are equal, in a time that depends on their lengths alone.
    package static func equal(_ first: some Collection<UInt8>, _ second: some Collection<UInt8>) -> Bool {
        guard first.count == second.count else { return false }
        var difference: UInt8 = 0
        for (a, b) in zip(first, second) { difference |= a ^ b }
        return difference == 0
    }
}
