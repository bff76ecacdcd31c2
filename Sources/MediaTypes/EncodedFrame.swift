public import SansIO

/// One encoded frame: an Opus packet or a whole VP8 picture, as it leaves an encoder or a depacketiser.
public struct EncodedFrame: Sendable, Equatable {
    /// The codec that reads it.
    public var codec: CodecKind
    /// The codec's bitstream.
    public var payload: [UInt8]
    /// Presentation time on the stream's RTP clock (48 kHz for Opus, 90 kHz for video), extended beyond 32 bits.
    public var timestamp: Int64
    /// For video, whether a decoder can start here; true for audio.
    public var isKeyFrame: Bool
    /// When its last packet arrived, or when it was captured; `nil` where neither means anything.
    public var time: MonotonicTime?

    /// Creates a frame.
    public init(
        codec: CodecKind,
        payload: [UInt8],
        timestamp: Int64,
        isKeyFrame: Bool = true,
        time: MonotonicTime? = nil
    ) {
        self.codec = codec
        self.payload = payload
        self.timestamp = timestamp
        self.isKeyFrame = isKeyFrame
        self.time = time
    }
}

/// The codecs the media path knows, by the name SDP gives them.
public enum CodecKind: String, Hashable, Sendable, CaseIterable {
    /// Opus (RFC 6716), 48 kHz RTP clock.
    case opus
    /// VP8 (RFC 6386), 90 kHz RTP clock.
    case vp8
    /// G.711 µ-law, 8 kHz RTP clock.
    case pcmu
    /// G.711 A-law, 8 kHz RTP clock.
    case pcma

    /// Whether it carries sound or pictures.
    public var mediaKind: MediaKind { self == .vp8 ? .video : .audio }

    /// Ticks per second of the RTP clock.
    public var clockRate: Int {
        switch self {
        case .opus: 48_000
        case .vp8: 90_000
        case .pcmu, .pcma: 8_000
        }
    }

    /// The encoding name in `a=rtpmap`, in its usual spelling; compared without regard to case.
    public var encodingName: String {
        switch self {
        case .opus: "opus"
        case .vp8: "VP8"
        case .pcmu: "PCMU"
        case .pcma: "PCMA"
        }
    }
}
