internal import CFFmpeg
internal import MediaTypes

/// The pictures of a recording: brings them to the canvas and encodes them as VP8.
@safe final class VideoTrackWriter {
    private let encoder: TrackEncoder
    private let scaler: VideoScaler
    private let frame: FrameHandle
    private var lastTimestamp: Int64?
    private var lastKeyFrame: Int64?
    /// Pictures left out because they were not later than the one before.
    private(set) var droppedPictures = 0

    /// Ticks of the 90 kHz clock between two key frames at most: 5 s, so that a player seeks and a cut loses little.
    private static let keyFrameInterval: Int64 = 5 * 90_000
    /// Ticks of the 90 kHz clock a picture is taken to last when none follows.
    private static let defaultDuration: Int64 = 3_000

    init(
        _ video: RecordingConfiguration.Video,
        width: Int,
        height: Int,
        muxer: Muxer
    ) throws(RecordingError) {
        let unsupported = RecordingError.encoder(name: "libvpx", reason: "no canvas of \(width)x\(height)")
        do throws(VideoScaler.UnsupportedPicture) {
            scaler = try VideoScaler(width: width, height: height)
        } catch {
            throw unsupported
        }
        guard let frame = FrameHandle(width: width, height: height) else { throw unsupported }
        self.frame = frame
        // A fifth of a bit per pixel keeps SSIM at 0.95 and above on pictures of a call.
        let bitrate = video.bitrate ?? width * height * 30 / 5
        encoder = try unsafe TrackEncoder(
            "libvpx",
            muxer: muxer,
            options: [
                ("deadline", "realtime"), ("cpu-used", String(-min(max(video.speed, 0), 16))), ("lag-in-frames", "0"),
                ("auto-alt-ref", "0"), ("crf", String(video.quality)), ("static-thresh", "0"),
            ],
            defaultDuration: Self.defaultDuration
        ) { context in
            unsafe context.pointee.width = Int32(width)
            unsafe context.pointee.height = Int32(height)
            unsafe context.pointee.pix_fmt = AV_PIX_FMT_YUV420P
            unsafe context.pointee.time_base = AVRational(num: 1, den: 90_000)
            unsafe context.pointee.framerate = AVRational(num: 30, den: 1)
            unsafe context.pointee.bit_rate = Int64(bitrate)
            unsafe context.pointee.qmin = 4
            unsafe context.pointee.qmax = 48
            unsafe context.pointee.gop_size = 300  // by count; `encode` forces them by time
            unsafe context.pointee.thread_count = Int32(clamping: max(1, video.threadCount))
        }
    }

    /// The end of the last picture, on the 90 kHz clock.
    var end: Int64 { lastTimestamp.map { $0 + Self.defaultDuration } ?? 0 }

    /// Encodes a picture; one that is not later than the one before, or before zero, is counted and left out.
    func append(_ picture: VideoFrame) throws(RecordingError) {
        guard picture.timestamp >= 0, picture.timestamp > lastTimestamp ?? -1 else {
            droppedPictures += 1
            return
        }
        try load(picture)
        let isKeyFrameDue = lastKeyFrame.map { picture.timestamp - $0 >= Self.keyFrameInterval } ?? true
        if isKeyFrameDue { lastKeyFrame = picture.timestamp }
        lastTimestamp = picture.timestamp
        unsafe frame.pointer.pointee.pict_type = isKeyFrameDue ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
        unsafe frame.pointer.pointee.pts = picture.timestamp
        try encoder.encode(frame)
    }

    func finish() throws(RecordingError) { try encoder.encode(nil) }

    private func load(_ picture: VideoFrame) throws(RecordingError) {
        guard picture.width != scaler.width || picture.height != scaler.height else {
            let status = unsafe picture.data.withUnsafeBufferPointer { data in
                unsafe offhook_frame_load_i420(frame.pointer, data.baseAddress)
            }
            guard status >= 0 else { throw .encoder(name: "libvpx", reason: MediaLibraries.message(status)) }
            return
        }
        do throws(VideoScaler.UnsupportedPicture) {
            let canvas = try unsafe scaler.canvas(for: picture)
            let status = unsafe av_frame_make_writable(frame.pointer)
            guard status >= 0 else { throw VideoScaler.UnsupportedPicture(width: 0, height: 0) }
            unsafe offhook_frame_place(frame.pointer, canvas, 0, 0)
        } catch {
            throw .unsuitableFrame(reason: "a picture of \(picture.width)x\(picture.height) cannot be scaled")
        }
    }
}
