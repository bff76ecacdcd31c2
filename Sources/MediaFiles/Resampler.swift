internal import CFFmpeg

/// Changes the rate, the channels and the sample format of a stream of sound into 16-bit interleaved samples.
///
/// Owns the libswresample state. Not `Sendable`: one stream, one owner. Output lags input by the filter's length, 16
/// samples or so, until ``flush(into:)``.
@safe package final class Resampler {
    /// Samples per second and channel, and the number of channels.
    package struct Format: Sendable, Equatable {
        package var sampleRate: Int
        package var channels: Int

        package init(sampleRate: Int, channels: Int) {
            self.sampleRate = sampleRate
            self.channels = channels
        }
    }

    /// The conversion libswresample does not do.
    package struct UnsupportedConversion: Error, Equatable {
        package var from: Format
        package var to: Format
    }

    package let target: Format
    private let source: Format
    /// Safe because it is set in `init`, freed once in `deinit`, and not shared.
    private let context: OpaquePointer
    private var scratch: [Int16] = []

    /// A converter from 16-bit interleaved samples.
    package init(from source: Format, to target: Format) throws(UnsupportedConversion) {
        guard MediaLibraries.isSilenced, Self.isPlausible(source), Self.isPlausible(target),
            let context = unsafe offhook_swr_make_s16(
                Int32(source.sampleRate),
                Int32(source.channels),
                Int32(target.sampleRate),
                Int32(target.channels)
            )
        else { throw UnsupportedConversion(from: source, to: target) }
        unsafe self.context = context
        self.source = source
        self.target = target
    }

    /// A converter from frames like `frame`, as a decoder gives them.
    init(from frame: UnsafePointer<AVFrame>, to target: Format) throws(UnsupportedConversion) {
        let source = unsafe Format(
            sampleRate: Int(frame.pointee.sample_rate),
            channels: Int(frame.pointee.ch_layout.nb_channels)
        )
        guard MediaLibraries.isSilenced, Self.isPlausible(source), Self.isPlausible(target) else {
            throw UnsupportedConversion(from: source, to: target)
        }
        let (rate, channels) = (Int32(target.sampleRate), Int32(target.channels))
        let made = unsafe withUnsafePointer(to: frame.pointee.ch_layout) { layout in
            unsafe offhook_swr_make(frame.pointee.sample_rate, frame.pointee.format, layout, rate, channels)
        }
        guard let context = unsafe made else { throw UnsupportedConversion(from: source, to: target) }
        unsafe self.context = context
        self.source = source
        self.target = target
    }

    deinit {
        var context: OpaquePointer? = unsafe context
        unsafe swr_free(&context)
    }

    /// Samples per channel, at the target's rate, that have gone in and not yet come out.
    package var delay: Int { unsafe Int(swr_get_delay(context, Int64(target.sampleRate))) }

    /// Converts interleaved samples, and appends what comes out to `output`.
    package func convert(_ samples: Span<Int16>, appendingTo output: inout [Int16]) {
        let count = Int32(clamping: samples.count / source.channels)
        guard count > 0 else { return }
        unsafe samples.withUnsafeBufferPointer { samples in
            let input = samples.baseAddress
            unsafe append(to: &output, inputCount: count) { target, capacity in
                unsafe offhook_swr_convert_s16(context, target, capacity, input, count)
            }
        }
    }

    /// Converts a frame of the kind given to `init`, and appends what comes out to `output`.
    func convert(_ frame: UnsafePointer<AVFrame>, appendingTo output: inout [Int16]) {
        unsafe append(to: &output, inputCount: frame.pointee.nb_samples) { target, capacity in
            unsafe offhook_swr_convert_frame(context, target, capacity, frame)
        }
    }

    /// Appends what the filter still holds, at the end of the stream; it may then begin another.
    package func flush(appendingTo output: inout [Int16]) {
        unsafe append(to: &output, inputCount: 0) { target, capacity in
            unsafe offhook_swr_convert_s16(context, target, capacity, nil, 0)
        }
        let status = unsafe swr_init(context)
        precondition(status >= 0, "a resampler that was set up once is set up again")
    }

    private func append(
        to output: inout [Int16],
        inputCount: Int32,
        _ convert: (UnsafeMutablePointer<Int16>, Int32) -> Int32
    ) {
        let capacity = max(32, unsafe Int(swr_get_out_samples(context, inputCount)))
        let needed = capacity * target.channels
        if scratch.count < needed { scratch = [Int16](repeating: 0, count: needed) }
        let converted = unsafe scratch.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return Int32(0) }
            return unsafe convert(base, Int32(clamping: capacity))
        }
        // An error here can only be memory; the sound is then shorter, and the reader's clock fills the gap.
        guard converted > 0 else { return }
        output.append(contentsOf: scratch[..<(Int(converted) * target.channels)])
    }

    /// The limits keep a hostile header from making the filter's tables huge.
    private static func isPlausible(_ format: Format) -> Bool {
        (1_000...768_000).contains(format.sampleRate) && (1...64).contains(format.channels)
    }
}
