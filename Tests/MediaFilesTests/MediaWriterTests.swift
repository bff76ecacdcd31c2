import Glibc
import MediaTypes
import Testing

@testable import MediaFiles

/// A webm configuration for the small test pictures.
func webm(width: Int = 160, height: Int = 120) -> RecordingConfiguration {
    var configuration = RecordingConfiguration(container: .webm)
    configuration.audioComplexity = 0
    configuration.video = RecordingConfiguration.Video()
    configuration.video?.canvas = (width, height)
    return configuration
}

/// Writes `frames` of 20 ms of sound, with a picture for every 33 ms where the recording has some.
func record(
    _ writer: MediaWriter,
    frames: Range<Int>,
    channels: Int = 2,
    pictures: Bool = true,
    afterEach: (Int) throws -> Void = { _ in }
) throws {
    for index in frames {
        try writer.write(TestMedia.sound(index, channels: channels))
        if pictures {
            // Pictures that begin within these 20 ms: one begins every 3,000 ticks, a frame lasts 1,800.
            for picture in (index * 1_800 + 2_999) / 3_000..<((index + 1) * 1_800 + 2_999) / 3_000 {
                try writer.write(TestMedia.picture(picture))
            }
        }
        try afterEach(index)
    }
}

@Suite("Recordings")
struct MediaWriterTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var stereo: MediaReader.Configuration {
        var configuration = MediaReader.Configuration()
        configuration.channels = 2
        return configuration
    }

    @Test("wav gives back every sample", arguments: [1, 2])
    func wave(channels: Int) throws {
        let path = directory.file("call.wav")
        var configuration = RecordingConfiguration(container: .wav)
        configuration.channels = channels
        let writer = try MediaWriter(path: path, configuration: configuration)
        try record(writer, frames: 0..<100, channels: channels, pictures: false)
        try writer.finish()

        var reading = MediaReader.Configuration()
        reading.channels = channels
        let reader = try MediaReader(path: path, configuration: reading)
        let read = try ReadMedia(reader)

        #expect(reader.duration == .seconds(2))
        #expect(read.samples == (0..<100).flatMap { TestMedia.sound($0, channels: channels).samples })
        #expect(read.sound.map(\.timestamp) == (0..<100).map { Int64($0) * 960 })
        #expect(directory.names == ["call.wav"])
        var status = stat()
        #expect(unsafe stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
    }

    @Test("webm gives back sound and pictures at their times, exact to 20 ms, at an SSIM above 0.95")
    func webmRoundTrip() throws {
        let path = directory.file("call.webm")
        let writer = try MediaWriter(path: path, configuration: webm())
        try record(writer, frames: 0..<150)
        try writer.finish()

        let reader = try MediaReader(path: path, configuration: stereo)
        let read = try ReadMedia(reader)

        let duration = try #require(reader.duration)
        #expect(duration >= .milliseconds(2_980) && duration <= .milliseconds(3_020))
        #expect(read.sound.count == 150)
        let sent = (0..<150).flatMap { TestMedia.sound($0).samples }
        #expect(correlation(read.samples, sent) > 0.95)
        #expect(read.pictures.count == 90)
        for (index, picture) in read.pictures.enumerated() {
            // Matroska counts in milliseconds.
            #expect(abs(picture.timestamp - Int64(index) * 3_000) <= 90)
            #expect(structuralSimilarity(picture, TestMedia.picture(index)) > 0.95)
        }
        #expect(reader.audio?.codec == "opus" && reader.video?.codec == "vp8")
        #expect(directory.names == ["call.webm"])
    }

    @Test("a 640x480 picture comes back at an SSIM of 0.95 and above")
    func quality() throws {
        let path = directory.file("large.webm")
        let writer = try MediaWriter(path: path, configuration: webm(width: 640, height: 480))
        let pictures = (0..<20).map { TestMedia.picture($0, width: 640, height: 480) }
        for picture in pictures { try writer.write(picture) }
        try writer.finish()

        let read = try ReadMedia(path: path)

        #expect(read.pictures.count == 20)
        for (picture, original) in zip(read.pictures, pictures) {
            #expect(structuralSimilarity(picture, original) >= 0.95)
        }
    }

    @Test("a recording without pictures has no video track, and one without sound is whole")
    func singleTracks() throws {
        var configuration = webm()
        configuration.video = nil
        let audioOnly = try MediaWriter(path: directory.file("sound.webm"), configuration: configuration)
        try record(audioOnly, frames: 0..<50, pictures: false)
        #expect(throws: RecordingError.self) { try audioOnly.write(TestMedia.picture(0)) }
        try audioOnly.finish()
        let videoOnly = try MediaWriter(path: directory.file("pictures.webm"), configuration: webm())
        for index in 0..<30 { try videoOnly.write(TestMedia.picture(index)) }
        try videoOnly.finish()

        let sound = try MediaReader(path: directory.file("sound.webm"))
        #expect(sound.video == nil)
        let duration = try #require(sound.duration)
        #expect(duration >= .milliseconds(980) && duration <= .milliseconds(1_020))
        #expect(try ReadMedia(sound).sound.count == 50)
        #expect(try ReadMedia(path: directory.file("pictures.webm")).pictures.count == 30)
    }

    @Test("gaps become silence, overlaps are left out, and late pictures keep their time")
    func timeline() throws {
        let path = directory.file("gaps.wav")
        var configuration = RecordingConfiguration(container: .wav)
        configuration.channels = 1
        let writer = try MediaWriter(path: path, configuration: configuration)
        let loud = [Int16](repeating: 1_000, count: 960)
        func frame(_ value: Int16, at timestamp: Int64) -> AudioFrame {
            AudioFrame(samples: loud.map { $0 * value }, sampleRate: 48_000, channels: 1, timestamp: timestamp)
        }
        try writer.write(frame(1, at: 480))
        try writer.write(frame(2, at: 960))
        try writer.write(frame(3, at: 960))
        #expect(writer.audioPosition == 1_920)
        try writer.padAudio(to: 2_880)
        #expect(throws: RecordingError.implausibleTimestamp(.max)) { try writer.write(frame(1, at: .max)) }
        #expect(throws: RecordingError.implausibleTimestamp(.min)) { try writer.write(frame(1, at: .min)) }
        try writer.finish()

        let samples = try ReadMedia(path: path).samples
        #expect(samples.count == 2_880)
        #expect(samples[479] == 0 && samples[480] == 1_000 && samples[1_439] == 1_000)
        #expect(samples[1_440] == 2_000 && samples[1_919] == 2_000 && samples[1_920] == 0)

        let late = try MediaWriter(path: directory.file("late.webm"), configuration: webm())
        try record(late, frames: 0..<50, pictures: false)
        for index in 20..<30 { try late.write(TestMedia.picture(index)) }
        try late.write(TestMedia.picture(3))
        #expect(late.droppedPictures == 1)
        try late.finish()
        let read = try ReadMedia(path: directory.file("late.webm"))
        #expect(read.pictures.count == 10)
        #expect(abs((read.pictures.first?.timestamp ?? 0) - 60_000) <= 90)
    }

    @Test("pictures of any size are scaled to the canvas, which is the first picture's unless it is given")
    func resolutionChanges() throws {
        let path = directory.file("sizes.webm")
        var configuration = webm()
        configuration.video?.canvas = nil
        let writer = try MediaWriter(path: path, configuration: configuration)
        let sizes = [(160, 120), (320, 240), (64, 48), (120, 160), (161, 121), (160, 120)]
        for index in 0..<30 {
            try writer.write(TestMedia.sound(index))
            let size = sizes[index / 5]
            try writer.write(TestMedia.picture(index, width: size.0, height: size.1))
        }
        try writer.finish()

        let read = try ReadMedia(path: path)

        #expect(read.pictures.count == 30)
        #expect(read.pictures.allSatisfy { $0.width == 160 && $0.height == 120 })
        // The upright picture stands between black bars.
        let upright = read.pictures[18]
        #expect(
            upright.data[60 * 160 + 4] < 24 && upright.data[60 * 160 + 80] > 30 && upright.data[60 * 160 + 156] < 24
        )
        #expect(structuralSimilarity(read.pictures[28], TestMedia.picture(28)) > 0.9)
    }

    @Test("sound is not held back for longer than half a second by a picture that does not come")
    func missingPicture() throws {
        let path = directory.file("none.webm")
        var configuration = webm()
        configuration.video?.canvas = nil
        let writer = try MediaWriter(path: path, configuration: configuration)
        try record(writer, frames: 0..<100, pictures: false)

        let recovered = try ReadMedia(path: path + ".part")

        #expect(recovered.sound.count >= 50)
        try writer.finish()
        #expect(try ReadMedia(path: path).sound.count == 100)
    }

    @Test("key frames are at most 5 s apart, whatever the rate of the pictures")
    func keyFrames() throws {
        let path = directory.file("slow.webm")
        let writer = try MediaWriter(path: path, configuration: webm())
        for index in 0..<36 {
            var picture = TestMedia.picture(index)
            picture.timestamp = Int64(index) * 45_000
            try writer.write(picture)
            try writer.padAudio(to: Int64(index) * 24_000)
        }
        try writer.finish()

        let pictures = MatroskaBlocks(try contents(of: path)).blocks.filter { $0.track == 2 }
        let keys = pictures.filter(\.isKeyFrame).map(\.time)
        #expect(pictures.count == 36 && keys.first == 0)
        #expect(zip(keys, keys.dropFirst()).allSatisfy { $1 - $0 <= 5_000 })
        #expect(17_500 - (keys.last ?? 0) <= 5_000)
        #expect(try ReadMedia(path: path).pictures.count == 36)
    }

    @Test("clusters last at most half a second, and tracks are at most 200 ms apart")
    func interleaving() throws {
        let path = directory.file("call.webm")
        let writer = try MediaWriter(path: path, configuration: webm())
        // The pictures arrive in bursts, and for a while not at all.
        for index in 0..<300 {
            try writer.write(TestMedia.sound(index))
            guard index % 15 == 14, index < 150 || index > 200 else { continue }
            for picture in (index - 14) * 3 / 5..<(index + 1) * 3 / 5 { try writer.write(TestMedia.picture(picture)) }
        }
        try writer.finish()

        let file = MatroskaBlocks(try contents(of: path))

        #expect(file.blocks.count > 300 && file.clusters.count >= 12)
        #expect(zip(file.clusters, file.clusters.dropFirst()).allSatisfy { $1 - $0 <= 520 })
        var latest = 0
        for block in file.blocks {
            #expect(block.time >= latest - 320, "a burst covers 300 ms")
            latest = max(latest, block.time)
        }
        #expect(try ReadMedia(path: path).sound.count == 300)
    }

    @Test("silence before the first picture leaves the choice of the canvas to it")
    func silentLead() throws {
        let path = directory.file("lead.webm")
        var configuration = webm()
        configuration.video?.canvas = nil
        let writer = try MediaWriter(path: path, configuration: configuration)
        try writer.padAudio(to: 4_800)
        try writer.padAudio(to: 9_600)
        #expect(writer.audioPosition == 9_600)
        var picture = TestMedia.picture(0)
        picture.timestamp = 18_000
        try writer.write(picture)
        try writer.finish()

        let read = try ReadMedia(path: path)

        #expect(read.pictures.map(\.width) == [160] && read.pictures.map(\.timestamp) == [18_000])
        #expect(read.sound.count == 10 && read.samples.allSatisfy { abs(Int($0)) < 3 })
    }

    @Test("a wrong configuration is refused, and leaves nothing behind")
    func refusals() throws {
        var configuration = RecordingConfiguration(container: .wav)
        configuration.video = RecordingConfiguration.Video()
        #expect(throws: RecordingError.self) {
            try MediaWriter(path: directory.file("a.wav"), configuration: configuration)
        }
        configuration.video = nil
        configuration.channels = 3
        #expect(throws: RecordingError.self) {
            try MediaWriter(path: directory.file("a.wav"), configuration: configuration)
        }
        var large = webm()
        large.video?.canvas = (100_000, 100_000)
        #expect(throws: RecordingError.self) { try MediaWriter(path: directory.file("a.webm"), configuration: large) }
        #expect(directory.names.isEmpty)
    }

    @Test("an existing file or an interrupted recording is not overwritten unless told so")
    func existingFiles() throws {
        let path = directory.file("call.wav")
        var configuration = RecordingConfiguration(container: .wav)
        try write([1, 2, 3], to: path)
        #expect(throws: RecordingError.alreadyExists(path: path)) {
            try MediaWriter(path: path, configuration: configuration)
        }
        _ = unsafe unlink(path)
        try write([1, 2, 3], to: path + ".part")
        #expect(throws: RecordingError.alreadyExists(path: path + ".part")) {
            try MediaWriter(path: path, configuration: configuration)
        }
        #expect(try contents(of: path + ".part") == [1, 2, 3])

        configuration.replacesExisting = true
        let writer = try MediaWriter(path: path, configuration: configuration)
        try record(writer, frames: 0..<5, pictures: false)
        try writer.finish()
        #expect(throws: RecordingError.alreadyFinished) { try writer.finish() }
        #expect(directory.names == ["call.wav"])
    }
}
