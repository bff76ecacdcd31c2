import MediaTypes
import SansIO
import Testing

@testable import Codecs

@Suite("VP8, RFC 6386")
struct VP8Tests {
    @Test(
        "gives back moving pictures above 30 dB, with their timestamps",
        arguments: [(160, 120), (161, 121), (16, 16)]
    )
    func roundTrip(width: Int, height: Int) throws {
        let encoder = VP8Encoder()
        let decoder = try VP8Decoder()

        for index in 0..<30 {
            let picture = Signals.picture(index, width: width, height: height)
            let encoded = try #require(try encoder.encode(picture))
            #expect(encoded.isKeyFrame == (index == 0))
            #expect(encoded.timestamp == picture.timestamp)
            let decoded = try #require(try decoder.decode(encoded))
            #expect(decoded.timestamp == picture.timestamp)
            #expect(peakSignalToNoise(decoded, picture) > 1_000)
        }
        #expect(decoder.rejectedFrames == 0)
    }

    @Test("a key frame comes when forced, when asked for, and after the longest interval")
    func keyFrames() throws {
        var configuration = VP8Encoder.Configuration()
        configuration.maximumKeyFrameInterval = 10
        let encoder = VP8Encoder(configuration)
        var keys: [Int] = []

        for index in 0..<25 {
            if index == 7 { encoder.requestKeyFrame() }
            let encoded = try #require(try encoder.encode(Signals.picture(index), forceKeyFrame: index == 3))
            if encoded.isKeyFrame { keys.append(index) }
        }

        #expect(Array(keys.prefix(3)) == [0, 3, 7])
        #expect(keys.count >= 4 && zip(keys, keys.dropFirst()).allSatisfy { $1 - $0 <= 10 })
    }

    @Test("follows a change of size with a key frame, in both directions")
    func resolutionChange() throws {
        let encoder = VP8Encoder()
        let decoder = try VP8Decoder()

        for (step, size) in [(160, 120), (320, 240), (64, 48), (161, 119)].enumerated() {
            for index in 0..<5 {
                let picture = Signals.picture(step * 5 + index, width: size.0, height: size.1)
                let encoded = try #require(try encoder.encode(picture))
                #expect(encoded.isKeyFrame == (index == 0))
                let decoded = try #require(try decoder.decode(encoded))
                #expect(decoded.width == size.0 && decoded.height == size.1)
                #expect(peakSignalToNoise(decoded, picture) > 1_000)
            }
        }
    }

    @Test("timestamps that stand still, go back or leap do not stop the encoder")
    func oddTimestamps() throws {
        let encoder = VP8Encoder()
        for timestamp in [0, 0, 90_000, 3_000, .max, .min, -5, Int64(1) << 40] {
            var picture = Signals.picture(1)
            picture.timestamp = timestamp
            #expect(try encoder.encode(picture)?.timestamp == timestamp)
        }
    }

    @Test("the rate follows the target")
    func bitrate() throws {
        var configuration = VP8Encoder.Configuration()
        configuration.bitrate = 400_000
        let encoder = VP8Encoder(configuration)
        var random = SplitMix64(seed: 1)
        func size(_ range: Range<Int>) throws -> Int {
            try range.reduce(0) { sum, index in
                var picture = Signals.picture(index)
                for pixel in 0..<160 * 120 { picture.data[pixel] &+= UInt8.random(in: 0...30, using: &random) }
                return sum + (try encoder.encode(picture)?.payload.count ?? 0)
            }
        }

        let before = try size(0..<60)
        try encoder.setBitrate(100_000)
        let after = try size(60..<120)

        #expect(after * 2 < before)
    }

    @Test("wants a key frame at the start and after an error")
    func keyFrameRequired() throws {
        let encoder = VP8Encoder()
        let decoder = try VP8Decoder()
        let key = try #require(try encoder.encode(Signals.picture(0)))
        let delta = try #require(try encoder.encode(Signals.picture(1)))

        #expect(throws: CodecError.keyFrameRequired) { try decoder.decode(delta) }
        #expect(try decoder.decode(key) != nil)
        #expect(!decoder.needsKeyFrame)
        var broken = delta
        broken.payload = []
        #expect(throws: CodecError.self) { try decoder.decode(broken) }
        #expect(decoder.needsKeyFrame && decoder.rejectedFrames == 1)
        #expect(throws: CodecError.keyFrameRequired) { try decoder.decode(delta) }
        #expect(try decoder.decode(key) != nil)
    }

    @Test("refuses a picture beyond its limit before decoding it")
    func sizeBound() throws {
        let decoder = try VP8Decoder(maximumDimension: 4096)
        var key = try #require(try VP8Encoder().encode(Signals.picture(0)))
        key.payload[6...9] = [0xFF, 0x3F, 0xFF, 0x3F]

        #expect(throws: CodecError.pictureTooLarge(width: 16_383, height: 16_383)) { try decoder.decode(key) }
        #expect(throws: CodecError.invalidPictureSize(width: 0, height: 0)) {
            try VP8Encoder().encode(VideoFrame(width: 0, height: 0, data: [], timestamp: 0))
        }
    }

    @Test("survives 5,000 mutated frames, and decodes the next key frame")
    func hostileFrames() throws {
        var random = SplitMix64(seed: 6386)
        let encoder = VP8Encoder()
        let decoder = try VP8Decoder(maximumDimension: 512)
        let frames = try (0..<20).compactMap { index in
            try encoder.encode(Signals.picture(index, width: 64, height: 48), forceKeyFrame: index % 5 == 0)
        }
        var (picture, rejected) = (VideoFrame(width: 0, height: 0, data: [], timestamp: 0), 0)

        for round in 0..<5_000 {
            var payload = frames[round % frames.count].payload
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                // Mostly the body: a broken start code would stop all of them at the door.
                let start = Bool.random(using: &random) ? 0 : min(10, payload.count - 1)
                payload[Int.random(in: start..<payload.count, using: &random)] = UInt8.random(
                    in: 0...255,
                    using: &random
                )
            }
            if round % 4 == 0 { payload.removeLast(Int.random(in: 0...payload.count, using: &random)) }
            do throws(CodecError) {
                _ = try decoder.decode(unsafe payload.span.bytes, timestamp: 0, into: &picture)
                #expect(picture.width <= 512 && picture.height <= 512)
            } catch .keyFrameRequired {
                continue
            } catch {
                rejected += 1
            }
        }

        #expect(rejected > 0 && decoder.rejectedFrames == rejected)
        #expect(try decoder.decode(frames[0])?.width == 64)
    }
}
