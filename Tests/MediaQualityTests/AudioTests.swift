import MediaQuality
import SansIO
import Testing

@Suite("Audio alignment")
struct AudioAlignmentTests {
    /// Noise in bursts, as speech is: loud for 150 ms, quiet for 100 ms, at 8 kHz.
    private func speech(count: Int, seed: UInt64 = 5) -> [Int16] {
        var random = SplitMix64(seed: seed)
        var last = 0.0
        return (0..<count).map { index in
            last = 0.7 * last + Double.random(in: -3000...3000, using: &random)
            return Int16(index % 2000 < 1200 ? last : last / 50)
        }
    }

    @Test("finds the delay to the sample", arguments: [-700, -1, 0, 1, 333, 1600])
    func delay(samples: Int) throws {
        let reference = speech(count: 16_000)
        let recording =
            samples >= 0
            ? [Int16](repeating: 0, count: samples) + reference
            : Array(reference.dropFirst(-samples))

        let alignment = try #require(
            AudioAlignment(reference: reference, recording: recording, maximumDelay: 2000)
        )

        #expect(alignment.delay == samples)
        #expect(alignment.correlation > 0.95)
    }

    @Test("of unrelated signals correlates little")
    func unrelated() throws {
        let alignment = try #require(
            AudioAlignment(
                reference: speech(count: 16_000),
                recording: speech(count: 16_000, seed: 6),
                maximumDelay: 2000
            )
        )

        #expect(alignment.correlation < 0.2)
    }

    @Test("of silence has no value")
    func silence() {
        let silence = [Int16](repeating: 0, count: 100)

        #expect(AudioAlignment(reference: speech(count: 100), recording: silence, maximumDelay: 10) == nil)
        #expect(AudioAlignment(reference: [], recording: silence, maximumDelay: 10) == nil)
    }

    @Test("second by second shows the second that was dropped, where the whole does not")
    func droppedSecond() throws {
        let reference = speech(count: 80_000)
        var recording = reference
        for index in 24_000..<32_000 { recording[index] = 0 }
        let alignment = try #require(
            AudioAlignment(reference: reference, recording: recording, maximumDelay: 2000)
        )

        let profile = CorrelationProfile(
            reference: reference,
            recording: recording,
            delay: alignment.delay,
            window: 8000
        )

        #expect(alignment.correlation > 0.9)
        #expect(profile.worst < 0.1)
        #expect(profile.windows.count == 10)
    }

    @Test(
        "level in decibels follows the logarithm",
        arguments: [(1.0, 0.0), (2, 3.010_299_957), (1e-6, -60), (1e9, 90)]
    )
    func logarithm(ratio: Double, expected: Double) {
        #expect(abs(decibels(ratio) - expected) < 1e-8)
    }
}
