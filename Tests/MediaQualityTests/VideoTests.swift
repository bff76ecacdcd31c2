import MediaQuality
import MediaTypes
import SansIO
import Testing

@Suite("Frame strip")
struct FrameStripTests {
    @Test("reads every number it draws", arguments: [0, 1, 299, 0x5555, 0xAAAA, 0xFFFF] as [UInt16])
    func roundTrip(number: UInt16) {
        var frame = VideoFrame(width: 640, height: 480, luma: 90)
        FrameStrip.draw(number, on: &frame)

        #expect(FrameStrip.read(frame) == number)
    }

    @Test("is readable at a quarter of the size, with noise")
    func small() {
        var random = SplitMix64(seed: 3)
        var frame = VideoFrame(width: 160, height: 120, luma: 90)
        FrameStrip.draw(1234, on: &frame)
        for index in 0..<160 * 120 {
            let noisy = Int(frame.data[index]) + Int.random(in: -40...40, using: &random)
            frame.data[index] = UInt8(clamping: noisy)
        }

        #expect(FrameStrip.read(frame) == 1234)
    }

    @Test("is absent from a grey picture, and a wrong bit is noticed")
    func absent() {
        var frame = VideoFrame(width: 640, height: 480, luma: 90)
        #expect(FrameStrip.read(frame) == nil)

        FrameStrip.draw(77, on: &frame)
        for y in 0..<32 {
            for x in 200..<222 { frame.data[y * 640 + x] = 255 - frame.data[y * 640 + x] }
        }
        #expect(FrameStrip.read(frame) == nil)
    }

    @Test("of a picture too small to hold one is absent")
    func tiny() {
        #expect(FrameStrip.read(VideoFrame(width: 16, height: 16, luma: 200)) == nil)
    }
}

@Suite("Picture similarity, Wang et al. 2004")
struct PictureSimilarityTests {
    private func textured(offset: Int = 0) -> VideoFrame {
        var frame = VideoFrame(width: 64, height: 48, luma: 0)
        for y in 0..<48 {
            for x in 0..<64 { frame.data[y * 64 + x] = UInt8(clamping: (x * 5 + y * 3) % 200 + offset) }
        }
        return frame
    }

    @Test("of a picture with itself is perfect")
    func identity() throws {
        #expect(try #require(PictureSimilarity.ssim(textured(), textured())) > 0.999_999)
        #expect(PictureSimilarity.psnr(textured(), textured()) == 99)
    }

    @Test("by PSNR follows the definition: an error of 5 everywhere is 34.15 dB")
    func definition() throws {
        let psnr = try #require(PictureSimilarity.psnr(textured(), textured(offset: 5)))

        #expect(abs(psnr - 34.1514) < 0.001)
    }

    @Test("falls with noise, and to nearly nothing for a grey picture")
    func order() throws {
        var random = SplitMix64(seed: 9)
        var noisy = textured()
        for index in 0..<64 * 48 {
            noisy.data[index] = UInt8(clamping: Int(noisy.data[index]) + Int.random(in: -30...30, using: &random))
        }
        let withNoise = try #require(PictureSimilarity.ssim(textured(), noisy))
        let grey = try #require(PictureSimilarity.ssim(textured(), VideoFrame(width: 64, height: 48, luma: 100)))

        #expect(withNoise < 0.98)
        #expect(grey < 0.2)
        #expect(grey < withNoise)
    }

    @Test("of different sizes has no value")
    func sizes() {
        #expect(PictureSimilarity.ssim(textured(), VideoFrame(width: 32, height: 48, luma: 0)) == nil)
        #expect(PictureSimilarity.psnr(textured(), VideoFrame(width: 32, height: 48, luma: 0)) == nil)
    }
}
