internal import COpus
internal import MediaTypes

/// An Opus decoder at 48 kHz (RFC 6716), with the two ways to fill a gap: error correction and concealment.
///
/// Owns the libopus state and frees it once. Not `Sendable`: one stream, one owner. Decoding allocates nothing once the
/// caller's array has grown to the size of a frame. No packet can harm it: a bad one throws, is counted in
/// ``rejectedPackets``, and the next one decodes.
@safe package final class OpusDecoder {
    /// Samples per channel in the longest packet, 120 ms (RFC 6716 §3.2.5).
    package static let maximumSampleCount = 5760
    /// The unit of every duration in Opus, 2.5 ms.
    package static let sampleGranularity = 120

    package let channels: Int
    /// Packets that were not Opus.
    package private(set) var rejectedPackets = 0
    /// Safe because `init` creates it, `deinit` destroys it, and nothing else stores it.
    private let decoder: OpaquePointer
    private var scratch: [Int16]

    /// - Parameter channels: 1 or 2; libopus mixes what is sent to what is asked for.
    package init(channels: Int) throws(CodecError) {
        var status: Int32 = 0
        let created = unsafe opus_decoder_create(48_000, Int32(clamping: channels), &status)
        guard let created = unsafe created else {
            throw .invalidConfiguration(.opus, setting: "channels", code: status)
        }
        unsafe decoder = created
        self.channels = channels
        scratch = [Int16](repeating: 0, count: Self.maximumSampleCount * channels)
    }

    deinit { unsafe opus_decoder_destroy(decoder) }

    /// Decodes a packet, and replaces the contents of `samples` by its sound, interleaved.
    ///
    /// - Throws: `CodecError.malformed`; `samples` is then unchanged.
    package func decode(_ packet: RawSpan, into samples: inout [Int16]) throws(CodecError) {
        // An empty packet means "lost" to libopus; on the wire it means nothing.
        guard !packet.isEmpty else { throw rejected(code: OPUS_INVALID_PACKET) }
        try run(packet, sampleCount: Self.maximumSampleCount, usesErrorCorrection: false, into: &samples)
    }

    /// Recovers the lost packet before `packet` from the low-rate copy in it, or conceals the loss if there is none.
    ///
    /// Decode `packet` itself afterwards.
    /// - Parameter sampleCount: Samples per channel that were lost, a multiple of 2.5 ms up to 120 ms.
    package func decodeErrorCorrection(
        in packet: RawSpan,
        sampleCount: Int,
        into samples: inout [Int16]
    ) throws(CodecError) {
        guard Self.isGap(sampleCount) else { throw .invalidSampleCount(sampleCount) }
        guard !packet.isEmpty else { throw rejected(code: OPUS_INVALID_PACKET) }
        try run(packet, sampleCount: sampleCount, usesErrorCorrection: true, into: &samples)
    }

    /// Makes up sound for a gap out of what was heard before it; long gaps fade to silence.
    ///
    /// - Parameter sampleCount: Samples per channel, a multiple of 2.5 ms up to 120 ms.
    package func conceal(sampleCount: Int, into samples: inout [Int16]) throws(CodecError) {
        guard Self.isGap(sampleCount) else { throw .invalidSampleCount(sampleCount) }
        try run(RawSpan(), sampleCount: sampleCount, usesErrorCorrection: false, into: &samples)
    }

    /// Forgets the signal so far, for a new stream.
    package func reset() {
        let status = unsafe offhook_opus_decoder_reset(decoder)
        precondition(status == OPUS_OK, "libopus resets any decoder it made")
    }

    /// Samples per channel a packet stands for, by its table of contents (RFC 6716 §3.1); `nil` when it is malformed.
    package static func sampleCount(of packet: RawSpan) -> Int? {
        let count = unsafe packet.withUnsafeBytes { packet in
            guard let bytes = unsafe packet.assumingMemoryBound(to: UInt8.self).baseAddress else { return Int32(0) }
            return unsafe opus_packet_get_nb_samples(bytes, Int32(clamping: packet.count), 48_000)
        }
        return count > 0 ? Int(count) : nil
    }

    private static func isGap(_ sampleCount: Int) -> Bool {
        sampleCount > 0 && sampleCount <= maximumSampleCount && sampleCount.isMultiple(of: sampleGranularity)
    }

    private func rejected(code: Int32) -> CodecError {
        rejectedPackets += 1
        return .malformed(.opus, code: code)
    }

    private func run(
        _ packet: RawSpan,
        sampleCount: Int,
        usesErrorCorrection: Bool,
        into samples: inout [Int16]
    ) throws(CodecError) {
        let decoded = unsafe packet.withUnsafeBytes { packet in
            let bytes = unsafe packet.assumingMemoryBound(to: UInt8.self)
            return unsafe scratch.withUnsafeMutableBufferPointer { output in
                guard let target = output.baseAddress else { return OPUS_BUFFER_TOO_SMALL }
                return unsafe opus_decode(
                    decoder,
                    bytes.isEmpty ? nil : bytes.baseAddress,
                    Int32(clamping: bytes.count),
                    target,
                    Int32(sampleCount),
                    usesErrorCorrection ? 1 : 0
                )
            }
        }
        guard decoded > 0 else { throw rejected(code: decoded) }
        samples.removeAll(keepingCapacity: true)
        samples.append(contentsOf: scratch[..<(Int(decoded) * channels)])
    }
}

extension OpusDecoder {
    /// Decodes a packet held in an array.
    package func decode(_ packet: [UInt8], into samples: inout [Int16]) throws(CodecError) {
        try decode(unsafe packet.span.bytes, into: &samples)
    }

    /// Recovers the lost packet before one held in an array.
    package func decodeErrorCorrection(
        in packet: [UInt8],
        sampleCount: Int,
        into samples: inout [Int16]
    ) throws(CodecError) {
        try decodeErrorCorrection(in: unsafe packet.span.bytes, sampleCount: sampleCount, into: &samples)
    }
}
