public import MediaTypes

/// A payload format that can be sent and received, and how to offer it.
public struct CodecCapability: Equatable, Sendable {
    /// What the payload is.
    public var format: PayloadFormat
    /// The payload type to offer; an answer keeps the offerer's.
    public var payloadType: PayloadType
    /// The payload type to offer for retransmissions (RFC 4588); `nil` when they are not supported.
    public var retransmission: PayloadType?
    /// Parameters to offer or to answer with.
    public var parameters: FormatParameters?
    /// Feedback that is understood.
    public var feedback: [RTCPFeedback.Kind]

    /// Creates a capability.
    public init(
        _ format: PayloadFormat,
        payloadType: PayloadType,
        retransmission: PayloadType? = nil,
        parameters: FormatParameters? = nil,
        feedback: [RTCPFeedback.Kind] = []
    ) {
        self.format = format
        self.payloadType = payloadType
        self.retransmission = retransmission
        self.parameters = parameters
        self.feedback = feedback
    }
}

/// What a payload type stands for.
public enum PayloadFormat: Hashable, Sendable {
    /// Encoded sound or pictures.
    case codec(CodecKind)
    /// DTMF digits on the clock of an audio codec (RFC 4733).
    case telephoneEvent(clockRate: Int)

    /// The encoding name in `a=rtpmap`.
    public var encodingName: String {
        switch self {
        case .codec(let codec): codec.encodingName
        case .telephoneEvent: "telephone-event"
        }
    }

    /// Ticks per second of the RTP clock.
    public var clockRate: Int {
        switch self {
        case .codec(let codec): codec.clockRate
        case .telephoneEvent(let clockRate): clockRate
        }
    }

    /// The channel count that `a=rtpmap` names; always 2 for Opus (RFC 7587 §7).
    public var channels: Int? { self == .codec(.opus) ? 2 : nil }

    /// The media it belongs to.
    public var mediaKind: MediaKind {
        switch self {
        case .codec(let codec): codec.mediaKind
        case .telephoneEvent: .audio
        }
    }

    /// Whether a mapping from a description means this format.
    ///
    /// Names are compared without regard to case, and one channel is what no number means (RFC 8866 §6.6). Opus without
    /// its `/2` is taken for what it must be.
    public func matches(_ map: RTPMap) -> Bool {
        guard map.encodingName.lowercased() == encodingName.lowercased(), map.clockRate == clockRate else {
            return false
        }
        return map.channels == nil || map.channels == channels ?? 1
    }
}

/// A payload format that both sides have, under the offerer's payload type.
public struct NegotiatedCodec: Equatable, Sendable {
    /// What the payload is.
    public var format: PayloadFormat
    /// The payload type, for both directions.
    public var payloadType: PayloadType
    /// The payload type of its retransmissions, when both sides have them.
    public var retransmission: PayloadType?
    /// What the other side wrote: how it wants to receive.
    public var remoteParameters: FormatParameters?
    /// What we answer with: how we want to receive.
    public var localParameters: FormatParameters?
    /// Feedback that both sides understand.
    public var feedback: [RTCPFeedback.Kind]

    /// Creates a result.
    public init(
        format: PayloadFormat,
        payloadType: PayloadType,
        retransmission: PayloadType? = nil,
        remoteParameters: FormatParameters? = nil,
        localParameters: FormatParameters? = nil,
        feedback: [RTCPFeedback.Kind] = []
    ) {
        self.format = format
        self.payloadType = payloadType
        self.retransmission = retransmission
        self.remoteParameters = remoteParameters
        self.localParameters = localParameters
        self.feedback = feedback
    }

    /// The codec; `nil` for telephone events.
    public var codec: CodecKind? {
        if case .codec(let codec) = format { return codec }
        return nil
    }
}
