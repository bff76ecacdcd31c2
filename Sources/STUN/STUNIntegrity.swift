internal import Digests
internal import SansIO

/// Which integrity attribute protects a message.
package enum STUNIntegrityAlgorithm: Sendable, CaseIterable {
    /// MESSAGE-INTEGRITY, what ICE uses (RFC 8489 §14.5).
    case sha1
    /// MESSAGE-INTEGRITY-SHA256 (RFC 8489 §14.6).
    case sha256
}

/// Keys for the integrity attributes.
package enum STUNLongTermKey {
    /// The key of long-term credentials (RFC 8489 §9.2.2, with MD5 as password algorithm).
    ///
    /// - Parameter password: After processing by the OpaqueString profile.
    package static func md5(username: String, realm: String, password: String) -> [UInt8] {
        Digest.md5(Array("\(username):\(realm):\(password)".utf8))
    }
}

/// The checksums at the end of a message, by the offset of their attributes.
struct STUNTrailer: Sendable {
    var sha1: Int?
    var sha256: Int?
    var fingerprint: Int?

    static let sha1Length: UInt16 = 20
    private static let sha256Length: UInt16 = 32
    private static let fingerprintLength: UInt16 = 4
    /// Keeps the CRC apart from those of other protocols: "STUN" in ASCII (RFC 8489 §14.7).
    private static let fingerprintMask: UInt32 = 0x5354_554E

    func integrity(in datagram: RawSpan, key: [UInt8]) -> STUNMessage.Verdict {
        if let sha256 { return verdict(.sha256, at: sha256, in: datagram, key: key) }
        if let sha1 { return verdict(.sha1, at: sha1, in: datagram, key: key) }
        return .absent
    }

    private func verdict(
        _ algorithm: STUNIntegrityAlgorithm,
        at offset: Int,
        in datagram: RawSpan,
        key: [UInt8]
    ) -> STUNMessage.Verdict {
        guard offset + 4 <= datagram.byteCount else { return .invalid }
        let length = Int(datagram.uint16(at: offset + 2))
        guard offset + 4 + length <= datagram.byteCount else { return .invalid }
        // The length field counts up to and including the integrity attribute (RFC 8489 §14.5).
        var prefix = datagram.extracting(0..<offset).copied()
        Self.setLength(of: &prefix, to: offset + 4 + length)
        let expected = Self.mac(algorithm, key: key, prefix)
        guard length <= expected.count else { return .invalid }
        // MESSAGE-INTEGRITY-SHA256 may be truncated (§14.6). No early exit: the time must not tell how much matched.
        var difference: UInt8 = 0
        for index in 0..<length { difference |= expected[index] ^ datagram.byte(at: offset + 4 + index) }
        return difference == 0 ? .valid : .invalid
    }

    func fingerprint(in datagram: RawSpan) -> STUNMessage.Verdict {
        guard let fingerprint else { return .absent }
        guard fingerprint + 8 <= datagram.byteCount else { return .invalid }
        var prefix = datagram.extracting(0..<fingerprint).copied()
        Self.setLength(of: &prefix, to: fingerprint + 8)
        return CRC32.checksum(prefix) ^ Self.fingerprintMask == datagram.uint32(at: fingerprint + 4) ? .valid : .invalid
    }

    static func appendIntegrity(_ algorithm: STUNIntegrityAlgorithm, key: [UInt8], to writer: inout ByteWriter) {
        let length = algorithm == .sha1 ? sha1Length : sha256Length
        let type: STUNAttributeType = algorithm == .sha1 ? .messageIntegrity : .messageIntegritySHA256
        writer.overwrite(UInt16(truncatingIfNeeded: writer.count + 4 + Int(length) - STUNMessage.headerLength), at: 2)
        let mac = mac(algorithm, key: key, writer.bytes)
        writer.write(type.rawValue)
        writer.write(length)
        writer.write(contentsOf: mac)
    }

    static func appendFingerprint(to writer: inout ByteWriter) {
        writer.overwrite(UInt16(truncatingIfNeeded: writer.count + 8 - STUNMessage.headerLength), at: 2)
        let checksum = CRC32.checksum(writer.bytes) ^ fingerprintMask
        writer.write(STUNAttributeType.fingerprint.rawValue)
        writer.write(fingerprintLength)
        writer.write(checksum)
    }

    private static func mac(_ algorithm: STUNIntegrityAlgorithm, key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
        switch algorithm {
        case .sha1: HMAC.sha1(key: key, bytes)
        case .sha256: HMAC.sha256(key: key, bytes)
        }
    }

    /// Makes the length field say that the message ends at `end`.
    private static func setLength(of message: inout [UInt8], to end: Int) {
        let length = UInt16(truncatingIfNeeded: end - STUNMessage.headerLength)
        message[2] = UInt8(truncatingIfNeeded: length >> 8)
        message[3] = UInt8(truncatingIfNeeded: length)
    }
}
