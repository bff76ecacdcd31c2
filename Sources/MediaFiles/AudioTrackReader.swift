internal import CFFmpeg
internal import MediaTypes

/// The sound of a file: resampled, put on a timeline without holes, and cut into frames of 20 ms.
@safe final class AudioTrackReader {
    /// Samples per channel in a frame.
    static let frameSize: Int64 = 960

    private(set) var decoder: TrackDecoder
    private let target: Resampler.Format
    private let zero: Int64
    private var resampler: (source: SourceFormat, converter: Resampler)?
    /// Sound not yet handed out, interleaved; `start` is the index of its first sample.
    private var pending: [Int16] = []
    private var start = 0
    /// Where the first pending sample lies, in samples per channel.
    private var position: Int64 = 0
    /// Samples per channel still to leave out: sound before zero, or that overlaps what is there.
    private var surplus: Int64 = 0
    /// Sound as it comes from the resampler, before a surplus is cut off.
    private var converted: [Int16] = []

    private struct SourceFormat: Equatable {
        var rate: Int32
        var format: Int32
        var channels: Int32
    }

    /// Timestamps that differ by less are rounding, not a gap: containers count in milliseconds, or worse.
    private static let tolerance: UInt64 = 1_920
    /// What timestamps in milliseconds can be off by, at the start, where no earlier sample is displaced.
    private static let rounding: UInt64 = 96
    /// The longest gap filled with silence; a larger one is taken for a broken timestamp: 60 s.
    private static let maximumGap: UInt64 = 60 * 48_000

    init(_ decoder: TrackDecoder, channels: Int, zero: Int64) {
        self.decoder = decoder
        target = Resampler.Format(sampleRate: 48_000, channels: channels)
        self.zero = zero
    }

    /// Where the sound so far ends, in samples per channel.
    var end: Int64 { position + Int64((pending.count - start) / target.channels) }

    func decode(_ packet: PacketHandle) throws(MediaFileError) {
        try unsafe decoder.decode(packet) { (frame) throws(MediaFileError) in try unsafe take(frame) }
    }

    /// Empties decoder and resampler; the last frame is filled up with silence.
    func finish() throws(MediaFileError) {
        try unsafe decoder.decode(nil) { (frame) throws(MediaFileError) in try unsafe take(frame) }
        flushResampler()
        let partial = Int64((pending.count - start) / target.channels) % Self.frameSize
        if partial > 0 { appendSilence(Self.frameSize - partial) }
    }

    /// The next 20 ms, if they are complete.
    func popFrame(offset: Int64) -> AudioFrame? {
        let count = Int(Self.frameSize) * target.channels
        guard pending.count - start >= count else { return nil }
        let samples = Array(pending[start..<start + count])
        let frame = AudioFrame(
            samples: samples,
            sampleRate: target.sampleRate,
            channels: target.channels,
            timestamp: offset + position
        )
        start += count
        position += Self.frameSize
        if start == pending.count {
            pending.removeAll(keepingCapacity: true)
            start = 0
        }
        return frame
    }

    /// Starts over at zero.
    func restart(_ decoder: TrackDecoder) {
        self.decoder = decoder
        resampler = nil
        pending.removeAll(keepingCapacity: true)
        (start, position, surplus) = (0, 0, 0)
    }

    private func take(_ frame: UnsafePointer<AVFrame>) throws(MediaFileError) {
        guard unsafe frame.pointee.nb_samples > 0 else { return }
        let converter = try unsafe converter(for: frame)
        if let expected = unsafe decoder.position(of: frame, zero: zero, rate: 48_000) {
            alignTimeline(to: expected, delay: converter.delay)
        }
        converted.removeAll(keepingCapacity: true)
        unsafe converter.convert(frame, appendingTo: &converted)
        appendConverted()
    }

    private func converter(for frame: UnsafePointer<AVFrame>) throws(MediaFileError) -> Resampler {
        let source = unsafe SourceFormat(
            rate: frame.pointee.sample_rate,
            format: frame.pointee.format,
            channels: frame.pointee.ch_layout.nb_channels
        )
        if let resampler, resampler.source == source { return resampler.converter }
        flushResampler()
        do throws(Resampler.UnsupportedConversion) {
            let converter = try unsafe Resampler(from: frame, to: target)
            resampler = (source, converter)
            return converter
        } catch {
            let reason = "sound of \(error.from.channels) channels at \(error.from.sampleRate) Hz"
            throw .unsupported(path: decoder.path, reason: reason)
        }
    }

    /// Fills the gap, or notes the overlap, between where the next sample would lie and where it belongs.
    private func alignTimeline(to expected: Int64, delay: Int) {
        let actual = end - surplus + Int64(delay)
        let (difference, overflow) = expected.subtractingReportingOverflow(actual)
        guard !overflow else { return }
        // The very first sample is placed more exactly: what comes before zero is the codec's priming.
        let isFirst = end == 0 && surplus == 0
        guard difference.magnitude >= (isFirst ? Self.rounding : Self.tolerance),
            difference.magnitude <= Self.maximumGap
        else { return }
        if difference < 0 {
            surplus -= difference
        } else {
            let skipped = min(surplus, difference)
            surplus -= skipped
            appendSilence(difference - skipped)
        }
    }

    private func flushResampler() {
        guard let resampler else { return }
        converted.removeAll(keepingCapacity: true)
        resampler.converter.flush(appendingTo: &converted)
        appendConverted()
    }

    private func appendConverted() {
        let cut = min(surplus, Int64(converted.count / target.channels))
        surplus -= cut
        compact()
        pending.append(contentsOf: converted.dropFirst(Int(cut) * target.channels))
    }

    private func appendSilence(_ count: Int64) {
        compact()
        pending.append(contentsOf: repeatElement(0, count: Int(count) * target.channels))
    }

    private func compact() {
        pending.removeSubrange(..<start)
        start = 0
    }
}
