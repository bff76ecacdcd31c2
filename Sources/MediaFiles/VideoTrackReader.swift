internal import CFFmpeg
internal import MediaTypes

/// The pictures of a file: scaled to one size, with timestamps that grow.
@safe final class VideoTrackReader {
    private(set) var decoder: TrackDecoder
    private let fit: VideoScaler.Fit
    private let maximumDimension: Int
    private let zero: Int64
    private var size: MediaReader.VideoSize?
    private var scaler: VideoScaler?
    private var pending: [VideoFrame] = []
    private var lastTimestamp: Int64?
    private let frameDuration: Int64

    /// Ticks of the 90 kHz clock by which a timestamp may leap before it is taken for broken: 60 s.
    private static let maximumGap: Int64 = 60 * 90_000

    init(_ decoder: TrackDecoder, _ configuration: MediaReader.Configuration, zero: Int64) {
        self.decoder = decoder
        size = configuration.videoSize
        fit = configuration.fit
        maximumDimension = configuration.maximumDimension
        self.zero = zero
        // From 1 to 240 pictures a second; a header may say anything.
        let rate = min(max(decoder.information.framesPerSecond ?? 30, 1), 240)
        frameDuration = Int64((90_000 / rate).rounded())
    }

    /// Where the pictures so far end, on the 90 kHz clock.
    var end: Int64 { lastTimestamp.map { $0 + frameDuration } ?? 0 }

    func decode(_ packet: PacketHandle) throws(MediaFileError) {
        try unsafe decoder.decode(packet) { (frame) throws(MediaFileError) in try unsafe take(frame) }
    }

    func finish() throws(MediaFileError) {
        try unsafe decoder.decode(nil) { (frame) throws(MediaFileError) in try unsafe take(frame) }
    }

    func popPicture(offset: Int64) -> VideoFrame? {
        guard !pending.isEmpty else { return nil }
        var picture = pending.removeFirst()
        picture.timestamp += offset
        return picture
    }

    /// Starts over at zero; the size stays.
    func restart(_ decoder: TrackDecoder) {
        self.decoder = decoder
        pending.removeAll(keepingCapacity: true)
        lastTimestamp = nil
    }

    private func take(_ frame: UnsafePointer<AVFrame>) throws(MediaFileError) {
        let (width, height) = unsafe (Int(frame.pointee.width), Int(frame.pointee.height))
        guard width <= maximumDimension, height <= maximumDimension else {
            throw .pictureTooLarge(path: decoder.path, width: width, height: height)
        }
        let timestamp = unsafe timestamp(of: frame)
        do throws(VideoScaler.UnsupportedPicture) {
            let scaler = try scaler(for: width, height)
            pending.append(try unsafe scaler.scale(frame, timestamp: timestamp))
        } catch {
            throw .unsupported(path: decoder.path, reason: "pictures of \(width)x\(height)")
        }
        lastTimestamp = timestamp
    }

    private func scaler(for width: Int, _ height: Int) throws(VideoScaler.UnsupportedPicture) -> VideoScaler {
        if let scaler { return scaler }
        let target = size ?? MediaReader.VideoSize(width: width, height: height)
        let made = try VideoScaler(width: target.width, height: target.height, fit: fit)
        size = target
        scaler = made
        return made
    }

    /// The picture's time, or the one after its predecessor's where the file gives none that can be right.
    private func timestamp(of frame: UnsafePointer<AVFrame>) -> Int64 {
        let next = lastTimestamp.map { $0 + frameDuration } ?? 0
        guard let position = unsafe decoder.position(of: frame, zero: zero, rate: 90_000) else { return next }
        guard let last = lastTimestamp else { return (0...Self.maximumGap).contains(position) ? position : 0 }
        return (last + 1...last + Self.maximumGap).contains(position) ? position : next
    }
}
