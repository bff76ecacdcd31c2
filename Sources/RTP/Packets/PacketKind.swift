internal import SansIO

/// What a datagram on a multiplexed port carries, told by its first octets (RFC 7983 §7, RFC 5761 §4).
///
///     first octet    0…3   STUN
///                   20…63  DTLS
///                   64…79  TURN channel data
///                  128…191 RTP or RTCP
package enum PacketKind: Hashable, Sendable {
    case stun
    case dtls
    case turnChannel
    case rtp
    case rtcp
    /// Nothing we speak: ZRTP (16…19), unassigned values, or a datagram that is too short to tell.
    case unknown

    /// Sorts a datagram; looks at two octets at most.
    package static func classify(_ bytes: RawSpan) -> PacketKind {
        guard bytes.byteCount >= 2 else { return .unknown }
        switch bytes.byte(at: 0) {
        case 0...3: return .stun
        case 20...63: return .dtls
        case 64...79: return .turnChannel
        case 128...191: return rtcpTypes.contains(bytes.byte(at: 1)) ? .rtcp : .rtp
        default: return .unknown
        }
    }

    /// The second octet of RTCP packets: types 192 to 223, which cost RTP the payload types 64 to 95 (RFC 5761 §4).
    private static let rtcpTypes: ClosedRange<UInt8> = 192...223
}
