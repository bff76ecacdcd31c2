/// What a recording is written as.
package struct RecordingConfiguration: Sendable, Equatable {
    /// The file formats offered.
    package enum Container: String, Sendable, CaseIterable {
        /// VP8 and Opus.
        case webm
        /// 16-bit PCM; sound only.
        case wav
    }

    /// The picture of the recording, whatever the sizes of the pictures that come.
    package struct Video: Sendable, Equatable {
        /// Width and height of the recording; `nil` takes those of the first picture, if it comes within half a second
        /// of sound, and 640x480 if not.
        package var canvas: (width: Int, height: Int)?
        /// The most the encoder spends, in bits per second; `nil` is a fifth of a bit per pixel at 30 pictures a second.
        package var bitrate: Int?
        /// Quality aimed at below that bit rate, from 4, the best, to 63.
        package var quality = 10
        /// Speed of the real-time mode, from 0 to 16.
        package var speed = 6
        package var threadCount = 1

        package init() {}

        package static func == (left: Video, right: Video) -> Bool {
            left.canvas?.width == right.canvas?.width && left.canvas?.height == right.canvas?.height
                && left.bitrate == right.bitrate && left.quality == right.quality && left.speed == right.speed
                && left.threadCount == right.threadCount
        }
    }

    package var container: Container
    /// 1, or 2 with the remote party left and our own right; sound is always at 48 kHz.
    package var channels = 2
    /// Bits per second of Opus; `nil` is 48,000 a channel.
    package var audioBitrate: Int?
    /// Effort of the Opus encoder, from 0 to 10.
    package var audioComplexity = 5
    /// Whether, and how, pictures are recorded; must be `nil` for sound-only containers.
    package var video: Video?
    /// Whether a file of the same name is replaced; otherwise it is an error.
    package var replacesExisting = false
    /// Octets after which the recording ends as on a full disk.
    package var sizeLimit: Int64 = .max
    /// Lines for the journal beside the file while it grows.
    package var journalEntries: [RecordingJournal.Entry] = []

    package init(container: Container) { self.container = container }
}
