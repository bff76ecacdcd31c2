/// The synchronisation source identifier of an RTP stream (RFC 3550 §3).
public struct SSRC: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bits on the wire.
    public var rawValue: UInt32

    /// Wraps the wire value.
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }

    /// Decimal, as SDP writes it (RFC 5576 §4.1).
    public var description: String { String(rawValue) }
}

/// An RTP payload type, from 0 to 127 (RFC 3550 §5.1).
public struct PayloadType: Hashable, Sendable, CustomStringConvertible {
    /// The seven bits on the wire.
    public var rawValue: UInt8

    /// Wraps the wire value; the marker bit is cut off.
    public init(_ rawValue: UInt8) { self.rawValue = rawValue & 0x7F }

    /// Decimal, as SDP writes it.
    public var description: String { String(rawValue) }
}

/// The identification tag of a media section, `a=mid` (RFC 5888 §4).
public struct MediaID: Hashable, Sendable, CustomStringConvertible {
    /// The token.
    public var rawValue: String

    /// Wraps the token.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// The token.
    public var description: String { rawValue }
}

/// What a media section carries.
public enum MediaKind: String, Hashable, Sendable, CaseIterable {
    /// Sound.
    case audio
    /// Pictures.
    case video
}
