internal import COpus
internal import MediaTypes

/// An Opus encoder at 48 kHz (RFC 6716), with in-band error correction for lossy paths.
///
/// Owns the libopus state and frees it once. Not `Sendable`: one stream, one owner. Encoding allocates nothing once the
/// caller's array has grown to the size of a packet.
@safe package final class OpusEncoder {
    /// What the encoder is tuned for.
    package enum Application: Sendable {
        /// Speech over a network: the default of a call.
        case voip
        /// Music and anything else.
        case audio
    }

    /// Everything an encoder can be told; bit rate and expected loss may also change while it runs.
    package struct Configuration: Sendable, Equatable {
        package var channels = 1
        package var application = Application.voip
        /// Bits per second, from 6,000 to 510,000.
        package var bitrate = 32_000
        /// From 0, the cheapest, to 10.
        package var complexity = 5
        /// Whether each packet carries a low-rate copy of the one before (RFC 6716 §2.1.7).
        package var usesForwardErrorCorrection = true
        /// Share of packets the encoder assumes lost, from 0 to 100; error correction needs it above 0.
        package var expectedLossPercent = 5
        /// Whether silence is sent as almost nothing (RFC 6716 §2.1.9).
        package var usesDiscontinuousTransmission = false
        /// The largest packet in octets, from 20 on; 1275 is the largest Opus frame (RFC 6716 §3.2.1).
        package var maximumPacketSize = 1275

        package init() {}
    }

    package let configuration: Configuration
    /// Safe because `init` creates it, `deinit` destroys it, and nothing else stores it.
    private let encoder: OpaquePointer
    private var scratch: [UInt8]

    /// - Throws: `CodecError.invalidConfiguration` with the setting libopus refused.
    package init(_ configuration: Configuration = Configuration()) throws(CodecError) {
        var status: Int32 = 0
        let application =
            switch configuration.application {
            case .voip: OPUS_APPLICATION_VOIP
            case .audio: OPUS_APPLICATION_AUDIO
            }
        let channels = Int32(clamping: configuration.channels)
        let created = unsafe opus_encoder_create(48_000, channels, application, &status)
        guard let created = unsafe created else {
            throw .invalidConfiguration(.opus, setting: "channels", code: status)
        }
        unsafe encoder = created
        self.configuration = configuration
        scratch = [UInt8](repeating: 0, count: max(20, min(configuration.maximumPacketSize, 3 * 1276)))
        try set(OPUS_SET_COMPLEXITY_REQUEST, to: configuration.complexity, named: "complexity")
        try set(OPUS_SET_INBAND_FEC_REQUEST, to: configuration.usesForwardErrorCorrection ? 1 : 0, named: "FEC")
        try set(OPUS_SET_DTX_REQUEST, to: configuration.usesDiscontinuousTransmission ? 1 : 0, named: "DTX")
        try setBitrate(configuration.bitrate)
        try setExpectedLoss(percent: configuration.expectedLossPercent)
    }

    deinit { unsafe opus_encoder_destroy(encoder) }

    /// Samples per channel the decoder must drop at the start of a stream to be in step with the input.
    package var lookahead: Int {
        var value: Int32 = 0
        let status = unsafe offhook_opus_encoder_get(encoder, OPUS_GET_LOOKAHEAD_REQUEST, &value)
        return status == OPUS_OK ? Int(value) : 0
    }

    /// Changes the target, in bits per second, from the next frame on.
    package func setBitrate(_ bitsPerSecond: Int) throws(CodecError) {
        // libopus takes small negative numbers as "automatic" and "maximum", which no caller here means.
        guard bitsPerSecond > 0 else { throw .invalidConfiguration(.opus, setting: "bitrate", code: OPUS_BAD_ARG) }
        try set(OPUS_SET_BITRATE_REQUEST, to: bitsPerSecond, named: "bitrate")
    }

    /// Changes how much loss the redundancy is dimensioned for, from 0 to 100.
    package func setExpectedLoss(percent: Int) throws(CodecError) {
        try set(OPUS_SET_PACKET_LOSS_PERC_REQUEST, to: percent, named: "expected loss")
    }

    /// Encodes one frame, and replaces the contents of `packet` by it.
    ///
    /// With discontinuous transmission a packet of at most 2 octets need not be sent (RFC 6716 §2.1.9).
    /// - Parameter samples: Interleaved samples of 2.5, 5, 10, 20, 40, 60, 80, 100 or 120 ms.
    /// - Throws: `CodecError.invalidSampleCount` for any other length; `packet` is then unchanged.
    package func encode(_ samples: Span<Int16>, into packet: inout [UInt8]) throws(CodecError) {
        let perChannel = samples.count / configuration.channels
        guard samples.count.isMultiple(of: configuration.channels), Self.isFrameLength(perChannel) else {
            throw .invalidSampleCount(samples.count)
        }
        let length = unsafe samples.withUnsafeBufferPointer { samples in
            unsafe scratch.withUnsafeMutableBufferPointer { output in
                guard let source = samples.baseAddress, let target = output.baseAddress else {
                    return OPUS_BAD_ARG
                }
                return unsafe opus_encode(encoder, source, Int32(perChannel), target, Int32(output.count))
            }
        }
        guard length > 0 else { throw .library(.opus, code: length) }
        packet.removeAll(keepingCapacity: true)
        packet.append(contentsOf: scratch[..<Int(length)])
    }

    /// Forgets the signal so far, for a new stream with the same settings.
    package func reset() {
        let status = unsafe offhook_opus_encoder_reset(encoder)
        precondition(status == OPUS_OK, "libopus resets any encoder it made")
    }

    private static func isFrameLength(_ samples: Int) -> Bool {
        switch samples {
        case 120, 240, 480, 960, 1920, 2880, 3840, 4800, 5760: true
        default: false
        }
    }

    private func set(_ request: Int32, to value: Int, named setting: String) throws(CodecError) {
        let status = unsafe offhook_opus_encoder_set(encoder, request, Int32(clamping: value))
        guard status == OPUS_OK else { throw .invalidConfiguration(.opus, setting: setting, code: status) }
    }
}
