internal import CFFmpeg

/// The sound of a recording: cuts it into the encoder's frames, and keeps its timeline without holes.
@safe final class AudioTrackWriter {
    private let encoder: TrackEncoder
    private let frame: FrameHandle
    private let channels: Int
    private let frameSize: Int
    private var pending: [Int16] = []
    /// Samples per channel given to the encoder.
    private var encodedPosition: Int64 = 0

    /// Samples per channel in a frame of an encoder that takes any number: 20 ms.
    private static let defaultFrameSize = 960

    /// Opus for webm, plain samples for wav.
    init(_ configuration: RecordingConfiguration, muxer: Muxer) throws(RecordingError) {
        let isOpus = configuration.container == .webm
        let channels = configuration.channels
        let bitrate = configuration.audioBitrate ?? 48_000 * channels
        let options: [(name: String, value: String)] =
            isOpus
            ? [
                ("application", "audio"), ("frame_duration", "20"), ("vbr", "on"),
                ("compression_level", String(configuration.audioComplexity)),
            ] : []
        encoder = try unsafe TrackEncoder(
            isOpus ? "libopus" : "pcm_s16le",
            muxer: muxer,
            options: options,
            defaultDuration: 0
        ) { context in
            unsafe context.pointee.sample_rate = 48_000
            unsafe context.pointee.sample_fmt = AV_SAMPLE_FMT_S16
            unsafe offhook_set_channels(&context.pointee.ch_layout, Int32(channels))
            unsafe context.pointee.time_base = AVRational(num: 1, den: 48_000)
            if isOpus { unsafe context.pointee.bit_rate = Int64(bitrate) }
        }
        self.channels = channels
        frameSize = encoder.frameSize > 0 ? encoder.frameSize : Self.defaultFrameSize
        pending.reserveCapacity(2 * frameSize * channels)
        guard let frame = FrameHandle() else {
            throw .encoder(name: "audio", reason: MediaLibraries.message(offhook_averror_no_memory))
        }
        self.frame = frame
    }

    /// Samples per channel on the timeline so far.
    var position: Int64 { encodedPosition + Int64(pending.count / channels) }

    /// Appends interleaved samples at the end of the timeline.
    func append(_ samples: some Collection<Int16>) throws(RecordingError) {
        pending.append(contentsOf: samples)
        let whole = frameSize * channels
        var start = 0
        while pending.count - start >= whole {
            try encode(pending[start..<start + whole])
            start += whole
        }
        pending.removeSubrange(..<start)
    }

    /// Extends the timeline with silence up to a position in samples per channel.
    func pad(to target: Int64) throws(RecordingError) {
        while position < target {
            let count = min(Int(target - position), frameSize)
            try append(repeatElement(0, count: count * channels))
        }
    }

    /// Encodes the last, shorter frame, and what the encoder holds.
    func end() throws(RecordingError) {
        if !pending.isEmpty { try encode(pending[...]) }
        pending.removeAll()
        try encoder.encode(nil)
    }

    private func encode(_ samples: ArraySlice<Int16>) throws(RecordingError) {
        let count = samples.count / channels
        try prepareFrame(count)
        guard let target = unsafe frame.pointer.pointee.data.0 else { return }
        unsafe samples.withUnsafeBytes { samples in
            guard let source = samples.baseAddress else { return }
            unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: samples.count)
        }
        unsafe frame.pointer.pointee.pts = encodedPosition
        encodedPosition += Int64(count)
        try encoder.encode(frame)
    }

    /// Gives the frame a buffer of its own for `count` samples, the one before unless the encoder still holds it.
    private func prepareFrame(_ count: Int) throws(RecordingError) {
        var status: Int32 = 0
        if unsafe frame.pointer.pointee.nb_samples != Int32(count) {
            unsafe av_frame_unref(frame.pointer)
            unsafe frame.pointer.pointee.nb_samples = Int32(count)
            unsafe frame.pointer.pointee.format = AV_SAMPLE_FMT_S16.rawValue
            unsafe frame.pointer.pointee.sample_rate = 48_000
            unsafe offhook_set_channels(&frame.pointer.pointee.ch_layout, Int32(channels))
            status = unsafe av_frame_get_buffer(frame.pointer, 0)
        } else {
            status = unsafe av_frame_make_writable(frame.pointer)
        }
        guard status >= 0 else { throw .encoder(name: "audio", reason: MediaLibraries.message(status)) }
    }
}
