internal import CFFmpeg

/// An `AVFrame`: one decoded picture or stretch of sound, with its buffers.
@safe final class FrameHandle {
    /// Safe because it is set in `init`, freed once in `deinit`, and never outlives this object in our calls.
    let pointer: UnsafeMutablePointer<AVFrame>

    /// An empty frame, for a decoder to fill.
    init?() {
        guard let frame = unsafe av_frame_alloc() else { return nil }
        unsafe pointer = frame
    }

    /// An I420 picture with rows aligned and padded as the libraries' vector code wants them.
    init?(width: Int, height: Int) {
        guard let frame = unsafe offhook_frame_make_i420(Int32(clamping: width), Int32(clamping: height)) else {
            return nil
        }
        unsafe pointer = frame
    }

    deinit {
        var frame: UnsafeMutablePointer<AVFrame>? = unsafe pointer
        unsafe av_frame_free(&frame)
    }
}

/// An `AVPacket`: one encoded frame, with its buffer.
@safe final class PacketHandle {
    /// Safe because it is set in `init`, freed once in `deinit`, and never outlives this object in our calls.
    let pointer: UnsafeMutablePointer<AVPacket>

    init?() {
        guard let packet = unsafe av_packet_alloc() else { return nil }
        unsafe pointer = packet
    }

    deinit {
        var packet: UnsafeMutablePointer<AVPacket>? = unsafe pointer
        unsafe av_packet_free(&packet)
    }
}

/// An `AVCodecContext`, of a decoder or an encoder.
@safe final class CodecHandle {
    /// Safe because it is set in `init`, freed once in `deinit`, and never outlives this object in our calls.
    let pointer: UnsafeMutablePointer<AVCodecContext>

    init?(_ codec: UnsafePointer<AVCodec>) {
        guard let context = unsafe avcodec_alloc_context3(codec) else { return nil }
        unsafe pointer = context
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = unsafe pointer
        unsafe avcodec_free_context(&context)
    }
}
