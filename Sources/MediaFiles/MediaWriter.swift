internal import CFFmpeg
internal import Glibc
package import MediaTypes

/// Writes decoded sound and pictures to a file, so that a kill at any moment loses at most the last second.
///
/// While it grows the file is called `NAME.part`, with `NAME.journal` beside it; ``finish()`` completes it, gives it its
/// name and removes the journal. After an error that is not ``RecordingError/isRecoverable`` the recording is over: every
/// later call throws the same error, and the `.part` file holds what was written. Not `Sendable`: one call, one owner, on
/// a worker.
package final class MediaWriter {
    private enum State {
        /// Waiting for the first picture, whose size becomes the canvas's.
        case awaitingCanvas(pendingAudio: [AudioFrame])
        case writing(Tracks)
        case finished
        case failed(RecordingError)
    }

    private struct Tracks {
        var audio: AudioTrackWriter
        var video: VideoTrackWriter?
    }

    /// The final name.
    package let path: String
    private let configuration: RecordingConfiguration
    private let output: RecordingOutput
    private let muxer: Muxer
    private var state = State.awaitingCanvas(pendingAudio: [])
    private var header: WAVHeader?

    /// Samples of sound after which the first picture is waited for no longer: 0.5 s.
    private static let canvasPatience: Int64 = 24_000
    private static let defaultCanvas = (width: 640, height: 480)
    /// Samples of silence a single jump of the timestamps may cause: 10 min.
    private static let maximumGap: Int64 = 600 * 48_000

    /// Creates the file and its journal.
    ///
    /// - Parameter path: The final name, in a directory that exists.
    package init(path: String, configuration: RecordingConfiguration) throws(RecordingError) {
        guard (1...2).contains(configuration.channels) else {
            throw .unsuitableFrame(reason: "a recording has 1 or 2 channels")
        }
        guard configuration.container != .wav || configuration.video == nil else {
            throw .container(path: path, reason: "wav holds no pictures")
        }
        if !configuration.replacesExisting, unsafe access(path, F_OK) == 0 { throw .alreadyExists(path: path) }
        self.path = path
        self.configuration = configuration
        let partialPath = RecordingJournal.partialPath(for: path)
        output = try RecordingOutput(
            path: partialPath,
            replacing: configuration.replacesExisting,
            sizeLimit: configuration.sizeLimit
        )
        do throws(RecordingError) {
            muxer = try Muxer(container: configuration.container.rawValue, output: output)
            try Self.journal(configuration).write(for: path, replacing: configuration.replacesExisting)
        } catch {
            _ = unsafe unlink(partialPath)  // nothing in it yet
            throw error
        }
        do throws(RecordingError) {
            let canvas = configuration.video?.canvas
            if configuration.video == nil || canvas != nil { try begin(canvas: canvas) }
        } catch {
            _ = unsafe unlink(partialPath)
            _ = unsafe unlink(RecordingJournal.journalPath(for: path))
            throw error
        }
    }

    /// Octets in the file so far.
    package var size: Int64 { output.size }

    /// Where the sound on the timeline ends, in samples per channel at 48 kHz.
    package var audioPosition: Int64 {
        switch state {
        case .awaitingCanvas(let pending): pending.last.map { $0.timestamp + Int64($0.sampleCount) } ?? 0
        case .writing(let tracks): tracks.audio.position
        case .finished, .failed: 0
        }
    }

    /// Pictures left out because their timestamps did not grow.
    package var droppedPictures: Int {
        guard case .writing(let tracks) = state else { return 0 }
        return tracks.video?.droppedPictures ?? 0
    }

    /// Writes sound: 48 kHz, with the channels of the configuration.
    ///
    /// The timestamp is its place on the recording's timeline, in samples from the start. A gap before it becomes silence;
    /// what overlaps sound already written is left out.
    package func write(_ frame: AudioFrame) throws(RecordingError) {
        guard frame.sampleRate == 48_000, frame.channels == configuration.channels else {
            throw .unsuitableFrame(reason: "\(frame.channels) channels at \(frame.sampleRate) Hz")
        }
        guard frame.timestamp >= -Self.maximumGap, frame.timestamp <= audioPosition + Self.maximumGap else {
            throw .implausibleTimestamp(frame.timestamp)
        }
        try advance { () throws(RecordingError) in
            if case .awaitingCanvas(var pending) = state {
                pending.append(frame)
                state = .awaitingCanvas(pendingAudio: pending)
                guard audioPosition >= Self.canvasPatience else { return }
                return try begin(canvas: Self.defaultCanvas)
            }
            try writeAudio(frame)
        }
    }

    /// Writes a picture at its 90 kHz timestamp, counted from the start of the recording.
    ///
    /// Scaled to the recording's canvas when it has another size. One that is not later than the one before is left out
    /// and counted in ``droppedPictures``.
    package func write(_ picture: VideoFrame) throws(RecordingError) {
        guard configuration.video != nil else { throw .unsuitableFrame(reason: "the recording has no pictures") }
        guard picture.width > 0, picture.height > 0 else { throw .unsuitableFrame(reason: "an empty picture") }
        // 90 kHz against 48 kHz: 15 to 8. Compared without multiplying, since the timestamp may be anything.
        guard picture.timestamp / 15 * 8 <= audioPosition + 2 * Self.maximumGap else {
            throw .implausibleTimestamp(picture.timestamp)
        }
        try advance { () throws(RecordingError) in
            if case .awaitingCanvas = state { try begin(canvas: (picture.width & ~1, picture.height & ~1)) }
            guard case .writing(let tracks) = state else { return }
            try tracks.video?.append(picture)
        }
    }

    /// Extends the sound with silence up to a place on the timeline, in samples.
    package func padAudio(to position: Int64) throws(RecordingError) {
        guard position <= audioPosition + Self.maximumGap else { throw .implausibleTimestamp(position) }
        try advance { () throws(RecordingError) in
            if case .awaitingCanvas = state {
                guard position >= Self.canvasPatience else { return holdSilence(to: position) }
                try begin(canvas: Self.defaultCanvas)
            }
            guard case .writing(let tracks) = state else { return }
            try tracks.audio.pad(to: position)
            header?.updateIfDue(output)
        }
    }

    /// Makes everything written so far readable in the file; for a recorder whose call falls silent.
    package func flush() throws(RecordingError) {
        try advance { () throws(RecordingError) in
            guard case .writing = state else { return }
            try muxer.flush()
            header?.update(output)
        }
    }

    /// Completes the file, waits for the disk, and gives the file its name.
    ///
    /// - Throws: `RecordingError`; the `.part` file and the journal then stay.
    package func finish() throws(RecordingError) {
        if case .finished = state { throw .alreadyFinished }
        try advance { () throws(RecordingError) in
            if case .awaitingCanvas = state { try begin(canvas: Self.defaultCanvas) }
            guard case .writing(let tracks) = state else { return }
            try tracks.audio.end()
            try tracks.video?.finish()
            try muxer.end()
            header?.update(output)
            try output.close()
            try publish()
            state = .finished
        }
    }

    /// Runs a step of the recording; an error that ends it is kept, and the file closed.
    private func advance(_ step: () throws(RecordingError) -> Void) throws(RecordingError) {
        switch state {
        case .failed(let error): throw error
        case .finished: throw .alreadyFinished
        case .awaitingCanvas, .writing: break
        }
        do throws(RecordingError) {
            try step()
        } catch {
            if !error.isRecoverable { fail(error) }
            throw error
        }
    }

    private func fail(_ error: RecordingError) {
        state = .failed(error)
        do throws(RecordingError) {
            // An encoder's failure leaves the container whole: what it holds can still be written.
            if case .encoder = error { try muxer.flush() }
            header?.update(output)
            try output.close()
        } catch {
            // The failure that ended the recording is the one to report; closing only repeats it.
        }
    }

    private func begin(canvas: (width: Int, height: Int)?) throws(RecordingError) {
        var pending: [AudioFrame] = []
        if case .awaitingCanvas(let frames) = state { pending = frames }
        let audio = try AudioTrackWriter(configuration, muxer: muxer)
        var video: VideoTrackWriter?
        if let canvas, let settings = configuration.video {
            video = try VideoTrackWriter(settings, width: canvas.width, height: canvas.height, muxer: muxer)
        }
        switch configuration.container {
        case .webm:
            // Clusters of half a second are what a kill can cost.
            try muxer.begin(options: [("cluster_time_limit", "500")])
        case .wav:
            // Room for 64-bit sizes, used only beyond 4 GiB.
            try muxer.begin(options: [("rf64", "auto")])
            header = WAVHeader(dataOffset: output.size)
        }
        state = .writing(Tracks(audio: audio, video: video))
        for frame in pending { try writeAudio(frame) }
    }

    private func holdSilence(to position: Int64) {
        guard case .awaitingCanvas(var pending) = state, position > audioPosition else { return }
        let count = Int(position - audioPosition) * configuration.channels
        pending.append(
            AudioFrame(
                samples: [Int16](repeating: 0, count: count),
                sampleRate: 48_000,
                channels: configuration.channels,
                timestamp: audioPosition
            )
        )
        state = .awaitingCanvas(pendingAudio: pending)
    }

    private func writeAudio(_ frame: AudioFrame) throws(RecordingError) {
        guard case .writing(let tracks) = state else { return }
        try tracks.audio.pad(to: frame.timestamp)
        let overlap = Int(min(tracks.audio.position - frame.timestamp, Int64(frame.sampleCount)))
        try tracks.audio.append(frame.samples.dropFirst(overlap * frame.channels))
        header?.updateIfDue(output)
    }

    /// Gives the complete file its name, and removes the journal.
    private func publish() throws(RecordingError) {
        let partialPath = RecordingJournal.partialPath(for: path)
        guard unsafe rename(partialPath, path) == 0 else {
            throw .cannotRename(path: path, reason: MediaLibraries.message(-errno))
        }
        // A journal without its .part file says that nothing is left to repair.
        _ = unsafe unlink(RecordingJournal.journalPath(for: path))
    }

    private static func journal(_ configuration: RecordingConfiguration) -> RecordingJournal {
        let entries = [
            RecordingJournal.Entry("container", configuration.container.rawValue),
            RecordingJournal.Entry("audio", "48000 Hz, \(configuration.channels)"),
            RecordingJournal.Entry("video", configuration.video == nil ? "none" : "VP8"),
        ]
        return RecordingJournal(entries: entries + configuration.journalEntries)
    }
}
