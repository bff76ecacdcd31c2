import Glibc
import MediaTypes
import Testing

@testable import MediaFiles

@Suite("Resampling and scaling")
struct ConversionTests {
    @Test("keeps the duration and the shape of a tone, there and back", arguments: [8_000, 16_000, 44_100])
    func resampling(rate: Int) throws {
        let wide = Resampler.Format(sampleRate: 48_000, channels: 1)
        let narrow = Resampler.Format(sampleRate: rate, channels: 1)
        let down = try Resampler(from: wide, to: narrow)
        let up = try Resampler(from: narrow, to: wide)
        let input = (0..<48_000).map { Int16(8_000 * sin(Double($0) * 2 * .pi * 440 / 48_000)) }
        var (low, high): ([Int16], [Int16]) = ([], [])

        for start in stride(from: 0, to: input.count, by: 960) {
            down.convert(input.span.extracting(start..<start + 960), appendingTo: &low)
        }
        down.flush(appendingTo: &low)
        up.convert(low.span, appendingTo: &high)
        up.flush(appendingTo: &high)

        #expect(abs(low.count - rate) <= 2 && abs(high.count - 48_000) <= 12)
        #expect(correlation(high, input) > 0.99)
    }

    @Test("mixes two channels to one and spreads one to two")
    func channels() throws {
        let stereo = Resampler.Format(sampleRate: 48_000, channels: 2)
        let mono = Resampler.Format(sampleRate: 48_000, channels: 1)
        var (mixed, spread): ([Int16], [Int16]) = ([], [])

        try Resampler(from: stereo, to: mono).convert([1_000, 3_000, -200, 200].span, appendingTo: &mixed)
        try Resampler(from: mono, to: stereo).convert([1_000, -1_000].span, appendingTo: &spread)

        #expect(mixed == [2_000, 0])
        #expect(spread.count == 4 && spread[0] == spread[1] && spread[2] == -spread[0])
    }

    @Test("refuses formats that cannot be", arguments: [(0, 1), (48_000, 0), (-1, 2), (48_000, 65), (10_000_000, 1)])
    func badFormats(rate: Int, channels: Int) {
        let good = Resampler.Format(sampleRate: 48_000, channels: 1)
        let bad = Resampler.Format(sampleRate: rate, channels: channels)
        #expect(throws: Resampler.UnsupportedConversion.self) { try Resampler(from: bad, to: good) }
        #expect(throws: Resampler.UnsupportedConversion.self) { try Resampler(from: good, to: bad) }
    }

    @Test("a picture of the right size passes unchanged, and down and up again keeps its shape")
    func scaling() throws {
        let picture = TestMedia.picture(3, width: 320, height: 240)

        #expect(try VideoScaler(width: 320, height: 240).scale(picture) == picture)
        let small = try VideoScaler(width: 160, height: 120).scale(picture)
        let large = try VideoScaler(width: 320, height: 240).scale(small)
        #expect(large.timestamp == picture.timestamp)
        #expect(structuralSimilarity(large, picture) > 0.7)
    }

    @Test("letterboxed pictures of changing shape leave no trace of each other")
    func letterbox() throws {
        let scaler = try VideoScaler(width: 160, height: 120)
        for (width, height) in [(120, 160), (160, 120), (320, 120), (320, 240), (90, 160), (3, 3), (1, 400)] {
            let white = VideoFrame(width: width, height: height, luma: 235)
            let scaled = try scaler.scale(white)
            let shape = Double(width) / Double(height)
            let isUpright = shape < 4.0 / 3 - 0.02
            let isFlat = shape > 4.0 / 3 + 0.02
            #expect((scaled.data[60 * 160 + 1] == 16) == isUpright, "\(width)x\(height)")
            #expect((scaled.data[1 * 160 + 79] == 16) == isFlat, "\(width)x\(height)")
            #expect(scaled.data[60 * 160 + 79] > 225, "\(width)x\(height)")
        }
    }

    @Test("refuses sizes that cannot be")
    func badSizes() throws {
        #expect(throws: VideoScaler.UnsupportedPicture.self) { try VideoScaler(width: 0, height: 10) }
        #expect(throws: VideoScaler.UnsupportedPicture.self) { try VideoScaler(width: 20_000, height: 10) }
        let scaler = try VideoScaler(width: 16, height: 16)
        #expect(throws: VideoScaler.UnsupportedPicture.self) {
            try scaler.scale(VideoFrame(width: 0, height: 0, data: [], timestamp: 0))
        }
    }
}
