internal import SansIO

/// The digest of a certificate, as `a=fingerprint` carries it (RFC 8122 §5).
package struct CertificateFingerprint: Hashable, Sendable {
    /// The hash functions accepted; SHA-1 and MD5 are not (RFC 8122 §5 asks for SHA-256 or stronger).
    package enum Algorithm: String, Hashable, Sendable, CaseIterable {
        case sha256 = "sha-256"
        case sha384 = "sha-384"
        case sha512 = "sha-512"

        /// Octets of the digest.
        package var length: Int {
            switch self {
            case .sha256: 32
            case .sha384: 48
            case .sha512: 64
            }
        }
    }

    package var algorithm: Algorithm
    package var bytes: [UInt8]

    package init(algorithm: Algorithm, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = bytes
    }
}

extension CertificateFingerprint: LosslessStringConvertible {
    /// Parses `sha-256 AB:CD:…`, in either case; `nil` for an algorithm that is not accepted or a wrong length.
    package init?(_ description: String) {
        let parts = description.split(separator: " ")
        guard parts.count == 2, let algorithm = Algorithm(rawValue: parts[0].lowercased()) else { return nil }
        var bytes: [UInt8] = []
        for pair in parts[1].split(separator: ":", omittingEmptySubsequences: false) {
            guard pair.utf8.count == 2, pair.allSatisfy(\.isHexDigit), let byte = UInt8(pair, radix: 16) else {
                return nil
            }
            bytes.append(byte)
        }
        guard bytes.count == algorithm.length else { return nil }
        self.init(algorithm: algorithm, bytes: bytes)
    }

    /// `sha-256 AB:CD:…` in upper case.
    package var description: String {
        let pairs = bytes.map { byte in
            let hex = String(byte, radix: 16, uppercase: true)
            return hex.utf8.count == 1 ? "0" + hex : hex
        }
        return "\(algorithm.rawValue) \(pairs.joined(separator: ":"))"
    }
}
