import MediaTypes

/// Sound and pictures computed from a formula, so that a test knows every sample.
enum Signals {
    /// Speech-like sound at 48 kHz: a gliding voice with harmonics, in syllables.
    static func speech(sampleCount: Int, channels: Int = 1) -> [Int16] {
        var samples: [Int16] = []
        samples.reserveCapacity(sampleCount * channels)
        for index in 0..<sampleCount {
            let seconds = Double(index) / 48_000
            let pitch = 140 + 30 * triangle(seconds * 0.7)
            let envelope = 0.3 + 0.7 * abs(triangle(seconds * 3))
            let voice = (1...6).reduce(0.0) { sum, harmonic in
                sum + sine(seconds * pitch * Double(harmonic)) / Double(harmonic)
            }
            let value = Int16(voice * envelope * 5_000)
            for channel in 0..<channels { samples.append(channel == 0 ? value : value / 2) }
        }
        return samples
    }

    /// A gradient with a bright square that moves, 30 pictures a second.
    static func picture(_ index: Int, width: Int = 160, height: Int = 120) -> VideoFrame {
        var frame = VideoFrame(width: width, height: height, luma: 0, timestamp: Int64(index) * 3_000)
        let square = max(8, width / 8)
        let left = (index * 4) % max(1, width - square)
        let top = (index * 2) % max(1, height - square)
        for y in 0..<height {
            for x in 0..<width {
                let isInside = (left..<left + square).contains(x) && (top..<top + square).contains(y)
                frame.data[y * width + x] = isInside ? 220 : UInt8(40 + (x + y) * 100 / (width + height))
            }
        }
        return frame
    }

    /// The sine of a phase in turns, by Bhaskara's approximation: good to 0.2 %, and no import.
    static func sine(_ turns: Double) -> Double {
        let phase = turns - turns.rounded(.down)
        let half = phase < 0.5 ? phase : phase - 0.5
        let product = half * 2 * (1 - half * 2)
        let value = 16 * product / (5 - 4 * product)
        return phase < 0.5 ? value : -value
    }

    private static func triangle(_ turns: Double) -> Double {
        let phase = turns - turns.rounded(.down)
        return phase < 0.5 ? 4 * phase - 1 : 3 - 4 * phase
    }
}

/// Normalised correlation of two signals of the same length.
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

/// Peak signal-to-noise ratio of the luma planes as a plain ratio: 1,000 is 30 dB.
func peakSignalToNoise(_ first: VideoFrame, _ second: VideoFrame) -> Double {
    guard first.width == second.width, first.height == second.height else { return 0 }
    let count = first.width * first.height
    let error = zip(first.data[..<count], second.data[..<count]).reduce(0.0) { sum, pair in
        let difference = Double(pair.0) - Double(pair.1)
        return sum + difference * difference
    }
    return error == 0 ? .infinity : 255 * 255 * Double(count) / error
}
