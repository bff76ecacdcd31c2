internal import CFFmpeg

/// A libavcodec decoder for one stream of a file.
@safe final class TrackDecoder {
    let path: String
    let streamIndex: Int
    let information: MediaReader.StreamInformation
    private let codec: CodecHandle
    private let frame: FrameHandle
    private let timeBase: AVRational

    init(
        _ stream: UnsafePointer<AVStream>,
        _ decoder: UnsafePointer<AVCodec>,
        path: String,
        _ configuration: MediaReader.Configuration
    ) throws(MediaFileError) {
        guard let codec = unsafe CodecHandle(decoder), let frame = FrameHandle() else {
            throw .unsupported(path: path, reason: MediaLibraries.message(offhook_averror_no_memory))
        }
        let status = unsafe avcodec_parameters_to_context(codec.pointer, stream.pointee.codecpar)
        guard status >= 0 else { throw .unsupported(path: path, reason: MediaLibraries.message(status)) }
        let limit = Int64(configuration.maximumDimension)
        unsafe codec.pointer.pointee.max_pixels = limit * limit
        unsafe codec.pointer.pointee.thread_count = Int32(clamping: max(1, configuration.threadCount))
        unsafe codec.pointer.pointee.pkt_timebase = stream.pointee.time_base
        let opened = unsafe avcodec_open2(codec.pointer, decoder, nil)
        guard opened >= 0 else { throw .unsupported(path: path, reason: MediaLibraries.message(opened)) }
        self.path = path
        self.codec = codec
        self.frame = frame
        streamIndex = unsafe Int(stream.pointee.index)
        timeBase = unsafe stream.pointee.time_base
        information = unsafe Self.information(stream, decoder)
    }

    /// Decodes a packet, and passes each frame that comes out on.
    ///
    /// - Parameter packet: `nil` at the end of the stream.
    func decode(
        _ packet: PacketHandle?,
        _ body: (UnsafePointer<AVFrame>) throws(MediaFileError) -> Void
    ) throws(MediaFileError) {
        let sent = unsafe avcodec_send_packet(codec.pointer, packet?.pointer)
        guard sent >= 0 || sent == offhook_averror_eof else { throw unreadable(sent) }
        while true {
            let status = unsafe avcodec_receive_frame(codec.pointer, frame.pointer)
            if status == offhook_averror_again || status == offhook_averror_eof { return }
            guard status >= 0 else { throw unreadable(status) }
            defer { unsafe av_frame_unref(frame.pointer) }
            try unsafe body(UnsafePointer(frame.pointer))
        }
    }

    /// A frame's place on a clock of `rate` ticks a second whose zero is at `zero` microseconds; `nil` without one.
    func position(of frame: UnsafePointer<AVFrame>, zero: Int64, rate: Int32) -> Int64? {
        let timestamp = unsafe frame.pointee.best_effort_timestamp
        guard timestamp != offhook_av_no_timestamp, timeBase.num > 0, timeBase.den > 0 else { return nil }
        let start = av_rescale_q(zero, AVRational(num: 1, den: 1_000_000), AVRational(num: 1, den: rate))
        let absolute = av_rescale_q(timestamp, timeBase, AVRational(num: 1, den: rate))
        let (position, overflow) = absolute.subtractingReportingOverflow(start)
        return overflow || absolute == offhook_av_no_timestamp ? nil : position
    }

    func unreadable(_ status: Int32) -> MediaFileError {
        .unreadable(path: path, reason: MediaLibraries.message(status))
    }

    private static func information(
        _ stream: UnsafePointer<AVStream>,
        _ decoder: UnsafePointer<AVCodec>
    ) -> MediaReader.StreamInformation {
        let name = unsafe avcodec_get_name(decoder.pointee.id).map { unsafe String(cString: $0) }
        var information = MediaReader.StreamInformation(codec: name ?? "unknown")
        guard let parameters = unsafe stream.pointee.codecpar else { return information }
        information.sampleRate = unsafe Int(parameters.pointee.sample_rate)
        information.channels = unsafe Int(parameters.pointee.ch_layout.nb_channels)
        information.width = unsafe Int(parameters.pointee.width)
        information.height = unsafe Int(parameters.pointee.height)
        let rate = unsafe stream.pointee.avg_frame_rate
        if rate.num > 0, rate.den > 0 { information.framesPerSecond = Double(rate.num) / Double(rate.den) }
        return information
    }
}
