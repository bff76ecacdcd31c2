/// Discrete Fourier transform of a power-of-two length (Cooley and Tukey 1965), in place, unnormalised.
struct FourierTransform {
    /// Points of the transform.
    let count: Int
    private var cosines: [Double]
    private var sines: [Double]

    /// - Parameter count: A power of two, at least 2.
    init(count: Int) {
        precondition(count >= 2 && count & (count - 1) == 0, "a power of two")
        self.count = count
        cosines = [1]
        sines = [0]
        // Half-angle doubling keeps the twiddle factors exact to a few ulps without a call to sin or cos:
        // from the roots of order n those of order 2n follow by one rotation each.
        var order = 2
        var (stepCosine, stepSine) = (-1.0, 0.0)
        while order < count {
            let halfCosine = order == 2 ? 0 : ((1 + stepCosine) / 2).squareRoot()
            let halfSine = order == 2 ? 1 : stepSine / (2 * halfCosine)
            (stepCosine, stepSine) = (halfCosine, halfSine)
            var nextCosines: [Double] = []
            var nextSines: [Double] = []
            for index in cosines.indices {
                nextCosines += [cosines[index], cosines[index] * halfCosine - sines[index] * halfSine]
                nextSines += [sines[index], sines[index] * halfCosine + cosines[index] * halfSine]
            }
            (cosines, sines) = (nextCosines, nextSines)
            order *= 2
        }
    }

    /// Transforms `real + i·imaginary`; `inverse` takes the conjugate kernel and does not divide.
    func transform(_ real: inout [Double], _ imaginary: inout [Double], inverse: Bool = false) {
        precondition(real.count == count && imaginary.count == count, "as many values as points")
        permute(&real)
        permute(&imaginary)
        let sign = inverse ? 1.0 : -1.0
        var half = 1
        while half < count {
            let stride = count / (2 * half)
            for start in Swift.stride(from: 0, to: count, by: 2 * half) {
                for offset in 0..<half {
                    let (cosine, sine) = (cosines[offset * stride], sign * sines[offset * stride])
                    let (low, high) = (start + offset, start + offset + half)
                    let re = real[high] * cosine - imaginary[high] * sine
                    let im = real[high] * sine + imaginary[high] * cosine
                    (real[high], imaginary[high]) = (real[low] - re, imaginary[low] - im)
                    real[low] += re
                    imaginary[low] += im
                }
            }
            half *= 2
        }
    }

    private func permute(_ values: inout [Double]) {
        var reversed = 0
        for index in 1..<count {
            var bit = count >> 1
            while reversed & bit != 0 {
                reversed ^= bit
                bit >>= 1
            }
            reversed |= bit
            if index < reversed { values.swapAt(index, reversed) }
        }
    }
}
