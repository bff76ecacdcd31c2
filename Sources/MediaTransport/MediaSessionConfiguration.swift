package import MediaTypes
package import SDP
package import SansIO

/// What a ``MediaSession`` can do and wants.
package struct MediaSessionConfiguration: Sendable {
    /// One entry for each kind of media that is offered and accepted, in the order of the offer's sections.
    package var kinds: [(kind: MediaKind, capabilities: MediaCapabilities)]
    /// Our part of the handshake when the offer leaves it to us.
    ///
    /// Passive by default: the DTLS server chooses the SRTP profile, and a browser in that place prefers counter mode,
    /// which costs four times what GCM does.
    package var answerSetup: SetupRole
    /// The CNAME of our streams (RFC 7022).
    package var cname: String

    package init(
        kinds: [(kind: MediaKind, capabilities: MediaCapabilities)],
        answerSetup: SetupRole = .passive,
        cname: String
    ) {
        self.kinds = kinds
        self.answerSetup = answerSetup
        self.cname = cname
    }

    /// Sound alone, or sound and pictures, with what the media path understands.
    package static func standard(video: Bool, cname: String) -> MediaSessionConfiguration {
        let mid = "urn:ietf:params:rtp-hdrext:sdes:mid"
        let audio = MediaCapabilities(
            codecs: [
                CodecCapability(
                    .codec(.opus),
                    payloadType: PayloadType(111),
                    parameters: ["minptime": "10", "useinbandfec": "1"],
                    feedback: [.nack]
                ),
                CodecCapability(.telephoneEvent(clockRate: 48_000), payloadType: PayloadType(101), parameters: nil),
            ],
            extensions: [mid]
        )
        let pictures = MediaCapabilities(
            codecs: [
                CodecCapability(
                    .codec(.vp8),
                    payloadType: PayloadType(96),
                    parameters: nil,
                    feedback: [.nack, .nackPLI, .ccmFIR]
                )
            ],
            extensions: [mid]
        )
        return MediaSessionConfiguration(kinds: [(.audio, audio)] + (video ? [(.video, pictures)] : []), cname: cname)
    }
}

/// Names one transport of a call: which fork of the dialog, which section, which component.
package struct TransportKey: Hashable, Sendable {
    /// The fork an answer came from; 0 for our own answers and for the first.
    package var leg: Int
    /// The section whose attributes describe it; with BUNDLE the first of the group.
    package var mid: MediaID
    /// 1: RTP, with RTCP on the same port.
    package var component: Int

    package init(leg: Int = 0, mid: MediaID, component: Int = 1) {
        self.leg = leg
        self.mid = mid
        self.component = component
    }
}

/// Why a description cannot be used.
package enum NegotiationError: Error, Equatable, Sendable {
    /// No section of the offer is acceptable.
    case nothingInCommon
    /// The answer contradicts the offer.
    case answer(OfferAnswerError)
    /// An accepted section lacks ICE credentials or a fingerprint we understand.
    case incompleteTransport(section: Int)
    /// An answer without an offer of ours, or an offer while one of ours waits.
    case wrongState
}

/// An RTP packet of a negotiated stream, in the clear.
package struct ReceivedPacket {
    package var mid: MediaID
    package var format: PayloadFormat
    package var ssrc: SSRC
    /// Sequence number, extended beyond 16 bits.
    package var sequence: Int64
    package var timestamp: UInt32
    package var marker: Bool
    /// Where the payload lies in `buffer`.
    package var payload: Range<Int>
    /// Whose owner the receiver of this value becomes; give it back to the pool.
    package var buffer: PacketBuffer
    package var arrival: MonotonicTime
}

/// Something a call should know of its media.
package enum MediaSessionEvent: Equatable, Sendable {
    /// Every transport is connected: media flows.
    case connected
    /// A transport has failed for good.
    case failed(TransportFailure)
    /// The peer has closed its transport.
    case closed
    /// The peer's decoder wants a key frame of a section's video.
    case keyFrameRequested(MediaID)
}

/// A consequence of a ``MediaSession``'s inputs.
package enum MediaSessionOutput {
    case transmit(PacketBuffer, from: SocketAddress, to: SocketAddress)
    case route(DatagramRoute)
    case unroute(DatagramRoute)
    case received(ReceivedPacket)
    case event(MediaSessionEvent)
}
