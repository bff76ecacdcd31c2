package import MediaTypes
package import SansIO

/// The header of an RTP packet, and where its parts lie in the datagram (RFC 3550 §5.1).
///
///      0                   1                   2                   3
///      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
///     |V=2|P|X|  CC   |M|     PT      |       sequence number         |
///     |                           timestamp                           |
///     |           synchronization source (SSRC) identifier            |
///     |            contributing source (CSRC) identifiers …           |
///
/// Holds offsets instead of slices: it survives decryption in place and can be stored. Parsing allocates nothing.
package struct RTPHeader: Hashable, Sendable {
    package var marker: Bool
    package var payloadType: PayloadType
    package var sequenceNumber: SequenceNumber
    package var timestamp: UInt32
    package var ssrc: SSRC
    /// Number of contributing sources; they start at offset 12.
    package var contributorCount: Int
    /// The header extension, or `nil` where the packet has none.
    package var headerExtension: HeaderExtensionBlock?
    /// Octets before the payload.
    package var headerSize: Int
    /// Octets of payload, without padding.
    package var payloadSize: Int
    /// Octets of padding, its length octet included.
    package var paddingSize: Int

    /// Where the payload lies in the datagram.
    package var payload: Range<Int> { headerSize..<headerSize + payloadSize }

    /// Parses a packet in the clear.
    ///
    /// - Returns: `nil` for another version, a header that does not fit, or padding that is longer than the payload
    ///   (RFC 3550 appendix A.1).
    package init?(parsing bytes: RawSpan) {
        self.init(parsingProtected: bytes)
        guard bytes.byte(at: 0) & Self.paddingBit != 0 else { return }
        guard payloadSize > 0 else { return nil }
        paddingSize = Int(bytes.byte(at: bytes.byteCount - 1))
        guard paddingSize > 0, paddingSize <= payloadSize else { return nil }
        payloadSize -= paddingSize
    }

    /// Parses the header of an SRTP packet, whose padding is still encrypted: the padding counts as payload, as does the
    /// authentication tag (RFC 3711 §3.1).
    package init?(parsingProtected bytes: RawSpan) {
        guard bytes.byteCount >= Self.fixedSize else { return nil }
        let first = bytes.byte(at: 0)
        guard first >> 6 == Self.version else { return nil }
        let second = bytes.byte(at: 1)
        marker = second & Self.markerBit != 0
        payloadType = PayloadType(second)
        sequenceNumber = SequenceNumber(bytes.uint16(at: 2))
        timestamp = bytes.uint32(at: 4)
        ssrc = SSRC(bytes.uint32(at: 8))
        contributorCount = Int(first & 0x0F)
        var offset = Self.fixedSize + 4 * contributorCount
        headerExtension = nil
        if first & Self.extensionBit != 0 {
            guard bytes.byteCount >= offset + 4 else { return nil }
            let length = 4 * Int(bytes.uint16(at: offset + 2))
            let content = offset + 4
            guard bytes.byteCount - content >= length else { return nil }
            headerExtension = HeaderExtensionBlock(
                profile: bytes.uint16(at: offset),
                content: content..<content + length
            )
            offset = content + length
        }
        guard bytes.byteCount >= offset else { return nil }
        headerSize = offset
        payloadSize = bytes.byteCount - offset
        paddingSize = 0
    }

    /// The contributing source at an index below ``contributorCount``.
    package func contributor(at index: Int, in bytes: RawSpan) -> SSRC {
        precondition(index >= 0 && index < contributorCount, "no such contributing source")
        return SSRC(bytes.uint32(at: Self.fixedSize + 4 * index))
    }

    /// Octets before the first CSRC.
    package static let fixedSize = 12
    static let version: UInt8 = 2
    static let paddingBit: UInt8 = 0x20
    static let extensionBit: UInt8 = 0x10
    static let markerBit: UInt8 = 0x80
}
