public import MediaTypes

/// One media section: an `m=` line and what follows it (RFC 8866 §5.14).
public struct MediaDescription: Equatable, Sendable, AttributeContainer {
    /// What the section carries.
    public var kind: Kind
    /// The transport port; 0 rejects the section or removes it, unless it is bundle-only.
    public var port: UInt16
    /// Number of consecutive ports, where the line gives one.
    public var portCount: Int?
    /// The transport.
    public var proto: TransportProtocol
    /// Payload types for RTP, otherwise what the transport defines.
    public var formats: [String]
    /// The section's addresses; empty when the session's applies.
    public var connections: [ConnectionAddress]
    /// Bandwidth limits.
    public var bandwidths: [Bandwidth]
    /// Attributes, in order.
    public var attributes: [SDPAttribute]
    /// Lines that have no property here, unknown ones included.
    public var otherLines: [SDPLine]

    /// Creates a media section.
    public init(
        kind: Kind,
        port: UInt16,
        portCount: Int? = nil,
        proto: TransportProtocol,
        formats: [String] = [],
        connections: [ConnectionAddress] = [],
        attributes: [SDPAttribute] = []
    ) {
        self.kind = kind
        self.port = port
        self.portCount = portCount
        self.proto = proto
        self.formats = formats
        self.connections = connections
        bandwidths = []
        self.attributes = attributes
        otherLines = []
    }

    /// Whether the section is refused or removed: port 0 without `a=bundle-only` (RFC 3264 §6, RFC 9143 §6).
    public var isRejected: Bool { port == 0 && !isBundleOnly }

    /// The formats that are payload types.
    public var payloadTypes: [PayloadType] {
        formats.compactMap { decimal($0, as: UInt8.self) }.filter { $0 < 128 }.map { PayloadType($0) }
    }

    /// The media types registered for `m=` (RFC 8866 §8.2.2).
    public enum Kind: Hashable, Sendable, CustomStringConvertible {
        /// Sound.
        case audio
        /// Pictures.
        case video
        /// Data channels and the like.
        case application
        /// Real-time text.
        case text
        /// Fax.
        case image
        /// MSRP.
        case message
        /// Anything else.
        case other(String)

        /// Reads the token.
        public init(_ token: String) {
            switch token.lowercased() {
            case "audio": self = .audio
            case "video": self = .video
            case "application": self = .application
            case "text": self = .text
            case "image": self = .image
            case "message": self = .message
            default: self = .other(token)
            }
        }

        /// The token.
        public var description: String {
            switch self {
            case .audio: "audio"
            case .video: "video"
            case .application: "application"
            case .text: "text"
            case .image: "image"
            case .message: "message"
            case .other(let token): token
            }
        }

        /// What the media path calls it; `nil` for what that does not carry.
        public var mediaKind: MediaKind? {
            switch self {
            case .audio: .audio
            case .video: .video
            case .application, .text, .image, .message, .other: nil
            }
        }
    }
}

/// The transport of a media section, such as `UDP/TLS/RTP/SAVPF`.
public struct TransportProtocol: Hashable, Sendable, CustomStringConvertible {
    /// The token as written.
    public var rawValue: String

    /// Wraps the token.
    public init(_ rawValue: String) { self.rawValue = rawValue }

    /// SRTP keyed by DTLS, with RTCP feedback (RFC 5764): what WebRTC uses.
    public static let udpTLSRTPSAVPF = TransportProtocol("UDP/TLS/RTP/SAVPF")
    /// Plain RTP (RFC 3551).
    public static let rtpAVP = TransportProtocol("RTP/AVP")
    /// SRTP (RFC 3711).
    public static let rtpSAVP = TransportProtocol("RTP/SAVP")
    /// SRTP with RTCP feedback (RFC 5124).
    public static let rtpSAVPF = TransportProtocol("RTP/SAVPF")

    /// Whether the stream is RTP keyed by DTLS, over UDP or TCP.
    ///
    /// With fingerprints, `RTP/SAVPF` and `RTP/SAVP` mean the same, and must be accepted (RFC 9429 §5.1.2).
    public var isDTLSSRTP: Bool {
        [
            "UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "TCP/DTLS/RTP/SAVPF", "TCP/DTLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP",
        ].contains(rawValue.uppercased())
    }

    /// Whether payload types stand in the format list.
    public var isRTP: Bool { rawValue.uppercased().split(separator: "/").contains("RTP") }

    /// The token.
    public var description: String { rawValue }
}
