package import MediaTypes

/// How alike two pictures of one size are, by their luma planes.
package enum PictureSimilarity {
    /// Peak signal-to-noise ratio in decibels, at most 99 for identical pictures.
    ///
    /// `nil` when the sizes differ.
    package static func psnr(_ first: VideoFrame, _ second: VideoFrame) -> Double? {
        guard first.width == second.width, first.height == second.height else { return nil }
        let count = first.width * first.height
        var sum: UInt64 = 0
        let (a, b) = (first.data.span, second.data.span)
        for index in 0..<count {
            let difference = Int(a[index]) - Int(b[index])
            sum += UInt64(difference * difference)
        }
        guard sum > 0 else { return 99 }
        return min(99, decibels(255 * 255 * Double(count) / Double(sum)))
    }

    /// Mean structural similarity (Wang et al., IEEE Transactions on Image Processing 13(4), 2004) over 8x8 windows at
    /// a stride of 4, with the constants of that paper; 1 for identical pictures.
    ///
    /// `nil` when the sizes differ or a side is shorter than a window.
    package static func ssim(_ first: VideoFrame, _ second: VideoFrame) -> Double? {
        guard first.width == second.width, first.height == second.height,
            first.width >= window, first.height >= window
        else { return nil }
        let width = first.width
        let (a, b) = (first.data.span, second.data.span)
        var total = 0.0
        var windows = 0
        for top in Swift.stride(from: 0, through: first.height - window, by: stride) {
            for left in Swift.stride(from: 0, through: width - window, by: stride) {
                var sums = WindowSums()
                for y in top..<top + window {
                    let row = y * width
                    for x in row + left..<row + left + window { sums.add(Int(a[x]), Int(b[x])) }
                }
                total += sums.similarity(count: window * window)
                windows += 1
            }
        }
        return total / Double(windows)
    }

    private struct WindowSums {
        private var a = 0
        private var b = 0
        private var aa = 0
        private var bb = 0
        private var ab = 0

        mutating func add(_ x: Int, _ y: Int) {
            a += x
            b += y
            aa += x * x
            bb += y * y
            ab += x * y
        }

        func similarity(count: Int) -> Double {
            let n = Double(count)
            let (meanA, meanB) = (Double(a) / n, Double(b) / n)
            let varianceA = Double(aa) / n - meanA * meanA
            let varianceB = Double(bb) / n - meanB * meanB
            let covariance = Double(ab) / n - meanA * meanB
            return (2 * meanA * meanB + c1) * (2 * covariance + c2)
                / ((meanA * meanA + meanB * meanB + c1) * (varianceA + varianceB + c2))
        }
    }

    private static let window = 8
    private static let stride = 4
    /// (K₁L)² and (K₂L)² with K₁ = 0.01, K₂ = 0.03, L = 255.
    private static let c1 = 6.5025
    private static let c2 = 58.5225
}
