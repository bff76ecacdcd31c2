import Glibc
import MediaTypes

@testable import MediaFiles

/// A directory of its own for a test, removed with what is in it when the test is over.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/offhook-media-XXXXXX".utf8CString)
        let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
            unsafe buffer.baseAddress.flatMap { unsafe mkdtemp($0) } != nil
        }
        guard made else { throw RecordingError.cannotCreate(path: "/tmp", reason: "mkdtemp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in names { _ = unsafe unlink(path + "/" + name) }
        _ = unsafe rmdir(path)
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// The names of the files in it, sorted.
    var names: [String] {
        guard let directory = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// Reads a whole file.
func contents(of path: String) throws -> [UInt8] {
    let descriptor = unsafe open(path, O_RDONLY)
    guard descriptor >= 0 else { throw MediaFileError.cannotOpen(path: path, reason: "errno \(errno)") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return bytes }
        bytes += chunk[..<count]
    }
}

/// Writes a whole file.
func write(_ bytes: some Collection<UInt8>, to path: String) throws {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else { throw MediaFileError.cannotOpen(path: path, reason: "errno \(errno)") }
    defer { close(descriptor) }
    let bytes = Array(bytes)
    let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
    guard count == bytes.count else { throw MediaFileError.cannotOpen(path: path, reason: "errno \(errno)") }
}

/// Sound and pictures computed from a formula, so that a test knows every sample.
enum TestMedia {
    /// 20 ms of a tone that gets louder and softer; the right channel carries another one.
    static func sound(_ index: Int, channels: Int = 2) -> AudioFrame {
        let samples = (0..<960 * channels).map { position in
            let sample = index * 960 + position / channels
            let isRight = position % channels == 1
            let envelope = 0.5 + 0.5 * sin(Double(sample) * 2 * .pi / 24_000)
            return Int16(8_000 * envelope * sin(Double(sample) * 2 * .pi * (isRight ? 300 : 440) / 48_000))
        }
        return AudioFrame(samples: samples, sampleRate: 48_000, channels: channels, timestamp: Int64(index) * 960)
    }

    /// A gradient with texture and a bright square that moves, 30 pictures a second.
    static func picture(_ index: Int, width: Int = 160, height: Int = 120) -> VideoFrame {
        var frame = VideoFrame(width: width, height: height, luma: 0, timestamp: Int64(index) * 3_000)
        let square = max(8, width / 6)
        let left = (index * 3) % max(1, width - square)
        let top = (index * 2) % max(1, height - square)
        unsafe frame.data.withUnsafeMutableBufferPointer { data in
            for y in 0..<height {
                for x in 0..<width {
                    let isInside = x >= left && x < left + square && y >= top && y < top + square
                    let texture = ((x / 4) ^ (y / 4)) & 1 == 0 ? 12 : 0
                    unsafe data[y * width + x] = isInside ? 220 : UInt8(40 + (x + y) * 100 / (width + height) + texture)
                }
            }
        }
        return frame
    }

    /// A RIFF file of 16-bit samples, made without the code under test.
    static func wave(_ samples: [Int16], sampleRate: Int, channels: Int) -> [UInt8] {
        func bytes(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        let data = samples.flatMap { bytes(Int($0), 2) }
        let format =
            bytes(1, 2) + bytes(channels, 2) + bytes(sampleRate, 4) + bytes(sampleRate * channels * 2, 4)
            + bytes(channels * 2, 2) + bytes(16, 2)
        return Array("RIFF".utf8) + bytes(36 + data.count, 4) + Array("WAVEfmt ".utf8) + bytes(16, 4) + format
            + Array("data".utf8) + bytes(data.count, 4) + data
    }
}

/// Everything a file holds, read to its end.
struct ReadMedia {
    var sound: [AudioFrame] = []
    var pictures: [VideoFrame] = []

    init(_ reader: MediaReader) throws(MediaFileError) {
        while true {
            switch try reader.readNext() {
            case .audio(let frame): sound.append(frame)
            case .video(let picture): pictures.append(picture)
            case .end: return
            }
        }
    }

    init(path: String, _ configuration: MediaReader.Configuration = .init()) throws(MediaFileError) {
        try self.init(MediaReader(path: path, configuration: configuration))
    }

    var samples: [Int16] { sound.flatMap(\.samples) }
}

/// Normalised correlation of two signals over their common length.
func correlation(_ first: some Collection<Int16>, _ second: some Collection<Int16>) -> Double {
    var (cross, energyOfFirst, energyOfSecond) = (0.0, 0.0, 0.0)
    for (left, right) in zip(first, second) {
        cross += Double(left) * Double(right)
        energyOfFirst += Double(left) * Double(left)
        energyOfSecond += Double(right) * Double(right)
    }
    let product = energyOfFirst * energyOfSecond
    return product > 0 ? cross / product.squareRoot() : 0
}

/// Structural similarity of the luma planes, over blocks of 8 by 8 that do not overlap (Wang and others, 2004).
func structuralSimilarity(_ first: VideoFrame, _ second: VideoFrame) -> Double {
    guard first.width == second.width, first.height == second.height else { return 0 }
    let (c1, c2) = (6.5025, 58.5225)
    var (sum, blocks) = (0.0, 0.0)
    for blockY in 0..<first.height / 8 {
        for blockX in 0..<first.width / 8 {
            var (sumX, sumY, sumXX, sumYY, sumXY) = (0, 0, 0, 0, 0)
            for row in 0..<8 {
                let start = (blockY * 8 + row) * first.width + blockX * 8
                for index in start..<start + 8 {
                    let (x, y) = (Int(first.data[index]), Int(second.data[index]))
                    sumX += x
                    sumY += y
                    sumXX += x * x
                    sumYY += y * y
                    sumXY += x * y
                }
            }
            let (meanX, meanY) = (Double(sumX) / 64, Double(sumY) / 64)
            let varianceX = Double(sumXX) / 64 - meanX * meanX
            let varianceY = Double(sumYY) / 64 - meanY * meanY
            let covariance = Double(sumXY) / 64 - meanX * meanY
            sum +=
                (2 * meanX * meanY + c1) * (2 * covariance + c2)
                / ((meanX * meanX + meanY * meanY + c1) * (varianceX + varianceY + c2))
            blocks += 1
        }
    }
    return blocks > 0 ? sum / blocks : 0
}
