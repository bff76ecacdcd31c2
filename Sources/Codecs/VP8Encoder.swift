internal import CVPX
package import MediaTypes

/// A VP8 encoder for live pictures (RFC 6386): one pass, no look-ahead, constant bit rate.
///
/// Owns the libvpx state and frees it once. Not `Sendable`: one stream, one owner, on a worker. The size is that of the
/// picture handed in; when it changes the encoder starts over with a key frame.
@safe package final class VP8Encoder {
    /// Everything an encoder can be told; the bit rate may also change while it runs.
    package struct Configuration: Sendable, Equatable {
        /// What the pictures show, for the encoder's choice of tools.
        package enum Content: Sendable {
            case camera
            case screen
        }

        /// Bits per second.
        package var bitrate = 700_000
        /// The rate expected; the real one is taken from the timestamps.
        package var framesPerSecond = 30
        /// Speed of the real-time mode, from 0, the best picture, to 16, the fastest.
        package var speed = 6
        package var threadCount = 1
        /// The most frames between two key frames.
        package var maximumKeyFrameInterval = 300
        /// Whether a lost picture leaves the entropy coding of the next ones intact, at some cost of rate.
        package var isErrorResilient = false
        /// Whether the encoder may leave out pictures to keep the rate.
        package var mayDropFrames = false
        package var content = Content.camera
        /// Difference below which a block counts as unchanged; 0 encodes every block.
        package var staticThreshold = 1
        /// The range of quantisers, from 0, the finest, to 63.
        package var quantizers = 2...56

        package init() {}
    }

    package private(set) var configuration: Configuration
    private var session: Session?
    private var forcesKeyFrame = false

    /// The encoder proper is made at the first picture, whose size it needs.
    package init(_ configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Changes the target, in bits per second, from the next picture on.
    package func setBitrate(_ bitsPerSecond: Int) throws(CodecError) {
        guard bitsPerSecond != configuration.bitrate else { return }
        configuration.bitrate = bitsPerSecond
        try session?.setBitrate(bitsPerSecond)
    }

    /// Makes the next picture a key frame, as a receiver's PLI asks (RFC 4585 §6.3.1).
    package func requestKeyFrame() { forcesKeyFrame = true }

    /// Encodes a picture.
    ///
    /// Costs one allocation, the payload; about 1 ms of CPU at 640x480.
    /// - Returns: `nil` when the encoder left the picture out, which it does only if it may.
    /// - Throws: `CodecError.invalidPictureSize`, or what libvpx says.
    package func encode(_ picture: VideoFrame, forceKeyFrame: Bool = false) throws(CodecError) -> EncodedFrame? {
        let isKeyFrameForced = forceKeyFrame || forcesKeyFrame
        let session = try session(for: picture)
        let encoded = try session.encode(picture, forceKeyFrame: isKeyFrameForced)
        // A request survives a picture that was dropped.
        forcesKeyFrame = isKeyFrameForced && encoded == nil
        return encoded
    }

    private func session(for picture: VideoFrame) throws(CodecError) -> Session {
        if let session, session.width == picture.width, session.height == picture.height { return session }
        session = nil
        let created = try Session(configuration, width: picture.width, height: picture.height)
        session = created
        return created
    }
}

extension VP8Encoder {
    /// The libvpx encoder for one picture size.
    @safe private final class Session {
        let width: Int
        let height: Int
        private let defaultDuration: Int64
        /// Safe because both are allocated in `init`, freed once in `deinit` and never replaced; the image borrows a
        /// picture's memory only during a call of `encode`.
        private let context: UnsafeMutablePointer<vpx_codec_ctx_t>
        private let image: UnsafeMutablePointer<vpx_image_t>
        private var settings: vpx_codec_enc_cfg_t
        private var clock: Int64 = 0
        private var lastTimestamp: Int64?

        /// The most that VP8's 14 bits, and our decoder's default limit, let through.
        static let maximumDimension = 4096
        /// Ticks beyond which a step of the timestamps is taken for a new start: 10 s.
        static let maximumStep: Int64 = 900_000

        init(_ configuration: Configuration, width: Int, height: Int) throws(CodecError) {
            guard (1...Self.maximumDimension).contains(width), (1...Self.maximumDimension).contains(height) else {
                throw .invalidPictureSize(width: width, height: height)
            }
            self.width = width
            self.height = height
            let framesPerSecond = max(1, configuration.framesPerSecond)
            defaultDuration = Int64(90_000 / min(framesPerSecond, 90_000))
            unsafe settings = vpx_codec_enc_cfg_t()
            unsafe context = .allocate(capacity: 1)
            unsafe context.initialize(to: vpx_codec_ctx_t())
            unsafe image = .allocate(capacity: 1)
            unsafe image.initialize(to: vpx_image_t())
            let status = unsafe vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &settings, 0)
            try Self.check(status, "defaults")
            apply(configuration)
            try Self.check(unsafe offhook_vp8_encoder_init(context, &settings), "configuration")
            try set(VP8E_SET_CPUUSED, -min(max(configuration.speed, 0), 16), named: "speed")
            try set(VP8E_SET_STATIC_THRESHOLD, max(0, configuration.staticThreshold), named: "static threshold")
            try set(VP8E_SET_SCREEN_CONTENT_MODE, configuration.content == .screen ? 1 : 0, named: "screen content")
            // Half the optimal buffer, in percent of a frame's share of the rate: a key frame may take no more, else
            // it alone overruns the link.
            let share = max(300, Self.optimalBufferMilliseconds * framesPerSecond / 20)
            try set(VP8E_SET_MAX_INTRA_BITRATE_PCT, share, named: "key frame rate")
        }

        deinit {
            // A context whose initialisation failed is cleared; libvpx refuses it without harm.
            unsafe vpx_codec_destroy(context)
            unsafe context.deallocate()
            unsafe image.deallocate()
        }

        private static let optimalBufferMilliseconds = 600

        private func apply(_ configuration: Configuration) {
            unsafe settings.g_w = UInt32(width)
            unsafe settings.g_h = UInt32(height)
            unsafe settings.g_timebase = vpx_rational_t(num: 1, den: 90_000)
            unsafe settings.g_threads = UInt32(clamping: configuration.threadCount)
            unsafe settings.g_pass = VPX_RC_ONE_PASS
            unsafe settings.g_lag_in_frames = 0
            unsafe settings.g_error_resilient = configuration.isErrorResilient ? UInt32(VPX_ERROR_RESILIENT_DEFAULT) : 0
            unsafe settings.rc_end_usage = VPX_CBR
            unsafe settings.rc_target_bitrate = Self.kilobits(configuration.bitrate)
            unsafe settings.rc_min_quantizer = UInt32(clamping: configuration.quantizers.lowerBound)
            unsafe settings.rc_max_quantizer = UInt32(clamping: configuration.quantizers.upperBound)
            unsafe settings.rc_dropframe_thresh = configuration.mayDropFrames ? 30 : 0
            unsafe settings.rc_resize_allowed = 0
            unsafe settings.rc_undershoot_pct = 100
            unsafe settings.rc_overshoot_pct = 15
            unsafe settings.rc_buf_initial_sz = 500
            unsafe settings.rc_buf_optimal_sz = UInt32(Self.optimalBufferMilliseconds)
            unsafe settings.rc_buf_sz = 1000
            unsafe settings.kf_mode = VPX_KF_AUTO
            unsafe settings.kf_max_dist = UInt32(clamping: configuration.maximumKeyFrameInterval)
        }

        private static func kilobits(_ bitsPerSecond: Int) -> UInt32 {
            max(1, UInt32(clamping: bitsPerSecond / 1000))
        }

        func setBitrate(_ bitsPerSecond: Int) throws(CodecError) {
            unsafe settings.rc_target_bitrate = Self.kilobits(bitsPerSecond)
            try Self.check(unsafe vpx_codec_enc_config_set(context, &settings), "bitrate")
        }

        func encode(_ picture: VideoFrame, forceKeyFrame: Bool) throws(CodecError) -> EncodedFrame? {
            let duration = advanceClock(to: picture.timestamp)
            let flags = forceKeyFrame ? vpx_enc_frame_flags_t(VPX_EFLAG_FORCE_KF) : 0
            let status = unsafe picture.data.withUnsafeBytes { data in
                guard let base = data.baseAddress else { return VPX_CODEC_INVALID_PARAM }
                // libvpx only reads the planes, and copies them before it returns.
                unsafe wrap(UnsafeMutableRawPointer(mutating: base), sizedAs: picture)
                return unsafe vpx_codec_encode(
                    context,
                    image,
                    clock,
                    CUnsignedLong(duration),
                    flags,
                    CUnsignedLong(VPX_DL_REALTIME)
                )
            }
            guard status == VPX_CODEC_OK else { throw .library(.vp8, code: Int32(status.rawValue)) }
            var iterator: vpx_codec_iter_t?
            while let packet = unsafe vpx_codec_get_cx_data(context, &iterator) {
                guard unsafe packet.pointee.kind == VPX_CODEC_CX_FRAME_PKT else { continue }
                let payload = unsafe UnsafeRawBufferPointer(
                    start: offhook_vpx_frame_bytes(packet),
                    count: offhook_vpx_frame_size(packet)
                )
                return EncodedFrame(
                    codec: .vp8,
                    payload: unsafe [UInt8](payload),
                    timestamp: picture.timestamp,
                    isKeyFrame: unsafe offhook_vpx_frame_is_key(packet) != 0
                )
            }
            return nil
        }

        /// Moves the encoder's own clock, which must grow, whatever the timestamps do; returns the step.
        private func advanceClock(to timestamp: Int64) -> Int64 {
            guard let last = lastTimestamp else {
                lastTimestamp = timestamp
                return defaultDuration
            }
            let (step, overflow) = timestamp.subtractingReportingOverflow(last)
            let isPlausible = !overflow && (1...Self.maximumStep).contains(step)
            clock += isPlausible ? step : defaultDuration
            lastTimestamp = timestamp
            return isPlausible ? step : defaultDuration
        }

        private func wrap(_ base: UnsafeMutableRawPointer, sizedAs picture: VideoFrame) {
            let sizes = VideoFrame.planeSizes(width: width, height: height)
            let bytes = unsafe base.assumingMemoryBound(to: UInt8.self)
            unsafe image.pointee.fmt = VPX_IMG_FMT_I420
            unsafe image.pointee.bit_depth = 8
            unsafe image.pointee.bps = 12
            unsafe image.pointee.w = UInt32(width)
            unsafe image.pointee.h = UInt32(height)
            unsafe image.pointee.d_w = UInt32(width)
            unsafe image.pointee.d_h = UInt32(height)
            unsafe image.pointee.x_chroma_shift = 1
            unsafe image.pointee.y_chroma_shift = 1
            unsafe image.pointee.planes = (bytes, bytes + sizes.luma, bytes + sizes.luma + sizes.chroma, nil)
            let chromaWidth = Int32(picture.chromaWidth)
            unsafe image.pointee.stride = (Int32(width), chromaWidth, chromaWidth, 0)
        }

        private func set(_ control: vp8e_enc_control_id, _ value: Int, named setting: String) throws(CodecError) {
            try Self.check(unsafe offhook_vpx_set(context, Int32(control.rawValue), Int32(clamping: value)), setting)
        }

        private static func check(_ status: vpx_codec_err_t, _ setting: String) throws(CodecError) {
            guard status == VPX_CODEC_OK else {
                throw .invalidConfiguration(.vp8, setting: setting, code: Int32(status.rawValue))
            }
        }
    }
}
