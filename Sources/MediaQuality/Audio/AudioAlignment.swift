/// Finds how much later a recorded signal is than its reference, and how alike the two are once aligned.
package struct AudioAlignment: Sendable {
    /// Samples by which the recording lags the reference; negative when it leads.
    package var delay: Int
    /// Normalised cross-correlation of the overlap at that delay, −1 to 1.
    package var correlation: Double

    /// Aligns by the maximum of the cross-correlation.
    ///
    /// - Parameters:
    ///   - reference: Mono samples.
    ///   - recording: Mono samples at the same rate.
    ///   - maximumDelay: Delays searched, in samples, either way.
    /// - Returns: `nil` when one of the signals is empty or silent.
    package init?(reference: [Int16], recording: [Int16], maximumDelay: Int) {
        guard !reference.isEmpty, !recording.isEmpty,
            reference.contains(where: { $0 != 0 }), recording.contains(where: { $0 != 0 })
        else { return nil }
        let correlations = Self.crossCorrelation(reference, recording)
        let count = correlations.count
        let reach = min(maximumDelay, count / 2 - 1)
        var best = 0
        for lag in -reach...reach where correlations[(lag + count) % count] > correlations[(best + count) % count] {
            best = lag
        }
        delay = best
        correlation = Self.correlation(
            reference: reference[...],
            recording: recording[...],
            delay: best
        )
    }

    /// Correlation of the part of `recording` that lies `delay` samples after `reference`, −1 to 1.
    ///
    /// Samples of the reference that have no counterpart count as silence in the recording, so what was cut off at
    /// either end lowers the result.
    package static func correlation(
        reference: ArraySlice<Int16>,
        recording: ArraySlice<Int16>,
        delay: Int
    ) -> Double {
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for index in reference.indices {
            let x = Double(reference[index])
            let y = recording.indices.contains(index + delay) ? Double(recording[index + delay]) : 0
            xx += x * x
            yy += y * y
            xy += x * y
        }
        guard xx > 0, yy > 0 else { return 0 }
        return xy / (xx * yy).squareRoot()
    }

    /// Circular cross-correlation by Fourier transform, padded so that it does not wrap.
    private static func crossCorrelation(_ reference: [Int16], _ recording: [Int16]) -> [Double] {
        var count = 2
        while count < reference.count + recording.count { count *= 2 }
        let transform = FourierTransform(count: count)
        // Two real signals in one complex transform: the reference as real part, the recording as imaginary part.
        var real = reference.map(Double.init) + [Double](repeating: 0, count: count - reference.count)
        var imaginary = recording.map(Double.init) + [Double](repeating: 0, count: count - recording.count)
        transform.transform(&real, &imaginary)
        var productReal = [Double](repeating: 0, count: count)
        var productImaginary = productReal
        for index in 0..<count {
            let mirror = (count - index) % count
            let (aRe, aIm) = ((real[index] + real[mirror]) / 2, (imaginary[index] - imaginary[mirror]) / 2)
            let (bRe, bIm) = ((imaginary[index] + imaginary[mirror]) / 2, (real[mirror] - real[index]) / 2)
            productReal[index] = bRe * aRe + bIm * aIm
            productImaginary[index] = bIm * aRe - bRe * aIm
        }
        transform.transform(&productReal, &productImaginary, inverse: true)
        return productReal
    }
}

/// The correlation of a recording with its reference, second by second.
///
/// One figure for a whole call hides a lost second; the worst second does not.
package struct CorrelationProfile: Sendable {
    /// One value per window that holds speech; `start` in samples of the reference.
    package var windows: [(start: Int, correlation: Double)]

    /// The lowest value, or 0 when no window holds speech.
    package var worst: Double { windows.map(\.correlation).min() ?? 0 }

    /// The mean value, or 0 when no window holds speech.
    package var mean: Double {
        windows.isEmpty ? 0 : windows.map(\.correlation).reduce(0, +) / Double(windows.count)
    }

    /// Compares window by window at one delay.
    ///
    /// A window counts when its energy is at least a tenth of the reference's mean: noise alone is not kept
    /// sample by sample by any speech codec.
    package init(reference: [Int16], recording: [Int16], delay: Int, window: Int) {
        windows = []
        guard !reference.isEmpty, window > 0 else { return }
        let mean = reference.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(reference.count)
        for start in stride(from: 0, through: reference.count - window, by: window) {
            let slice = reference[start..<start + window]
            let energy = slice.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(window)
            guard energy > 0, energy >= mean / 10 else { continue }
            let value = AudioAlignment.correlation(reference: slice, recording: recording[...], delay: delay)
            windows.append((start, value))
        }
    }
}
