internal import CFFmpeg

/// A libavcodec encoder and the track its packets go to.
@safe final class TrackEncoder {
    private let name: String
    let codec: CodecHandle
    private let track: Int
    private let muxer: Muxer
    private let packet: PacketHandle
    /// The duration given to packets the encoder gives none, in its time base.
    private let defaultDuration: Int64

    /// Opens the encoder called `name` and adds its track.
    ///
    /// - Parameter configure: Sets the fields of the context before it is opened.
    init(
        _ name: String,
        muxer: Muxer,
        options: [(name: String, value: String)],
        defaultDuration: Int64,
        _ configure: (UnsafeMutablePointer<AVCodecContext>) -> Void
    ) throws(RecordingError) {
        guard let found = unsafe avcodec_find_encoder_by_name(name) else {
            throw .encoder(name: name, reason: "not in this libavcodec")
        }
        guard let codec = unsafe CodecHandle(found), let packet = PacketHandle() else {
            throw .encoder(name: name, reason: MediaLibraries.message(offhook_averror_no_memory))
        }
        unsafe configure(codec.pointer)
        if muxer.wantsGlobalHeader { unsafe codec.pointer.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
        let (status, unknown) = unsafe MediaLibraries.withOptions(options) { options in
            unsafe avcodec_open2(codec.pointer, found, options)
        }
        guard status >= 0 else { throw .encoder(name: name, reason: MediaLibraries.message(status)) }
        guard unknown.isEmpty else { throw .encoder(name: name, reason: "no option \(unknown)") }
        track = try muxer.addTrack(codec)
        self.name = name
        self.codec = codec
        self.muxer = muxer
        self.packet = packet
        self.defaultDuration = defaultDuration
    }

    /// Samples per channel each frame but the last must have; 0 when any number will do.
    var frameSize: Int { unsafe Int(codec.pointer.pointee.frame_size) }

    /// Encodes a frame, and passes what comes out to the muxer.
    ///
    /// - Parameter frame: `nil` at the end of the track.
    func encode(_ frame: FrameHandle?) throws(RecordingError) {
        let status = unsafe avcodec_send_frame(codec.pointer, frame?.pointer)
        guard status >= 0 else { throw .encoder(name: name, reason: MediaLibraries.message(status)) }
        while true {
            let status = unsafe avcodec_receive_packet(codec.pointer, packet.pointer)
            if status == offhook_averror_again || status == offhook_averror_eof { return }
            guard status >= 0 else { throw .encoder(name: name, reason: MediaLibraries.message(status)) }
            // An encoder with look-ahead begins that much before zero. Matroska has all blocks later by the delay its
            // header states, and readers take it off again (RFC 9559, CodecDelay).
            let priming = unsafe Int64(codec.pointer.pointee.initial_padding)
            unsafe packet.pointer.pointee.pts += priming
            unsafe packet.pointer.pointee.dts += priming
            if unsafe packet.pointer.pointee.duration == 0 {
                unsafe packet.pointer.pointee.duration = defaultDuration
            }
            try unsafe muxer.write(packet.pointer, track: track, timeBase: codec.pointer.pointee.time_base)
        }
    }
}
