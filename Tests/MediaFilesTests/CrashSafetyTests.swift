import Glibc
import MediaTypes
import SansIO
import Testing

@testable import MediaFiles

@Suite("Recordings that are cut short")
struct CrashSafetyTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("a kill at any moment loses at most the last second", arguments: RecordingConfiguration.Container.allCases)
    func kill(container: RecordingConfiguration.Container) throws {
        let path = directory.file("call." + container.rawValue)
        let hasPictures = container == .webm
        let configuration = hasPictures ? webm() : RecordingConfiguration(container: container)
        let writer = try MediaWriter(path: path, configuration: configuration)
        var random = SplitMix64(seed: 9)
        let moments = Set((0..<12).map { _ in Int.random(in: 60..<300, using: &random) })
        var copies: [(frames: Int, path: String)] = []

        try record(writer, frames: 0..<300, pictures: hasPictures) { index in
            guard moments.contains(index) else { return }
            // What the kernel has at this moment is what a killed process leaves.
            let copy = directory.file("copy-\(index).part")
            try write(try contents(of: path + ".part"), to: copy)
            copies.append((index + 1, copy))
        }
        try writer.finish()

        #expect(copies.count == moments.count)
        for copy in copies {
            let read = try ReadMedia(path: copy.path)
            let written = Double(copy.frames) * 0.02
            #expect(Double(read.sound.count) * 0.02 >= written - 1, "after \(copy.frames) frames")
            if hasPictures {
                let end = Double(read.pictures.last?.timestamp ?? 0) / 90_000
                #expect(end >= written - 1, "after \(copy.frames) frames")
            }
            if container == .wav {
                let bytes = try contents(of: copy.path)
                let size = bytes[4..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
                #expect(size > 0 && size + 8 <= bytes.count && bytes.count - size - 8 <= 100_000)
            }
        }
        #expect(try ReadMedia(path: path).sound.count == 300)
    }

    @Test("while it grows there is a journal that says what the file is")
    func journal() throws {
        let path = directory.file("call.webm")
        var configuration = webm()
        configuration.journalEntries = [.init("call", "a b\nc: d"), .init("started", "2025-01-01T00:00:00Z")]
        let writer = try MediaWriter(path: path, configuration: configuration)
        try record(writer, frames: 0..<5)

        #expect(directory.names == ["call.webm.journal", "call.webm.part"])
        let text = String(decoding: try contents(of: path + ".journal"), as: UTF8.self)
        let journal = try #require(RecordingJournal(parsing: text))
        #expect(journal[key: "container"] == "webm" && journal[key: "call"] == "a b c: d")
        #expect(journal[key: "started"] == "2025-01-01T00:00:00Z")
        #expect(RecordingJournal(parsing: "something else\n") == nil && RecordingJournal(parsing: "") == nil)
        try writer.finish()
        #expect(directory.names == ["call.webm"])
    }

    @Test(
        "a full disk ends the recording with its error, once, and what was written is readable",
        arguments: RecordingConfiguration.Container.allCases
    )
    func fullDisk(container: RecordingConfiguration.Container) throws {
        let path = directory.file("call." + container.rawValue)
        let hasPictures = container == .webm
        var configuration = hasPictures ? webm() : RecordingConfiguration(container: container)
        configuration.sizeLimit = hasPictures ? 100_000 : 500_000
        let writer = try MediaWriter(path: path, configuration: configuration)
        let full = RecordingError.diskFull(path: path + ".part")
        var frames = 0

        #expect(throws: full) {
            try record(writer, frames: 0..<3_000, pictures: hasPictures) { frames = $0 }
        }

        #expect(frames > 30)
        #expect(throws: full) { try writer.write(TestMedia.sound(frames + 2)) }
        #expect(throws: full) { try writer.finish() }
        #expect(!full.isRecoverable)
        #expect(directory.names.contains("call.\(container.rawValue).part"))
        let read = try ReadMedia(path: path + ".part")
        #expect(Double(read.sound.count) * 0.02 >= Double(frames) * 0.02 - 1)
    }

    @Test("a real ENOSPC of the kernel becomes the same error")
    func devFull() throws {
        let output = try RecordingOutput(path: "/dev/full", replacing: true)
        let muxer = try Muxer(container: "wav", output: output)

        #expect(throws: RecordingError.diskFull(path: "/dev/full")) {
            _ = try AudioTrackWriter(RecordingConfiguration(container: .wav), muxer: muxer)
            try muxer.begin(options: [])
        }

        #expect(output.failure == .diskFull(path: "/dev/full") && output.bytesWritten == 0)
        #expect(throws: RecordingError.diskFull(path: "/dev/full")) { try output.close() }
        #expect(throws: Never.self) { try output.close() }
    }

    @Test("a directory that cannot be written to is named, and so is a link in the way")
    func unwritable() throws {
        let path = "/proc/no-such-directory/call.webm"
        #expect {
            _ = try MediaWriter(path: path, configuration: webm())
        } throws: { error in
            String(describing: error).contains("/proc/no-such-directory")
        }

        let link = directory.file("call.webm")
        #expect(unsafe symlink("/tmp/elsewhere", link + ".part") == 0)
        var configuration = webm()
        configuration.replacesExisting = true
        #expect(throws: RecordingError.self) { try MediaWriter(path: link, configuration: configuration) }
    }

    @Test("a recording dropped without being finished keeps its part and journal")
    func abandoned() throws {
        let path = directory.file("call.wav")
        do {
            let writer = try MediaWriter(path: path, configuration: RecordingConfiguration(container: .wav))
            try record(writer, frames: 0..<100, pictures: false)
        }
        #expect(directory.names == ["call.wav.journal", "call.wav.part"])
        #expect(try ReadMedia(path: path + ".part").sound.count == 100)
    }

    @Test("flush makes all sound and pictures readable at once")
    func flush() throws {
        let path = directory.file("call.webm")
        let writer = try MediaWriter(path: path, configuration: webm())
        try record(writer, frames: 0..<60)
        try writer.flush()

        #expect(try ReadMedia(path: path + ".part").sound.count >= 58)
        try record(writer, frames: 60..<100)
        try writer.finish()
        #expect(try ReadMedia(path: path).sound.count == 100)
    }
}
