import Glibc
import MediaTypes
import SansIO
import Testing

@testable import MediaFiles

@Suite("Playing files")
struct MediaReaderTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func clip(_ name: String = "clip.webm", frames: Int = 50) throws -> String {
        let path = directory.file(name)
        let writer = try MediaWriter(path: path, configuration: webm())
        try record(writer, frames: 0..<frames)
        try writer.finish()
        return path
    }

    @Test(
        "sound of any rate becomes 48 kHz, as long as it was",
        arguments: [8_000, 16_000, 22_050, 44_100, 48_000, 96_000]
    )
    func sampleRates(rate: Int) throws {
        let path = directory.file("tone.wav")
        let tone = (0..<rate).map { Int16(8_000 * sin(Double($0) * 2 * .pi * 440 / Double(rate))) }
        try write(TestMedia.wave(tone, sampleRate: rate, channels: 1), to: path)
        var configuration = MediaReader.Configuration()
        configuration.channels = 2

        let read = try ReadMedia(path: path, configuration)

        #expect(read.sound.count == 50)
        #expect(read.sound.allSatisfy { $0.channels == 2 && $0.sampleCount == 960 })
        #expect(read.sound.map(\.timestamp) == (0..<50).map { Int64($0) * 960 })
        let left = read.samples.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
        let expected = (0..<48_000).map { Int16(8_000 * sin(Double($0) * 2 * .pi * 440 / 48_000)) }
        // Equal power on two channels is a matter of libswresample's matrix; the shape must be the same.
        #expect(correlation(left.dropLast(2_000), expected) > 0.99)
    }

    @Test("the last frame is filled up with silence")
    func partialFrame() throws {
        let path = directory.file("short.wav")
        try write(TestMedia.wave([Int16](repeating: 5, count: 1_000), sampleRate: 48_000, channels: 1), to: path)

        let read = try ReadMedia(path: path)

        #expect(read.sound.count == 2)
        #expect(read.samples[999] == 5 && read.samples[1_000] == 0)
    }

    @Test("loops go on without a gap and without drift between sound and pictures")
    func loops() throws {
        let path = try clip(frames: 49)
        let reader = try MediaReader(path: path)

        var passes: [ReadMedia] = []
        for _ in 0..<4 {
            passes.append(try ReadMedia(reader))
            try reader.rewind()
        }

        let first = passes[0]
        #expect(first.sound.count == 49 && first.pictures.count == 30)
        // 30 pictures last 1 s, longer than 49 frames of sound.
        for (index, pass) in passes.enumerated() {
            let shift = Int64(index) * 48_000
            #expect(pass.sound.map(\.timestamp) == first.sound.map { $0.timestamp + shift })
            #expect(pass.pictures.map(\.timestamp) == first.pictures.map { $0.timestamp + shift / 8 * 15 })
            #expect(pass.pictures.map(\.data) == first.pictures.map(\.data))
            #expect(pass.samples == first.samples)
        }
    }

    @Test("pictures come at the size asked for, with bars where the shapes differ")
    func scaling() throws {
        let path = try clip(frames: 10)
        var configuration = MediaReader.Configuration()
        configuration.wantsAudio = false
        configuration.videoSize = .init(width: 320, height: 180)

        let boxed = try ReadMedia(path: path, configuration)
        configuration.fit = .stretch
        let stretched = try ReadMedia(path: path, configuration)

        #expect(boxed.sound.isEmpty && boxed.pictures.count == 6)
        let picture = try #require(boxed.pictures.first)
        #expect(picture.width == 320 && picture.height == 180)
        #expect(
            picture.data[90 * 320 + 5] == 16 && picture.data[90 * 320 + 160] > 30 && picture.data[90 * 320 + 315] == 16
        )
        #expect(try #require(stretched.pictures.first).data[90 * 320 + 5] > 30)
    }

    @Test("what cannot be opened is named, with the reason")
    func unreadableFiles() throws {
        func message(_ path: String) -> String {
            do throws(MediaFileError) {
                _ = try MediaReader(path: path)
                return ""
            } catch {
                return error.description
            }
        }
        let missing = directory.file("missing.wav")
        #expect(message(missing) == "cannot open \(missing): No such file or directory")
        #expect(message(directory.path).contains("not a regular file"))
        let empty = directory.file("empty.webm")
        try write([], to: empty)
        #expect(message(empty).contains(empty))
        let text = directory.file("text.txt")
        try write("no media here\n".utf8, to: text)
        #expect(message(text).contains(text))
        #expect(message("http://127.0.0.1/clip.webm").contains("No such file"))
        let fifo = directory.file("fifo")
        #expect(unsafe mkfifo(fifo, 0o600) == 0)
        #expect(message(fifo).contains("not a regular file"))
    }

    @Test("a playlist reaches no other file", arguments: ["ffconcat", "hls", "sdp"])
    func playlists(kind: String) throws {
        let target = try clip(frames: 10)
        let path = directory.file("list." + kind)
        switch kind {
        case "ffconcat": try write("ffconcat version 1.0\nfile clip.webm\n".utf8, to: path)
        case "hls":
            let list = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n\(target)\n#EXT-X-ENDLIST\n"
            try write(list.utf8, to: path)
        default: try write("v=0\nc=IN IP4 127.0.0.1\nm=audio 4000 RTP/AVP 0\n".utf8, to: path)
        }

        #expect(throws: MediaFileError.self) {
            let read = try ReadMedia(path: path)
            #expect(read.sound.isEmpty && read.pictures.isEmpty)
            throw MediaFileError.nothingToPlay(path: path)
        }
    }

    @Test("a file cut at any point ends early or throws, and gives what comes before", arguments: ["webm", "wav"])
    func truncation(kind: String) throws {
        let path: String
        if kind == "webm" {
            path = try clip(frames: 30)
        } else {
            path = directory.file("whole.wav")
            let samples = (0..<30).flatMap { TestMedia.sound($0, channels: 1).samples }
            try write(TestMedia.wave(samples, sampleRate: 48_000, channels: 1), to: path)
        }
        let bytes = try contents(of: path)
        let cut = directory.file("cut." + kind)
        var most = 0

        for step in 0..<40 {
            let count = step < 20 ? step * 30 : bytes.count * (step - 19) / 20
            try write(bytes.prefix(count), to: cut)
            do throws(MediaFileError) {
                let read = try ReadMedia(path: cut)
                #expect(read.sound.count <= 30)
                most = max(most, read.sound.count)
            } catch {
                #expect(error.description.contains(cut))
            }
        }

        #expect(most == 30)
    }

    @Test("survives seeded mutations of whole files", arguments: ["webm", "wav"])
    func mutations(kind: String) throws {
        var random = SplitMix64(seed: 4242)
        var configuration = MediaReader.Configuration()
        configuration.maximumDimension = 1_024
        configuration.videoSize = .init(width: 64, height: 48)
        let samples = (0..<10).flatMap { TestMedia.sound($0, channels: 1).samples }
        let bytes =
            kind == "webm"
            ? try contents(of: clip(frames: 10)) : TestMedia.wave(samples, sampleRate: 48_000, channels: 1)
        let path = directory.file("mutated." + kind)
        var outcomes = (read: 0, refused: 0)

        for round in 0..<200 {
            var mutated = bytes
            // Half of them hit the headers, where the structure is.
            let range = round.isMultiple(of: 2) ? 0..<min(600, bytes.count) : 0..<bytes.count
            for _ in 0..<Int.random(in: 1...10, using: &random) {
                mutated[Int.random(in: range, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            try write(mutated, to: path)
            do throws(MediaFileError) {
                let reader = try MediaReader(path: path, configuration: configuration)
                var items = 0
                while try reader.readNext() != .end, items < 2_000 { items += 1 }
                outcomes.read += 1
            } catch {
                outcomes.refused += 1
            }
        }

        #expect(outcomes.read > 0 && outcomes.refused > 0)
    }

    @Test("the libraries say their versions")
    func versions() {
        let versions = mediaLibraryVersions()
        #expect(versions.map(\.name).prefix(3) == ["libavformat", "libavcodec", "libavutil"])
        #expect(versions.allSatisfy { $0.version.split(separator: ".").count == 3 })
    }
}
