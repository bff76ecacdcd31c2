internal import CFFmpeg
package import MediaTypes

/// Brings pictures of any size, and any pixel format libswscale reads, to I420 of one size.
///
/// Owns the libswscale state and the pictures in between. Not `Sendable`: one stream, one owner, on a worker.
@safe package final class VideoScaler {
    /// What happens when the shapes differ.
    package enum Fit: Sendable {
        /// The whole picture, with black bars beside or above and below it.
        case letterbox
        /// The picture fills the size, and its shape changes.
        case stretch
    }

    /// A picture that cannot be scaled: no area, or a pixel format libswscale does not read.
    package struct UnsupportedPicture: Error, Equatable {
        package var width: Int
        package var height: Int
    }

    package let width: Int
    package let height: Int
    private let fit: Fit
    /// Safe because libswscale owns what it points to until `deinit` frees it; `sws_getCachedContext` replaces both.
    private var context: OpaquePointer?
    private let canvas: FrameHandle
    /// The part of the canvas a letterboxed picture covers, and the size it was computed for.
    private var inset: (frame: FrameHandle, x: Int, y: Int)?
    /// The input in the padded rows that vector code may read past.
    private var staging: FrameHandle?

    /// Width and height are from 2 to 16,384.
    package init(width: Int, height: Int, fit: Fit = .letterbox) throws(UnsupportedPicture) {
        guard MediaLibraries.isSilenced, (2...16_384).contains(width), (2...16_384).contains(height),
            let canvas = FrameHandle(width: width, height: height)
        else { throw UnsupportedPicture(width: width, height: height) }
        self.width = width
        self.height = height
        self.fit = fit
        self.canvas = canvas
    }

    deinit { unsafe sws_freeContext(context) }

    /// Scales an I420 picture; one of the right size already comes back as it is.
    package func scale(_ picture: VideoFrame) throws(UnsupportedPicture) -> VideoFrame {
        guard picture.width != width || picture.height != height else { return picture }
        let staging = try stage(picture)
        return try unsafe scale(staging.pointer, timestamp: picture.timestamp)
    }

    /// Scales a decoder's picture into one of our own.
    func scale(_ frame: UnsafePointer<AVFrame>, timestamp: Int64) throws(UnsupportedPicture) -> VideoFrame {
        let source = try unsafe scaled(frame)
        let sizes = VideoFrame.planeSizes(width: width, height: height)
        let size = sizes.luma + 2 * sizes.chroma
        let data = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            unsafe base.initialize(repeating: 0, count: size)
            _ = unsafe offhook_frame_store_i420(source, base, Int32(clamping: size))
            count = size
        }
        return VideoFrame(width: width, height: height, data: data, timestamp: timestamp)
    }

    /// Scales a picture into the canvas, which stays the scaler's and valid until the next call.
    func canvas(for picture: VideoFrame) throws(UnsupportedPicture) -> UnsafePointer<AVFrame> {
        let staging = try stage(picture)
        return try unsafe scaled(staging.pointer)
    }

    private func stage(_ picture: VideoFrame) throws(UnsupportedPicture) -> FrameHandle {
        let unsupported = UnsupportedPicture(width: picture.width, height: picture.height)
        guard (1...16_384).contains(picture.width), (1...16_384).contains(picture.height) else { throw unsupported }
        let isReusable = staging.map { frame in
            let size = unsafe (frame.pointer.pointee.width, frame.pointer.pointee.height)
            return Int(size.0) == picture.width && Int(size.1) == picture.height
        }
        if isReusable != true { staging = FrameHandle(width: picture.width, height: picture.height) }
        guard let staging else { throw unsupported }
        let status = unsafe picture.data.withUnsafeBufferPointer { data in
            unsafe offhook_frame_load_i420(staging.pointer, data.baseAddress)
        }
        guard status >= 0 else { throw unsupported }
        return staging
    }

    private func scaled(_ frame: UnsafePointer<AVFrame>) throws(UnsupportedPicture) -> UnsafePointer<AVFrame> {
        let (sourceWidth, sourceHeight) = unsafe (Int(frame.pointee.width), Int(frame.pointee.height))
        let unsupported = UnsupportedPicture(width: sourceWidth, height: sourceHeight)
        guard sourceWidth > 0, sourceHeight > 0 else { throw unsupported }
        let format = unsafe AVPixelFormat(frame.pointee.format)
        if sourceWidth == width, sourceHeight == height, format == AV_PIX_FMT_YUV420P { return unsafe frame }

        let place = unsafe placement(of: frame)
        guard place.width != width || place.height != height else {
            inset = nil  // the bars are painted over
            try unsafe run(frame, format, into: canvas, else: unsupported)
            return unsafe UnsafePointer(canvas.pointer)
        }
        let frameOfInset = try insetFrame(for: place, else: unsupported)
        try unsafe run(frame, format, into: frameOfInset, else: unsupported)
        unsafe offhook_frame_place(canvas.pointer, frameOfInset.pointer, Int32(place.x), Int32(place.y))
        return unsafe UnsafePointer(canvas.pointer)
    }

    private typealias Placement = (x: Int, y: Int, width: Int, height: Int)

    /// Where the picture lies on the canvas: even sizes and corners, as chroma has half the resolution.
    private func placement(of frame: UnsafePointer<AVFrame>) -> Placement {
        guard fit == .letterbox else { return (0, 0, width, height) }
        let aspect = unsafe frame.pointee.sample_aspect_ratio
        let pixel = aspect.num > 0 && aspect.den > 0 ? Double(aspect.num) / Double(aspect.den) : 1
        let shape = unsafe Double(frame.pointee.width) * pixel / Double(frame.pointee.height)
        let scaledWidth = min(width, Int((Double(height) * shape).rounded()))
        let scaledHeight = min(height, Int((Double(width) / shape).rounded()))
        // A difference of a pixel or two is rounding, not a shape worth a bar.
        let isWhole = width - scaledWidth <= 2 && height - scaledHeight <= 2
        guard !isWhole else { return (0, 0, width, height) }
        let (insetWidth, insetHeight) = (max(2, scaledWidth & ~1), max(2, scaledHeight & ~1))
        return ((width - insetWidth) / 2 & ~1, (height - insetHeight) / 2 & ~1, insetWidth, insetHeight)
    }

    private func insetFrame(
        for place: Placement,
        else unsupported: UnsupportedPicture
    ) throws(UnsupportedPicture) -> FrameHandle {
        if let inset, inset.x == place.x, inset.y == place.y,
            unsafe Int(inset.frame.pointer.pointee.width) == place.width,
            unsafe Int(inset.frame.pointer.pointee.height) == place.height
        {
            return inset.frame
        }
        guard let frame = FrameHandle(width: place.width, height: place.height),
            unsafe offhook_frame_blacken(canvas.pointer) >= 0
        else { throw unsupported }
        inset = (frame, place.x, place.y)
        return frame
    }

    private func run(
        _ source: UnsafePointer<AVFrame>,
        _ format: AVPixelFormat,
        into target: FrameHandle,
        else unsupported: UnsupportedPicture
    ) throws(UnsupportedPicture) {
        unsafe context = sws_getCachedContext(
            context,
            source.pointee.width,
            source.pointee.height,
            format,
            target.pointer.pointee.width,
            target.pointer.pointee.height,
            AV_PIX_FMT_YUV420P,
            SWS_BILINEAR,
            nil,
            nil,
            nil
        )
        guard let context = unsafe context, unsafe offhook_sws_scale(context, source, target.pointer) > 0 else {
            throw unsupported
        }
    }
}
