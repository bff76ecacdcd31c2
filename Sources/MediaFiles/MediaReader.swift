internal import CFFmpeg
package import MediaTypes

/// Reads any local file libavformat knows, and gives its sound and pictures in one form.
///
/// Sound comes in frames of 20 ms at 48 kHz, pictures in I420, both timed from a common zero: the start of the file. Each
/// kind comes in order of its timestamps; gaps in the sound are filled with silence. Only the file itself is read, never
/// what it points to (playlists, references, network). A damaged packet costs its own frame and is counted; a file that
/// stays damaged throws. Not `Sendable`: one player, one owner, on a worker, as decoding blocks.
package final class MediaReader {
    /// What the caller wants to be given.
    package struct Configuration: Sendable, Equatable {
        package var wantsAudio = true
        package var wantsVideo = true
        /// 1 or 2.
        package var channels = 1
        /// The size of all pictures; `nil` keeps that of the file's first one.
        package var videoSize: VideoSize?
        package var fit = VideoScaler.Fit.letterbox
        /// Width and height beyond which a file's pictures are not decoded.
        package var maximumDimension = 4096
        package var threadCount = 1

        package init() {}
    }

    /// Width and height in pixels.
    package struct VideoSize: Sendable, Equatable {
        package var width: Int
        package var height: Int

        package init(width: Int, height: Int) {
            self.width = width
            self.height = height
        }
    }

    /// What ``readNext()`` found.
    package enum Item: Equatable {
        /// 20 ms of sound; the timestamp counts samples.
        case audio(AudioFrame)
        /// A picture; the timestamp is on the 90 kHz clock.
        case video(VideoFrame)
        /// The file is over, and so is every later call until ``MediaReader/rewind()``.
        case end
    }

    /// What the header says of the file's sound or pictures.
    package struct StreamInformation: Sendable, Equatable {
        /// The codec's name as FFmpeg spells it.
        package var codec: String
        /// For sound; 0 for pictures.
        package var sampleRate = 0
        package var channels = 0
        /// For pictures; 0 for sound.
        package var width = 0
        package var height = 0
        /// Pictures a second, where the file says so.
        package var framesPerSecond: Double?
    }

    private enum State {
        case reading
        /// The demuxer has no more; the decoders are being emptied.
        case draining
        case ended
    }

    package let path: String
    package let audio: StreamInformation?
    package let video: StreamInformation?
    private let configuration: Configuration
    private let demuxer: Demuxer
    private let audioTrack: AudioTrackReader?
    private let videoTrack: VideoTrackReader?
    private var state = State.reading
    /// Where this pass over the file begins on the caller's timeline, in samples at 48 kHz, in whole 20 ms.
    private var offset: Int64 = 0
    /// Packets of the file that did not decode.
    package private(set) var damagedPackets = 0
    /// Packets in a row that did not decode; reset by each that does.
    private var consecutiveFailures = 0
    /// The last damage, for a file in which nothing else was found.
    private var lastDamage: MediaFileError?

    /// Damaged packets in a row after which the file counts as unreadable.
    private static let toleratedFailures = 50

    /// Opens a file.
    ///
    /// - Throws: `MediaFileError` with the path, when the file cannot be opened or holds nothing that is wanted.
    package init(path: String, configuration: Configuration = Configuration()) throws(MediaFileError) {
        guard (1...2).contains(configuration.channels) else {
            throw .unsupported(path: path, reason: "sound has 1 or 2 channels")
        }
        self.path = path
        self.configuration = configuration
        demuxer = try Demuxer(path: path)
        let audioDecoder = configuration.wantsAudio ? try demuxer.makeDecoder(.audio, configuration) : nil
        let videoDecoder = configuration.wantsVideo ? try demuxer.makeDecoder(.video, configuration) : nil
        guard audioDecoder != nil || videoDecoder != nil else { throw .nothingToPlay(path: path) }
        demuxer.selectStreams([audioDecoder, videoDecoder].compactMap { $0?.streamIndex })
        audio = audioDecoder?.information
        video = videoDecoder?.information
        let zero = demuxer.zero
        audioTrack = audioDecoder.map { AudioTrackReader($0, channels: configuration.channels, zero: zero) }
        videoTrack = videoDecoder.map { VideoTrackReader($0, configuration, zero: zero) }
    }

    /// How long the file says it is; `nil` where it does not, as in a recording that was interrupted.
    package var duration: Duration? { demuxer.duration }

    /// Gives the next piece of sound or the next picture.
    ///
    /// - Throws: `MediaFileError.unreadable` and `.pictureTooLarge`; a later call may find more, or the end.
    package func readNext() throws(MediaFileError) -> Item {
        while true {
            if let frame = audioTrack?.popFrame(offset: offset) { return .audio(frame) }
            if let picture = videoTrack?.popPicture(offset: offset / 8 * 15) { return .video(picture) }
            switch state {
            case .reading: try readPacket()
            case .draining:
                state = .ended
                try audioTrack?.finish()
                try videoTrack?.finish()
                let isEmpty = (audioTrack?.end ?? 0) == 0 && (videoTrack?.end ?? 0) == 0
                if isEmpty, let lastDamage { throw lastDamage }
            case .ended: return .end
            }
        }
    }

    /// Goes back to the start; timestamps go on from where this pass ended.
    ///
    /// A pass counts as long as the longer of its sound and its pictures, in whole 20 ms, so that over any number of
    /// loops the two do not drift apart.
    package func rewind() throws(MediaFileError) {
        let frame = AudioTrackReader.frameSize
        let soundEnd = ((audioTrack?.end ?? 0) + frame - 1) / frame * frame
        // To the nearest, since containers round times: a picture more or less long by 10 ms is not seen.
        let pictureEnd = ((videoTrack?.end ?? 0) / 15 * 8 + frame / 2) / frame * frame
        offset += max(soundEnd, pictureEnd, frame)
        try demuxer.rewind()
        // New decoders, since an old one would not take off the codec's priming a second time.
        if let audioTrack {
            guard let decoder = try demuxer.makeDecoder(.audio, configuration) else { throw .nothingToPlay(path: path) }
            audioTrack.restart(decoder)
        }
        if let videoTrack {
            guard let decoder = try demuxer.makeDecoder(.video, configuration) else { throw .nothingToPlay(path: path) }
            videoTrack.restart(decoder)
        }
        demuxer.selectStreams([audioTrack?.decoder, videoTrack?.decoder].compactMap { $0?.streamIndex })
        consecutiveFailures = 0
        state = .reading
    }

    private func readPacket() throws(MediaFileError) {
        guard let packet = try demuxer.nextPacket() else {
            state = .draining
            return
        }
        do throws(MediaFileError) {
            let index = unsafe Int(packet.pointer.pointee.stream_index)
            if let audioTrack, audioTrack.decoder.streamIndex == index { try audioTrack.decode(packet) }
            if let videoTrack, videoTrack.decoder.streamIndex == index { try videoTrack.decode(packet) }
            consecutiveFailures = 0
        } catch {
            // A damaged packet costs its own frame: the rest of the file is worth playing.
            guard case .unreadable = error, consecutiveFailures < Self.toleratedFailures else {
                state = .ended
                throw error
            }
            consecutiveFailures += 1
            damagedPackets += 1
            lastDamage = error
        }
    }
}
