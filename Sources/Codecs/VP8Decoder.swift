internal import CVPX
package import MediaTypes

/// A VP8 decoder (RFC 6386).
///
/// Owns the libvpx state and frees it once. Not `Sendable`: one stream, one owner, on a worker. No frame can harm it: a
/// bad one throws and is counted in ``rejectedFrames``; from then on it wants a key frame, since what refers to a broken
/// picture is broken too.
@safe package final class VP8Decoder {
    private enum State {
        case awaitingKeyFrame
        case decoding
    }

    /// Frames that were not VP8, or too large.
    package private(set) var rejectedFrames = 0
    private var state = State.awaitingKeyFrame
    private let maximumDimension: Int
    /// Safe because it is allocated and initialised in `init`, destroyed and freed once in `deinit`, never replaced.
    private let context: UnsafeMutablePointer<vpx_codec_ctx_t>

    /// - Parameters:
    ///   - maximumDimension: The width and the height beyond which pictures are refused before any memory is taken.
    ///   - threadCount: Threads libvpx may use; one is right up to 1280x720.
    package init(maximumDimension: Int = 4096, threadCount: Int = 1) throws(CodecError) {
        self.maximumDimension = maximumDimension
        unsafe context = .allocate(capacity: 1)
        unsafe context.initialize(to: vpx_codec_ctx_t())
        var configuration = vpx_codec_dec_cfg_t(threads: UInt32(clamping: threadCount), w: 0, h: 0)
        let status = unsafe offhook_vp8_decoder_init(context, &configuration)
        guard status == VPX_CODEC_OK else {
            throw .invalidConfiguration(.vp8, setting: "threads", code: Int32(status.rawValue))
        }
    }

    deinit {
        // An initialisation that failed has left a cleared context, which libvpx refuses to destroy without harm.
        unsafe vpx_codec_destroy(context)
        unsafe context.deallocate()
    }

    /// Whether only a key frame can be decoded next: at the start, and after an error.
    package var needsKeyFrame: Bool {
        switch state {
        case .awaitingKeyFrame: true
        case .decoding: false
        }
    }

    /// Decodes a whole frame into `picture`, whose memory is used again when the size has not changed.
    ///
    /// - Parameter timestamp: Becomes the picture's.
    /// - Returns: False when the frame is a reference only and shows nothing; `picture` is then unchanged.
    /// - Throws: `CodecError.keyFrameRequired`, `.malformed` or `.pictureTooLarge`; `picture` is then unchanged.
    package func decode(
        _ frame: RawSpan,
        timestamp: Int64,
        into picture: inout VideoFrame
    ) throws(CodecError) -> Bool {
        guard let header = VP8FrameHeader(parsing: frame) else {
            throw reject(.malformed(.vp8, code: Int32(VPX_CODEC_UNSUP_BITSTREAM.rawValue)))
        }
        switch (header.kind, state) {
        case (.delta, .awaitingKeyFrame):
            throw .keyFrameRequired
        case (.key(let width, let height), _):
            guard width > 0, height > 0 else {
                throw reject(.malformed(.vp8, code: Int32(VPX_CODEC_CORRUPT_FRAME.rawValue)))
            }
            guard width <= maximumDimension, height <= maximumDimension else {
                throw reject(.pictureTooLarge(width: width, height: height))
            }
        case (.delta, .decoding):
            break
        }
        let status = unsafe frame.withUnsafeBytes { frame in
            let bytes = unsafe frame.assumingMemoryBound(to: UInt8.self)
            return unsafe vpx_codec_decode(context, bytes.baseAddress, UInt32(clamping: bytes.count), nil, 0)
        }
        guard status == VPX_CODEC_OK else { throw reject(.malformed(.vp8, code: Int32(status.rawValue))) }
        var isCorrupted: Int32 = 0
        let query = unsafe offhook_vpx_get(context, Int32(VP8D_GET_FRAME_CORRUPTED.rawValue), &isCorrupted)
        guard query != VPX_CODEC_OK || isCorrupted == 0 else {
            throw reject(.malformed(.vp8, code: Int32(VPX_CODEC_CORRUPT_FRAME.rawValue)))
        }
        state = .decoding
        var iterator: vpx_codec_iter_t?
        guard let image = unsafe vpx_codec_get_frame(context, &iterator) else { return false }
        unsafe copy(image, timestamp: timestamp, into: &picture)
        return true
    }

    /// Decodes a whole frame into a picture of its own; `nil` when the frame shows nothing.
    package func decode(_ frame: EncodedFrame) throws(CodecError) -> VideoFrame? {
        var picture = VideoFrame(width: 0, height: 0, data: [], timestamp: 0)
        let isShown = try decode(unsafe frame.payload.span.bytes, timestamp: frame.timestamp, into: &picture)
        return isShown ? picture : nil
    }

    private func reject(_ error: CodecError) -> CodecError {
        rejectedFrames += 1
        state = .awaitingKeyFrame
        return error
    }

    private func copy(_ image: UnsafeMutablePointer<vpx_image_t>, timestamp: Int64, into picture: inout VideoFrame) {
        let (width, height) = unsafe (Int(image.pointee.d_w), Int(image.pointee.d_h))
        if width != picture.width || height != picture.height {
            picture = VideoFrame(width: width, height: height, luma: 0)
        }
        picture.timestamp = timestamp
        let (chromaWidth, chromaHeight) = (picture.chromaWidth, picture.chromaHeight)
        let planes = unsafe image.pointee.planes
        let strides = unsafe image.pointee.stride
        unsafe picture.data.withUnsafeMutableBytes { target in
            guard let base = target.baseAddress else { return }
            var target = unsafe base
            unsafe Self.copyRows(of: planes.0, stride: strides.0, width, height, to: &target)
            unsafe Self.copyRows(of: planes.1, stride: strides.1, chromaWidth, chromaHeight, to: &target)
            unsafe Self.copyRows(of: planes.2, stride: strides.2, chromaWidth, chromaHeight, to: &target)
        }
    }

    private static func copyRows(
        of plane: UnsafeMutablePointer<UInt8>?,
        stride: Int32,
        _ width: Int,
        _ height: Int,
        to target: inout UnsafeMutableRawPointer
    ) {
        guard let plane = unsafe plane else { return }
        for row in 0..<height {
            unsafe target.copyMemory(from: plane + row * Int(stride), byteCount: width)
            unsafe target += width
        }
    }
}
